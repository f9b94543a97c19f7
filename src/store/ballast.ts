// A spare file to delete on a full disk, where even a lock file cannot be written.
import { randomBytes } from 'node:crypto'
import { rm, stat, writeFile } from 'node:fs/promises'

/** Bytes; some blocks of any filesystem. Random, so that none keeps them as a hole or smaller. */
const BALLAST = 64 * 1024

export class Ballast {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** Makes it unless it is there. A disk too full for it has to do without. */
  async lay(): Promise<void> {
    const size = await stat(this.#path).then(
      file => file.size,
      () => 0,
    )
    if (size === BALLAST) return
    await writeFile(this.#path, randomBytes(BALLAST), { mode: 0o600 }).catch(() => this.drop())
  }

  async drop(): Promise<void> {
    await rm(this.#path, { force: true }).catch(() => {})
  }
}
