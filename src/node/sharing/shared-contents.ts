// The contents that this node shares, each with the number of files and folders that it belongs to.
import PQueue from 'p-queue'
import { DragonflyError } from '../../core/errors.ts'
import { sharedUrl } from '../../core/shared-url.ts'
import { makeTask, type Task } from '../../core/task.ts'
import { digestVersion } from '../../core/version.ts'
import type { Kept } from '../api/shared-content.ts'
import { keepBytes, keepFile, type Measured, measureBytes, measureFile } from '../content/file-manifest.ts'
import { entryKey } from '../content/manifest-records.ts'
import type { NodeContext } from '../context/node-context.ts'
import { ActiveTask } from '../session/active-task.ts'
import { loadFresh, UNCHANGING } from '../sources/cached.ts'
import { sealWhenWhole } from '../sources/ingest.ts'
import type { TaskRegistry } from '../tasks/task-registry.ts'
import { changed, isSame, type Look, lookAt, withFile } from './look.ts'

const ALL = new WeakMap<TaskRegistry, SharedContents>()

export class SharedContents {
  readonly #ctx: NodeContext
  readonly #registry: TaskRegistry
  /** By root: how often it is shared. */
  readonly #users = new Map<string, number>()
  readonly #turns = new PQueue({ concurrency: 1 })

  private constructor(ctx: NodeContext, registry: TaskRegistry) {
    this.#ctx = ctx
    this.#registry = registry
  }

  /** One for each node: who shares a content, and a tree that has it as a pack, count together. */
  static of(ctx: NodeContext, registry: TaskRegistry): SharedContents {
    const known = ALL.get(registry) ?? new SharedContents(ctx, registry)
    ALL.set(registry, known)
    return known
  }

  /** Shares the bytes of a file that looked so before. Rejects as `share` does. */
  async addFile(
    path: string,
    look: Look,
    name: string,
    onRead: (bytes: number) => void,
    signal?: AbortSignal,
  ): Promise<{ measured: Measured; kept: Kept }> {
    const measured = await withFile(path, look, file => measureFile(file, { path, length: Number(look.size) }, onRead, signal))
    const kept = await this.#add(measured.root, task => keepFile(this.#ctx.store, task, path, name, measured))
    if (isSame(look, await lookAt(path))) return { measured, kept }
    await this.drop([measured.root])
    throw changed(path)
  }

  /** Shares bytes that are no file's. */
  async addBytes(bytes: Uint8Array, name: string): Promise<Measured> {
    const measured = measureBytes(bytes)
    await this.#add(measured.root, task => keepBytes(this.#ctx.store, task, bytes, name, measured))
    return measured
  }

  /** Whether the store still has it: what nobody uses may be evicted. */
  async has({ root, sha256 }: Pick<Measured, 'root' | 'sha256'>): Promise<boolean> {
    return await this.#ctx.store.has(entryKey(taskOf(root).id, digestVersion(sha256)))
  }

  /** Undoes as many `add`s. */
  async drop(roots: readonly string[]): Promise<void> {
    for (const root of roots) {
      const left = (this.#users.get(root) ?? 1) - 1
      if (left > 0) {
        this.#users.set(root, left)
        continue
      }
      this.#users.delete(root)
      await this.#registry.withdraw(taskOf(root).id)
    }
  }

  /** One at a time: two files may have the same bytes. */
  async #add(root: string, keep: (task: Task) => Promise<Kept | undefined>): Promise<Kept> {
    return await this.#turns.add(async () => {
      const users = this.#users.get(root) ?? 0
      const kept = users > 0 ? 'stored' : await this.#begin(taskOf(root), keep)
      this.#users.set(root, users + 1)
      return kept
    })
  }

  async #begin(task: Task, keep: (task: Task) => Promise<Kept | undefined>): Promise<Kept> {
    const isOpen = this.#registry.current(task.id) !== undefined
    // an earlier download of it is here, and open
    if (isOpen && !(await this.#registry.forget(task.id))) return 'stored'
    const kept = await this.#keep(task, keep)
    this.#registry.take(await this.#open(task))
    return kept
  }

  async #keep(task: Task, keep: (task: Task) => Promise<Kept | undefined>): Promise<Kept> {
    const there = await loadFresh(this.#ctx.store, task, UNCHANGING)
    if (there !== undefined) {
      await there.entry.close()
      return 'stored'
    }
    const kept = await keep(task)
    if (kept !== undefined) return kept
    throw new DragonflyError('bad-option', 'a store in memory cannot share files', { hint: 'give the node a store on disk' })
  }

  async #open(task: Task): Promise<ActiveTask> {
    const cached = await loadFresh(this.#ctx.store, task, UNCHANGING)
    if (cached === undefined)
      throw new DragonflyError('store-error', 'the store has lost what is shared', { hint: 'share it again' })
    const active = new ActiveTask(this.#ctx, task, undefined)
    active.ranges.add(undefined)
    try {
      await active.adoptCached(cached)
      await sealWhenWhole(active, cached.prefix)
      return active
    } catch (error) {
      active.pace.close()
      await active.close()
      throw error
    }
  }
}

function taskOf(root: string): Task {
  return makeTask({ url: sharedUrl({ root, name: undefined, isTree: false }) })
}
