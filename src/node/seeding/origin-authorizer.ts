// Asks the origin whether a reader's own credentials are accepted, once for all readers with the same ones.
import { createHmac, randomBytes } from 'node:crypto'
import type { DragonflyError } from '../../core/errors.ts'
import { ProofBook } from '../../core/proofs.ts'
import type { Task } from '../../core/task.ts'
import { digestVersion } from '../../core/version.ts'
import { isTrouble } from '../../origin/trouble.ts'
import { type NodeContext, now, type Reader } from '../context/node-context.ts'
import type { NegativeCache } from './negative-cache.ts'

/** Questions to one origin at the same time. Each origin has its own, so that a mute one keeps nobody else waiting. */
export const MAX_LOOKS = 8
/** What the origin showed so long ago is taken for current: a flash crowd is one question. Milliseconds. */
const FRESH_MS = 1000

/** What a reader is known to be shown. */
export interface Shown {
  version: string
  /** Why the origin could not be asked now; undefined: it has just said so, or needs not be asked. */
  trouble?: DragonflyError
}

type Known = Pick<NodeContext, 'origin' | 'access' | 'expire'>

export class OriginAuthorizer {
  readonly #ctx: Known
  readonly #negativeCache: NegativeCache
  readonly #reader: Reader
  readonly #signal: AbortSignal | undefined
  readonly #book = new ProofBook()
  readonly #looks = new Map<string, Promise<Shown>>()
  readonly #queues = new Map<string, Queue>()
  /** So that what is kept here is of no use to who guesses passwords. */
  readonly #key = randomBytes(32)

  /** `negativeCache`: told what the origin denies to whom. `reader`: who asks. `signal` ends all questions. */
  constructor(ctx: Known, negativeCache: NegativeCache, { reader, signal }: { reader: Reader; signal?: AbortSignal }) {
    this.#ctx = ctx
    this.#negativeCache = negativeCache
    this.#reader = reader
    this.#signal = signal
  }

  /**
   * The version that the origin shows to the task's own credentials now. Rejects with what the origin says, and when `isAnew`
   * with its trouble too: then nothing counts that it has said before.
   */
  async current(task: Task, isAnew = false): Promise<Shown> {
    const reader = this.#name(task)
    const { proof } = this.#ctx.access
    const fresh = this.#ctx.expire === 0 ? 0 : Math.min(FRESH_MS, proof)
    const known = isAnew ? undefined : this.#book.current(reader, task.subject, proof, fresh, now())
    if (known !== undefined) return { version: known }
    const shown = await this.#prove(reader, task)
    if (isAnew && shown.trouble !== undefined) throw shown.trouble
    return shown
  }

  /** The version that it has shown to them a few minutes ago at most; undefined: it was not asked, or has refused them. */
  proven(task: Task): string | undefined {
    return this.#book.proven(this.#name(task), this.#ctx.access.proof, now())
  }

  /** The same; asks where that is not known. Rejects as `current`. */
  async recent(task: Task): Promise<string> {
    return this.proven(task) ?? (await this.#prove(this.#name(task), task)).version
  }

  /** What was proven is of no use: the next question goes to the origin. */
  forget(task: Task): void {
    this.#book.forget(this.#name(task))
  }

  async #prove(reader: string, task: Task): Promise<Shown> {
    const running = this.#looks.get(reader)
    if (running !== undefined) return await running
    const look = this.#ask(reader, task).finally(() => this.#looks.delete(reader))
    this.#looks.set(reader, look)
    return await look
  }

  async #ask(reader: string, task: Task): Promise<Shown> {
    try {
      const version = await this.#inTurn(new URL(task.url).origin, () => this.#look(task))
      this.#book.note(reader, task.subject, version, now())
      return { version }
    } catch (error) {
      this.#negativeCache.add(task, error, now())
      const known = this.#book.proven(reader, this.#ctx.access.proof, now())
      if (known !== undefined && isTrouble(error)) return { version: known, trouble: error }
      this.#book.forget(reader)
      throw error
    }
  }

  /** As any read for whom it is: of what may be read for them, and with the patience that its host wants. */
  async #look({ url, headers, digest }: Task): Promise<string> {
    const origin = await this.#ctx.origin(this.#reader)
    const { version } = await origin.look({ url, headers }, this.#signal)
    return digest === undefined ? version : digestVersion(digest)
  }

  async #inTurn<T>(origin: string, work: () => Promise<T>): Promise<T> {
    const queue = this.#queues.get(origin) ?? new Queue()
    this.#queues.set(origin, queue)
    try {
      return await queue.run(work)
    } finally {
      if (queue.isIdle) this.#queues.delete(origin)
    }
  }

  /** Of all that the origin gets to see: whoever sends the same is the same reader. */
  #name({ url, headers }: Task): string {
    const sent = headers.map(header => JSON.stringify(header)).toSorted()
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([url, sent]))
      .digest('base64')
  }
}

/** At most MAX_LOOKS at the same time, in the order in which they came. */
class Queue {
  #running = 0
  readonly #waiting: (() => void)[] = []

  get isIdle(): boolean {
    return this.#running === 0
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= MAX_LOOKS) await new Promise<void>(resolve => this.#waiting.push(resolve))
    else this.#running++
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      // a place is handed on, not given back
      if (next === undefined) this.#running--
      else next()
    }
  }
}
