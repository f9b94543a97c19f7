// The gate of one origin host: requests wait for their turn, and bodies for their share of the rate.
import { setTimeout as sleep } from 'node:timers/promises'
import { abortError, type DragonflyError } from '../core/errors.ts'
import { NoRoomError, ofHost, parseRetryAfter, statusError } from './failures.ts'
import { type AnswerHeaders, field } from './fields.ts'
import { type HostLimits, HostRules, type Waiter } from './host-rules.ts'
import { TokenBucket } from './token-bucket.ts'

export interface GateSettings extends HostLimits {
  bytesPerSecond: number
}

/** A limited rate is kept on this scale: what comes after a rest at once, and what is handed over at a time. */
const SMOOTH_MS = 100
/** Smaller parts than this cost more than they smooth. */
const MIN_PART_BYTES = 1024
/** What says that a host, not a request, is in trouble. */
const TROUBLE = new Set(['origin-unreachable', 'origin-timeout', 'origin-error'])

interface Asker extends Waiter {
  go(turn: Turn): void
  refuse(error: DragonflyError): void
}

/** A request that wants a turn. */
export interface Entrant extends Waiter {
  /** See OriginRequest. */
  isExtra?: boolean
}

/** One request that may be sent now. What becomes of it has to be told, and its end. */
export class Turn {
  readonly #rules: HostRules<Asker>
  readonly #isTrial: boolean
  readonly #changed: () => void
  #isOver = false

  constructor(rules: HostRules<Asker>, isTrial: boolean, changed: () => void) {
    this.#rules = rules
    this.#isTrial = isTrial
    this.#changed = changed
  }

  answered(status: number, headers: AnswerHeaders, url: URL): void {
    const now = performance.now()
    const isFailure = status >= 500
    if (isFailure || status === 429) {
      const words = ofHost(statusError(status, headers, url.href), url)
      const pause = status === 429 || status === 503 ? parseRetryAfter(field(headers, 'retry-after')) : undefined
      if (pause !== undefined) this.#rules.pause(words, pause, now)
      if (isFailure) this.#rules.failed(words, this.#isTrial, now)
    }
    if (!isFailure) this.#rules.answered()
    this.#changed()
  }

  /** There was no answer, and there is no more to come. `failure` undefined: the caller gave up. */
  ended(failure: DragonflyError | undefined, url: URL): void {
    if (failure !== undefined && TROUBLE.has(failure.code)) {
      this.#rules.failed(ofHost(failure, url), this.#isTrial, performance.now())
    } else this.#rules.abandoned(this.#isTrial)
    this.end()
  }

  /** The answer was read to its end, or given up. Safe to call twice. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#rules.ended()
    this.#changed()
  }
}

export class HostGate {
  readonly #rules: HostRules<Asker>
  readonly #bytes: TokenBucket | undefined
  readonly #partBytes: number
  #timer: NodeJS.Timeout | undefined

  constructor(settings: GateSettings) {
    this.#rules = new HostRules(settings)
    const { bytesPerSecond } = settings
    const part = (bytesPerSecond * SMOOTH_MS) / 1000
    this.#bytes = Number.isFinite(bytesPerSecond) ? new TokenBucket(bytesPerSecond, part) : undefined
    this.#partBytes = Math.max(MIN_PART_BYTES, Math.floor(part))
  }

  /** Whether it can be forgotten without anybody noticing. */
  get isAtRest(): boolean {
    const now = performance.now()
    return this.#rules.isAtRest(now) && this.#bytes?.isFull(now) !== false
  }

  get isInUse(): boolean {
    return this.#rules.isInUse
  }

  /**
   * Waits for a turn, in the order of asking. Rejects with the abort; with the host's own words when it is left alone, or
   * asked for a pause longer than `patienceMs`; with `origin-error` when too many are waiting, or, if the request `isExtra`,
   * when it would take a turn from another.
   */
  async enter({ patienceMs, isOwn = false, isExtra = false }: Entrant, signal: AbortSignal): Promise<Turn> {
    if (signal.aborted) throw abortError(signal)
    const turn = Promise.withResolvers<Turn>()
    const asker: Asker = { patienceMs, isOwn, go: turn.resolve, refuse: turn.reject }
    const onAbort = (): void => {
      this.#rules.leave(asker)
      turn.reject(abortError(signal))
      this.#decide()
    }
    if (isExtra && !this.#rules.hasRoom(asker, performance.now())) throw new NoRoomError()
    this.#rules.join(asker)
    signal.addEventListener('abort', onAbort, { once: true })
    this.#decide()
    try {
      return await turn.promise
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  /** The same bytes, no faster than the host's rate: what is not taken is not read from the connection. Throws the abort. */
  async *paced(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += this.#partBytes) {
        const part = chunk.subarray(at, at + this.#partBytes)
        const ms = this.#bytes?.take(part.length, performance.now()) ?? 0
        // a timer has whole milliseconds; what is less is made up for by the next wait
        if (ms >= 1) await sleep(ms, undefined, { signal }).catch(() => Promise.reject(abortError(signal)))
        yield part
      }
    }
  }

  get isPaced(): boolean {
    return this.#bytes !== undefined
  }

  #decide(): void {
    clearTimeout(this.#timer)
    const now = performance.now()
    for (;;) {
      const decision = this.#rules.next(now)
      if (decision.type === 'refuse') decision.waiter.refuse(decision.error)
      else if (decision.type === 'go') decision.waiter.go(new Turn(this.#rules, decision.isTrial, () => this.#decide()))
      else {
        if (decision.until !== undefined) this.#timer = setTimeout(() => this.#decide(), Math.ceil(decision.until - now))
        return
      }
    }
  }
}
