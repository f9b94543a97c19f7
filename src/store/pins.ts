// Pins protect contents from eviction: one empty file each, below DIR/pins.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fromSystemError } from '../core/errors.ts'
import { checkKey } from './store.ts'

export class Pins {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  async all(): Promise<Set<string>> {
    try {
      return new Set(await readdir(this.#folder))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Set()
      throw fromSystemError(error, 'store-error', `cannot read ${this.#folder}`)
    }
  }

  async add(name: string): Promise<void> {
    checkKey(name)
    try {
      await mkdir(this.#folder, { mode: 0o700 }).catch(error => {
        if (error.code !== 'EEXIST') throw error
      })
      await writeFile(join(this.#folder, name), '', { mode: 0o600 })
    } catch (error) {
      throw fromSystemError(error, 'store-error', `cannot pin ${name}`)
    }
  }

  /** An absent one is fine. */
  async delete(name: string): Promise<void> {
    checkKey(name)
    try {
      await rm(join(this.#folder, name), { force: true })
    } catch (error) {
      throw fromSystemError(error, 'store-error', `cannot unpin ${name}`)
    }
  }
}

/** A content's versions are entries of one name: the part of the key before its first dot. */
export function nameOfKey(key: string): string {
  return key.split('.', 1)[0] ?? key
}
