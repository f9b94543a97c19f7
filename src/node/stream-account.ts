// What a stream tells beside its bytes: what the content is, and the receipt in the end.
import { DragonflyError } from '../core/errors.ts'
import type { StreamHead } from './api/content-head.ts'
import type { ContentStream } from './api/dragonfly-node.ts'
import type { Receipt } from './api/receipt.ts'

export class StreamAccount {
  readonly #receipt = Promise.withResolvers<Receipt>()
  readonly #length = Promise.withResolvers<number | undefined>()
  #isKnown = false
  readonly #head = Promise.withResolvers<StreamHead>()

  constructor() {
    // who does not look at them learns of a failure by the stream itself
    this.#receipt.promise.catch(() => {})
    this.#length.promise.catch(() => {})
    this.#head.promise.catch(() => {})
  }

  get promises(): Pick<ContentStream, 'receipt' | 'length' | 'head'> {
    return { receipt: this.#receipt.promise, length: this.#length.promise, head: this.#head.promise }
  }

  /** The first word counts. */
  known(headOf: () => StreamHead): void {
    if (this.#isKnown) return
    this.#isKnown = true
    const head = headOf()
    this.#head.resolve(head)
    this.#length.resolve(head.length)
  }

  done(receipt: Receipt): void {
    this.#length.resolve(receipt.length ?? receipt.bytes)
    this.#receipt.resolve(receipt)
  }

  failed(error: unknown): void {
    this.#head.reject(error)
    this.#length.reject(error)
    this.#receipt.reject(error)
  }

  /** Nobody reads any more. */
  left(): void {
    this.failed(new DragonflyError('aborted', 'the reader stopped before the end'))
  }
}
