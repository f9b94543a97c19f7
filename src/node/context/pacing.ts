// Holds payload back where the rate of this host is limited: drives `Rates`, and wakes whoever may move bytes.
import { abortError } from '../../core/errors.ts'
import type { PayloadPace } from '../../net/payload-pace.ts'
import type { BodyPace } from '../../origin/options.ts'
import type { Allowance } from '../../swarm/budget.ts'
import { type Direction, partBytes, type RateLimits, Rates, windowPieces } from '../../swarm/rates.ts'
import type { Priority } from '../../swarm/weights.ts'
import { LineMeter } from './line-meter.ts'

/** Milliseconds of a clock that never goes back; as `now` of node-context.ts. */
const now = (): number => performance.now()
/** Whoever waits for long is told of it so often, milliseconds. */
const TELL_MS = 250

/** What one user of a content wants of the rates. */
export interface PaceTerms {
  /** Default `normal`. */
  priority?: Priority | undefined
  /** Bytes a second that may come. Default: no limit of its own. */
  limit?: number | undefined
}

interface Waiter {
  bytes: number
  /** Until when its waiting was told. */
  told: number
  onHeld: ((ms: number) => void) | undefined
  go: (() => void) | undefined
  hasGone: boolean
}

const UNLIMITED: Readonly<Allowance> = { asked: Infinity, uploads: Infinity }
const ORDER: readonly Priority[] = ['low', 'normal', 'high']

/** The rates of one node. */
export class Pacing {
  /** What passed, limited or not. */
  readonly line: Readonly<Record<Direction, LineMeter>> = { down: new LineMeter(), up: new LineMeter() }
  readonly #rates = new Rates<ContentPace>({}, now())
  readonly #contents = new Set<ContentPace>()
  #limits: RateLimits = {}
  #timer: NodeJS.Timeout | undefined
  #timerAt = Infinity

  enter(): ContentPace {
    const content = new ContentPace(this)
    this.#contents.add(content)
    this.#rates.enter(content, {}, now())
    return content
  }

  /** What it waits for passes at once, and nothing is held back any more. */
  leave(content: ContentPace): void {
    this.#contents.delete(content)
    this.#rates.leave(content)
    content.releaseAll(now())
  }

  /** What holds now, bytes a second; from now on. */
  limit(limits: RateLimits): void {
    const { down, up, total } = this.#limits
    if (limits.down === down && limits.up === up && limits.total === total) return
    this.#limits = limits
    this.#rates.limit(limits, now())
    this.#turn(now())
  }

  get limits(): Readonly<RateLimits> {
    return this.#limits
  }

