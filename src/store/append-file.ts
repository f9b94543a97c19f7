// A file that grows only at its end, one append at a time.
import { constants, type FileHandle, open } from 'node:fs/promises'
import PQueue from 'p-queue'
import { fromSystemError } from '../core/errors.ts'
import { readAt, writeAt } from './positional.ts'

/**
 * The end is our own number, not the file's: after a torn write (disk full) the next append goes over the torn one, so
 * that a reader never meets half of something in the middle.
 */
export class AppendFile {
  readonly #file: FileHandle
  #end: number
  readonly #turns = new PQueue({ concurrency: 1 })

  private constructor(file: FileHandle, end: number) {
    this.#file = file
    this.#end = end
  }

  static async open(path: string): Promise<AppendFile> {
    const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600)
    return new AppendFile(file, (await file.stat()).size)
  }

  /** Bytes. */
  get end(): number {
    return this.#end
  }

  /** `what`, or what it makes when its turn has come. `check` gets the end before anything is written, and may throw. */
  append(what: Uint8Array | (() => Uint8Array), check?: (end: number) => void): Promise<void> {
    return this.#turns.add(async () => {
      const bytes = what instanceof Uint8Array ? what : what()
      check?.(this.#end)
      await writeAt(this.#file, bytes, this.#end)
      this.#end += bytes.byteLength
    })
  }

  /** Reads at most `limit` bytes and lets `parse` say what they mean and where the good ones end; cuts off the rest. */
  scan<T>(limit: number, parse: (bytes: Uint8Array) => { value: T; end: number }): Promise<T> {
    return this.#turns.add(async () => {
      const bytes = new Uint8Array(Math.min(limit, this.#end))
      const { value, end } = parse(bytes.subarray(0, await readAt(this.#file, bytes, 0)))
      if (end < this.#end) await this.#cut(end)
      return value
    })
  }

  async close(): Promise<void> {
    await this.#turns.onIdle()
    await this.#file.close()
  }

  async #cut(end: number): Promise<void> {
    try {
      await this.#file.truncate(end)
    } catch (error) {
      throw fromSystemError(error, 'store-error', 'cannot mend the store')
    }
    this.#end = end
  }
}
