// What a stream tells beside its bytes: how long the content is, and the receipt in the end.
import { DragonflyError } from '../core/errors.ts'
import type { Receipt } from './api/receipt.ts'

export class StreamAccount {
  readonly #receipt = Promise.withResolvers<Receipt>()
  readonly #length = Promise.withResolvers<number | undefined>()

  constructor() {
    // who does not look at them learns of a failure by the stream itself
    this.#receipt.promise.catch(() => {})
    this.#length.promise.catch(() => {})
  }

  get promises(): { receipt: Promise<Receipt>; length: Promise<number | undefined> } {
    return { receipt: this.#receipt.promise, length: this.#length.promise }
  }

  /** The first word counts. */
  known(length: number | undefined): void {
    this.#length.resolve(length)
  }

  done(receipt: Receipt): void {
    this.#length.resolve(receipt.length ?? receipt.bytes)
    this.#receipt.resolve(receipt)
  }

  failed(error: unknown): void {
    this.#length.reject(error)
    this.#receipt.reject(error)
  }

  /** Nobody reads any more. */
  left(): void {
    this.failed(new DragonflyError('aborted', 'the reader stopped before the end'))
  }
}
