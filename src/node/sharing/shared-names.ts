// The names by which others may ask for folders as they are now.
import { DragonflyError } from '../../core/errors.ts'
import { isShareName } from '../../core/named-share.ts'
import type { TaskRegistry } from '../tasks/task-registry.ts'
import type { FolderVersion } from './folder-versions.ts'

const ALL = new WeakMap<TaskRegistry, SharedNames>()

/** Resolves to the newest version there is. */
type Newest = (signal: AbortSignal) => Promise<FolderVersion>

export class SharedNames {
  readonly #folders = new Map<string, Newest>()

  private constructor() {}

  /** One for each node. */
  static of(registry: TaskRegistry): SharedNames {
    const known = ALL.get(registry) ?? new SharedNames()
    ALL.set(registry, known)
    return known
  }

  /** Throws `bad-option` for a name that is none, or taken. */
  add(name: string, newest: Newest): void {
    if (!isShareName(name))
      throw new DragonflyError('bad-option', `${JSON.stringify(name.slice(0, 100))} cannot be the name of a shared folder`, {
        hint: 'name it with up to 64 letters, digits, dots, dashes and underscores, as in --share models=DIR',
      })
    if (this.#folders.has(name))
      throw new DragonflyError('bad-option', `two shared folders are called ${name}`, {
        hint: 'give one another name, as in --share NAME=DIR',
      })
    this.#folders.set(name, newest)
  }

  remove(name: string): void {
    this.#folders.delete(name)
  }

  /** Rejects with `not-found`, or the abort. */
  async newest(name: string, signal: AbortSignal): Promise<FolderVersion> {
    const newest = this.#folders.get(name)
    if (newest !== undefined) return await newest(signal)
    throw new DragonflyError('not-found', `nothing is shared by the name ${name} here`)
  }
}
