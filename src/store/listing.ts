// The names in a folder that others write to as well, read again only when it has changed.
import { readdir, stat } from 'node:fs/promises'

/** The time of a folder may stand still for so long though it changes: a tick of the kernel, or of the file system. Milliseconds. */
const TICK_MS = 100

export interface FolderNames {
  all: readonly string[]
  /** By what is before their first dot; those without one are left out. */
  byName: ReadonlyMap<string, readonly string[]>
}

export class FolderListing {
  readonly #path: string
  #names: FolderNames = { all: [], byName: new Map() }
  #mtimeNs = -1n
  /** When that time was seen first, and when the names were read last. `performance.now()`. */
  #seenAt = 0
  #readAt = 0

  constructor(path: string) {
    this.#path = path
  }

  /** Of the folders in it. Rejects with the error of the system. */
  async folders(): Promise<FolderNames> {
    const at = performance.now()
    const { mtimeNs } = await stat(this.#path, { bigint: true })
    if (mtimeNs !== this.#mtimeNs) this.#seenAt = at
    else if (this.#readAt - this.#seenAt > TICK_MS) return this.#names
    const found = await readdir(this.#path, { withFileTypes: true })
    const all = found.filter(item => item.isDirectory()).map(item => item.name)
    this.#names = { all, byName: byName(all) }
    this.#mtimeNs = mtimeNs
    this.#readAt = at
    return this.#names
  }
}

function byName(all: readonly string[]): Map<string, string[]> {
  const names = new Map<string, string[]>()
  for (const key of all) {
    const dot = key.indexOf('.')
    if (dot === -1) continue
    const name = key.slice(0, dot)
    const keys = names.get(name)
    if (keys === undefined) names.set(name, [key])
    else keys.push(key)
  }
  return names
}