  /** Moves that are held back now. */
  get waiting(): Readonly<Record<Direction, number>> {
    const count = (direction: Direction) => [...this.#contents].reduce((sum, { waiting }) => sum + waiting[direction].length, 0)
    return { down: count('down'), up: count('up') }
  }

  /** Bytes a second that this direction may have at most; Infinity: no limit. */
  most(direction: Direction): number {
    return Math.min(this.#limits[direction] ?? Infinity, this.#limits.total ?? Infinity)
  }

  changed(content: ContentPace): void {
    if (!this.#contents.has(content)) return
    this.#rates.set(content, { priority: content.priority, down: content.limit }, now())
    this.#turn(now())
  }

  /** Asks for one move; true: it may be made at once. */
  ask(content: ContentPace, direction: Direction, waiter: Waiter, at: number): boolean {
    if (!this.#contents.has(content)) return true
    content.waiting[direction].push(waiter)
    this.#rates.ask(content, direction, waiter.bytes, at)
    this.#turn(at)
    return waiter.hasGone
  }

  withdraw(content: ContentPace, direction: Direction, waiter: Waiter): void {
    const at = content.waiting[direction].indexOf(waiter)
    if (at === -1) return
    content.waiting[direction].splice(at, 1)
    this.#rates.withdraw(content, direction, at)
  }

  #turn(at: number): void {
    for (const { content, direction } of this.#rates.take(at)) content.release(direction, at)
    const next = this.#rates.nextAt(at)
    if (next === Infinity) return this.#sleep(Infinity, at)
    this.#sleep(Math.min(next, at + TELL_MS), at)
  }

  /** One timer. A timer has whole milliseconds; what is late is made up for by the next turn. */
  #sleep(until: number, at: number): void {
    if (this.#timer !== undefined && this.#timerAt <= until && until !== Infinity) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#timerAt = until
    if (until === Infinity) return
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined
        const woken = now()
        for (const content of this.#contents) content.tellWaiting(woken)
        this.#turn(woken)
      },
      Math.max(1, until - at),
    )
  }
}

/** One content's part of the rates. */
export class ContentPace implements PayloadPace {
  /** In the order of asking. */
  readonly waiting: Record<Direction, Waiter[]> = { down: [], up: [] }
  readonly #pacing: Pacing
  /** One for each user. */
  readonly #terms: PaceTerms[] = []
  #priority: Priority = 'normal'
  #limit: number | undefined
  #originHeld = 0
  #arrived = 0
  /** Told of the milliseconds for which bytes of the origin waited, several times while that is long. */
  onOriginHeld: (ms: number) => void = () => {}

  constructor(pacing: Pacing) {
    this.#pacing = pacing
  }

  /** The highest of its users. */
  get priority(): Priority {
    return this.#priority
  }

  /** The highest of its users; undefined: one of them has none, or there are no users. */
  get limit(): number | undefined {
    return this.#limit
  }

  /** One more user. */
  join(terms: PaceTerms): void {
    this.#terms.push(terms)
    this.#sumUp()
  }

  /** A user with such terms has gone. */
  leave({ priority, limit }: PaceTerms): void {
    const at = this.#terms.findIndex(terms => terms.priority === priority && terms.limit === limit)
    if (at !== -1) this.#terms.splice(at, 1)
    this.#sumUp()
  }

  /** Nothing of it is moved any more. */
  close(): void {
    this.#pacing.leave(this)
  }

  part(direction: Direction): number {
    const most = this.#most(direction)
    return most === Infinity ? Infinity : partBytes(most)
  }

  /** What is of any use to hold at the rate that it may have, in its pieces. */
  window(pieceLength: number): Allowance {
    const [down, up] = [this.#most('down'), this.#most('up')]
    if (down === Infinity && up === Infinity) return UNLIMITED
    return { asked: windowPieces(down, pieceLength), uploads: windowPieces(up, pieceLength) }
  }

  /** See PayloadPace. Rejects with the abort of `signal`; then they were not moved. */
  pass(direction: Direction, bytes: number, onHeld?: (ms: number) => void, signal?: AbortSignal): Promise<void> | undefined {
    const at = now()
    const waiter: Waiter = { bytes, told: at, onHeld, go: undefined, hasGone: false }
    if (this.#most(direction) === Infinity || this.#pacing.ask(this, direction, waiter, at)) {
      this.#moved(direction, bytes, at)
      return undefined
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const onAbort = () => {
      this.#pacing.withdraw(this, direction, waiter)
      reject(abortError(signal))
    }
    waiter.go = () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }
    if (signal?.aborted === true) onAbort()
    else signal?.addEventListener('abort', onAbort, { once: true })
    return promise
  }

  /** Holds back what is read from an origin; for `OriginRequest.pace`. */
  readonly chunks: BodyPace = (chunks, signal) => this.#paced(chunks, signal)

  async *#paced(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.byteLength; ) {
        const part = chunk.subarray(at, at + this.part('down'))
        const wait = this.pass('down', part.byteLength, this.#heldOrigin, signal)
        if (wait !== undefined) await wait
        yield part
        at += part.byteLength
      }
    }
  }

  /** Payload bytes that came for this content, verified or not. */
  get arrived(): number {
    return this.#arrived
  }

  /** Milliseconds for which bytes of the origin have waited since this was asked last. */
  takeOriginHeld(): number {
    const held = this.#originHeld
    this.#originHeld = 0
    return held
  }

  // ---- for Pacing

  /** The first that waits may go. */
  release(direction: Direction, at: number): void {
    const waiter = this.waiting[direction].shift()
    if (waiter === undefined) return
    waiter.hasGone = true
    // one that goes at once has not waited, and is counted by who asked
    if (waiter.go === undefined) return
    this.#moved(direction, waiter.bytes, at)
    tellHeld(waiter, at)
    waiter.go()
  }

  releaseAll(at: number): void {
    for (const direction of ['down', 'up'] as const) while (this.waiting[direction].length > 0) this.release(direction, at)
  }

  tellWaiting(at: number): void {
    for (const waiter of [...this.waiting.down, ...this.waiting.up]) if (at - waiter.told >= TELL_MS) tellHeld(waiter, at)
  }

  #moved(direction: Direction, bytes: number, at: number): void {
    this.#pacing.line[direction].add(bytes, at)
    if (direction === 'down') this.#arrived += bytes
  }

  readonly #heldOrigin = (ms: number): void => {
    this.#originHeld += ms
    this.onOriginHeld(ms)
  }

  #most(direction: Direction): number {
    const most = this.#pacing.most(direction)
    return direction === 'down' && this.#limit !== undefined ? Math.min(most, this.#limit) : most
  }

  #sumUp(): void {
    const ranks = this.#terms.map(({ priority = 'normal' }) => ORDER.indexOf(priority))
    this.#priority = ORDER[ranks.length === 0 ? 1 : Math.max(...ranks)] as Priority
    const limits = this.#terms.map(({ limit = Infinity }) => limit)
    const highest = limits.length === 0 ? Infinity : Math.max(...limits)
    this.#limit = highest === Infinity ? undefined : highest
    this.#pacing.changed(this)
  }
}

function tellHeld(waiter: Waiter, at: number): void {
  waiter.onHeld?.(at - waiter.told)
  waiter.told = at
}
