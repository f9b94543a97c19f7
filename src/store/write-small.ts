// Writes all files of a small entry at once, into a folder that then takes its place in one step.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { removeFolder } from './removal.ts'

/** A disk that takes longer for each of a few entries is not waited for in the main thread, ms. One may be late because the processor is busy. */
const QUICK_MS = 5
const FEW = 4
/** After a slow disk was noticed, it is not tried for so long, ms. */
const SLOW_FOR_MS = 10_000

/**
 * Each call that goes to another thread and back costs more than all these calls of the system together: 17 for an entry, 0.2 ms on a local
 * disk. So they are made in the main thread, except on a disk that has just shown to be slow, such as one over a network.
 */
export class SmallWriter {
  readonly #now: () => number
  #slowUntil = -Infinity
  #slowInARow = 0

  /** `now`: milliseconds. */
  constructor(now = () => performance.now()) {
    this.#now = now
  }

  /** Whether the disk is quick enough to be asked in the main thread. */
  get isInPlace(): boolean {
    return this.#now() >= this.#slowUntil
  }

  /** `at` is made, with these files, and becomes `to`. Rejects with the system's error, where `to` is there and not empty too; nothing is left then. */
  async write(at: string, to: string, files: ReadonlyMap<string, Uint8Array | string>): Promise<void> {
    try {
      if (this.isInPlace) this.#timed(() => inPlace(at, to, files))
      else await elsewhere(at, to, files)
    } catch (error) {
      await removeFolder(at)
      throw error
    }
  }

  #timed(write: () => void): void {
    const begun = this.#now()
    try {
      write()
    } finally {
      const end = this.#now()
      this.#slowInARow = end - begun > QUICK_MS ? this.#slowInARow + 1 : 0
      if (this.#slowInARow >= FEW) this.#slowUntil = end + SLOW_FOR_MS
    }
  }
}

function inPlace(at: string, to: string, files: ReadonlyMap<string, Uint8Array | string>): void {
  mkdirSync(at, FOLDER)
  for (const [name, content] of files) writeFileSync(join(at, name), content, FILE)
  renameSync(at, to)
}

async function elsewhere(at: string, to: string, files: ReadonlyMap<string, Uint8Array | string>): Promise<void> {
  await mkdir(at, FOLDER)
  for (const [name, content] of files) await writeFile(join(at, name), content, FILE)
  await rename(at, to)
}

const FOLDER = { mode: 0o700 }
const FILE = { flag: 'wx', mode: 0o600 }
