// The names in a folder that others write to as well, read again only when it has changed.
import { readdir, stat } from 'node:fs/promises'

/** The time of a folder may stand still for so long though it changes: a tick of the kernel, or of the file system. Milliseconds. */
const TICK_MS = 100
/** `recent` may miss for so long what others did, while we change the folder too, ms; longer where reading it takes long. */
const RECENT_MS = 1000
/** Reading a folder again takes no more than one part in so many of the time. */
const READING_SHARE = 50

export interface FolderNames {
  all: ReadonlySet<string>
  /** By what is before their first dot; those without one are left out. */
  byName: ReadonlyMap<string, ReadonlySet<string>>
}

export class FolderListing {
  readonly #path: string
  readonly #read: (path: string) => Promise<string[]>
  #names = new Names([])
  #mtimeNs = -1n
  /** When that time was seen first, and when the names were read last. `performance.now()`. */
  #seenAt = 0
  #readAt = 0
  /** How long that took, ms. */
  #readMs = 0
  /** Readings begun so far, and which of them the names are from. */
  #begun = 0
  #newest = 0
  #isReading = 0
  /** What we did ourselves while somebody is reading, oldest first. */
  #ours: Change[] = []
  /** Whether we did anything since the names were read. */
  #isOurs = false

  /** `read`: names of the folders in a folder. */
  constructor(path: string, read = foldersIn) {
    this.#path = path
    this.#read = read
  }

  /** Of the folders in it. Rejects with the error of the system. */
  async folders(): Promise<FolderNames> {
    const at = performance.now()
    const { mtimeNs } = await stat(this.#path, { bigint: true })
    if (mtimeNs !== this.#mtimeNs) this.#seenAt = at
    else if (this.#readAt - this.#seenAt > TICK_MS) return this.#names
    return await this.#readAgain(at, mtimeNs)
  }

  /**
   * The same, for who is content with what we did ourselves, and with what others did a second ago: each change of ours makes the folder
   * look changed, and reading ten thousand names for each would be most of the work.
   */
  async recent(): Promise<FolderNames> {
    const age = performance.now() - this.#readAt
    if (this.#isOurs && age < Math.max(RECENT_MS, READING_SHARE * this.#readMs)) return this.#names
    return await this.folders()
  }

  /** We have made this folder in it. */
  made(name: string): void {
    this.#change({ name, isThere: true })
  }

  /** We have removed it. */
  removed(name: string): void {
    this.#change({ name, isThere: false })
  }

  #change(change: Change): void {
    this.#names.apply(change)
    this.#isOurs = true
    if (this.#isReading > 0) this.#ours.push(change)
  }

  async #readAgain(at: number, mtimeNs: bigint): Promise<FolderNames> {
    const [number, done] = [++this.#begun, this.#ours.length]
    this.#isReading++
    try {
      const names = new Names(await this.#read(this.#path))
      // somebody who began later has them newer
      if (number < this.#newest) return this.#names
      // these may be in it, or not
      for (const change of this.#ours.slice(done)) names.apply(change)
      this.#names = names
      this.#newest = number
      this.#isOurs = this.#ours.length > done
      this.#mtimeNs = mtimeNs
      this.#readAt = at
      this.#readMs = performance.now() - at
      return names
    } finally {
      this.#isReading--
      if (this.#isReading === 0) this.#ours = []
    }
  }
}

interface Change {
  name: string
  isThere: boolean
}

class Names implements FolderNames {
  readonly all = new Set<string>()
  readonly byName = new Map<string, Set<string>>()

  constructor(all: Iterable<string>) {
    for (const name of all) this.#add(name)
  }

  apply({ name, isThere }: Change): void {
    if (isThere) this.#add(name)
    else this.#delete(name)
  }

  #add(key: string): void {
    this.all.add(key)
    const name = beforeDot(key)
    if (name === undefined) return
    const keys = this.byName.get(name)
    if (keys === undefined) this.byName.set(name, new Set([key]))
    else keys.add(key)
  }

  #delete(key: string): void {
    this.all.delete(key)
    const name = beforeDot(key)
    if (name === undefined) return
    const keys = this.byName.get(name)
    keys?.delete(key)
    if (keys?.size === 0) this.byName.delete(name)
  }
}

function beforeDot(key: string): string | undefined {
  const dot = key.indexOf('.')
  return dot === -1 ? undefined : key.slice(0, dot)
}

async function foldersIn(path: string): Promise<string[]> {
  return (await readdir(path, { withFileTypes: true })).filter(item => item.isDirectory()).map(item => item.name)
}
