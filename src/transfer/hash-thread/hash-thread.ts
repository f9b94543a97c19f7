// Computes the sha2-256 of a file and of its pieces in another thread, right behind whoever writes it.
import { Worker } from 'node:worker_threads'
import { splitDigests } from '../../core/piece.ts'
import { Control, makeControlMemory } from './control.ts'
import type { HashNews, HashThreadInit } from './worker.ts'

export type HashThreadOptions = Omit<HashThreadInit, 'control'>

export class HashThread {
  /** Threads of this process. */
  static running = 0
  readonly #control: Control
  readonly #worker: Worker
  readonly #whole = Promise.withResolvers<Uint8Array>()
  /** Of pieces that were asked for, or have come. */
  readonly #pieces = new Map<number, PromiseWithResolvers<Uint8Array>>()
  #failure: Error | undefined

  /** The file is read from its beginning, as far as `written` says. */
  constructor(options: HashThreadOptions) {
    const control = makeControlMemory()
    this.#control = new Control(control)
    this.#worker = new Worker(workerFile(), {
      workerData: { ...options, control } satisfies HashThreadInit,
      // it has next to no garbage
      resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16 },
      execArgv: [],
    })
    HashThread.running++
    this.#worker.on('message', (news: HashNews) => this.#hear(news))
    this.#worker.on('error', error => this.#fail(error))
    this.#worker.on('exit', () => {
      HashThread.running--
      this.#fail(new Error('the thread has ended'))
    })
    // after all listeners, as one for messages keeps the process
    this.#worker.unref()
    // it may be asked for later
    this.#whole.promise.catch(() => {})
  }

  /** The first so many bytes of the file are written. */
  written(bytes: number): void {
    this.#control.written(bytes)
  }

  /** The digest of a piece, once: soon after all of it is written. Rejects when the thread has failed or was stopped. */
  async piece(index: number): Promise<Uint8Array> {
    try {
      return await this.#piece(index).promise
    } finally {
      this.#pieces.delete(index)
    }
  }

  /** The digest of what is written: there will be no more. Rejects as `piece`. */
  async whole(): Promise<Uint8Array> {
    this.#control.end()
    this.#worker.ref()
    return await this.#whole.promise
  }

  stop(): void {
    this.#control.stop()
    this.#fail(new Error('the thread was stopped'))
  }

  #hear(news: HashNews): void {
    if ('whole' in news) return this.#whole.resolve(news.whole)
    for (const [i, digest] of splitDigests(news.digests).entries()) this.#piece(news.first + i).resolve(digest)
  }

  #piece(index: number): PromiseWithResolvers<Uint8Array> {
    const known = this.#pieces.get(index)
    if (known !== undefined) return known
    const made = Promise.withResolvers<Uint8Array>()
    // whoever asks later is told, too
    made.promise.catch(() => {})
    if (this.#failure !== undefined) made.reject(this.#failure)
    this.#pieces.set(index, made)
    return made
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#whole.reject(error)
    for (const piece of this.#pieces.values()) piece.reject(error)
  }
}

/** Built, it is one file beside this one. */
function workerFile(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './hash-thread.cjs', import.meta.url)
}
