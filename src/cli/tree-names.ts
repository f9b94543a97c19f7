// Which names of a tree can be files here: each below its folder, and none in the way of another.
import { isFileName } from '../client/index.ts'
import { printable, UsageError } from './errors.ts'

/** What is left of a path of Linux (4,096) for the folder that the tree goes to. */
const MAX_PATH_BYTES = 3072
const MAX_DEPTH = 128
/** Of a name in a message. */
const SHOWN_CHARS = 100

/** As a file system that ignores case compares it. */
export function folded(path: string): string {
  return path.normalize('NFC').toLowerCase()
}

export function shownName(name: string): string {
  return JSON.stringify(printable(name).slice(0, SHOWN_CHARS))
}

/** The names that a tree has so far. */
export class TreeNames {
  readonly #files = new Names()
  readonly #folders = new Names()
  readonly #ignoresCase: () => Promise<boolean>

  /** `ignoresCase`: whether the place takes names that differ by case for one; asked for when there are such. */
  constructor(ignoresCase: () => Promise<boolean>) {
    this.#ignoresCase = ignoresCase
  }

  /** Its path below the folder, with slashes. Rejects with a UsageError for what cannot be written beside the others. */
  async add(names: readonly string[]): Promise<string> {
    const path = names.join('/')
    if (names.length === 0 || !names.every(isFileName)) throw refused(path, 'is none that a file can have here')
    if (names.length > MAX_DEPTH || Buffer.byteLength(path) > MAX_PATH_BYTES) throw refused(path, 'is too long for a file here')
    if (this.#files.has(path)) throw refused(path, 'comes twice')
    const parents = names.slice(1).map((_, i) => names.slice(0, i + 1).join('/'))
    if (this.#folders.has(path) || parents.some(parent => this.#files.has(parent))) throw refused(path, 'is a file and a folder')
    // of two folders that differ by case there is one where case does not count, and both trees are in it
    for (const parent of parents) await this.#refuseClash(parent, path, this.#files)
    await this.#refuseClash(path, path, this.#files)
    await this.#refuseClash(path, path, this.#folders)
    for (const parent of parents) this.#folders.add(parent)
    this.#files.add(path)
    return path
  }

  async #refuseClash(wanted: string, path: string, taken: Names): Promise<void> {
    const other = taken.like(wanted)
    if (other === undefined || other === wanted || !(await this.#ignoresCase())) return
    throw refused(path, `is that of ${shownName(other)} here, where case does not count`)
  }
}

/** Paths, each as it is written: one does not stand for another that differs by case. */
class Names {
  readonly #all = new Set<string>()
  /** Folded → the first that was written so. */
  readonly #first = new Map<string, string>()

  add(path: string): void {
    this.#all.add(path)
    const key = folded(path)
    if (!this.#first.has(key)) this.#first.set(key, path)
  }

  has(path: string): boolean {
    return this.#all.has(path)
  }

  /** One that is the same where case does not count. */
  like(path: string): string | undefined {
    return this.#first.get(folded(path))
  }
}

function refused(path: string, why: string): UsageError {
  return new UsageError(`the name ${shownName(path)} ${why}`, 'it was left out', 'bad-url')
}
