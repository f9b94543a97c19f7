// Decides by how many streams one read of an origin goes on at once: another one stays only where the total has grown by it.

/** Streams of one read, the plain one among them. Browsers open six connections to a host, aria2 one unless it is told. */
export const MAX_STREAMS = 4
/** How long the rate is measured before more streams are tried. Milliseconds. */
export const WATCH_MS = 2000
/** A new stream begins slowly: so much of a trial is not measured. Milliseconds. */
export const SETTLE_MS = 500
/** The measured rest of a trial. Milliseconds. */
export const TRIAL_MS = 1500
/** What takes no longer than this is read by as many streams as there are: a trial that fails costs about a second. Milliseconds. */
export const WORTH_MS = 15_000
/** The same for who reads for many: what a trial reads in vain, up to a second's worth, is read from an origin that is to be read once. */
export const WORTH_TO_MANY_MS = 120_000
/** The same once a trial has succeeded: the next one is like to do so. Milliseconds. */
export const WORTH_MORE_MS = 5000
/** A stream that gives so much is not what the read waits for. Bytes a second. */
export const FAST_BYTES = 8 * 1024 * 1024
/** After a trial without success, or a stream that broke; doubles every time. Milliseconds. */
export const PAUSE_MS = 30_000
/** Of what new streams would bring if they were as fast as the others, they have to bring so much. */
const SHARE = 0.5

/** Times are milliseconds of a clock that never goes back. */
export class RangeStreams {
  /** Streams that have proven to be of use; the first one needs no proof. */
  #kept = 1
  #wanted = 1
  /** Bytes a second before the trial, or as measured last. */
  #rate = 0
  #bytes = 0
  /** Of the time since, how long the origin waited for us. */
  #held = 0
  /** Of the time since, how long our own event loop was busy. */
  #busy = 0
  #since: number
  readonly #worthMs: number
  #pauseUntil = -Infinity
  #pauseMs = PAUSE_MS

  /** `worthMs`: what takes no longer is read by one stream. */
  constructor(now: number, worthMs = WORTH_MS) {
    this.#since = now
    this.#worthMs = worthMs
  }

  /** Streams that stay whatever becomes of a trial. */
  get kept(): number {
    return this.#kept
  }

  /** Of all streams, as measured last. Bytes a second. */
  get rate(): number {
    return this.#rate
  }

  get #isTrying(): boolean {
    return this.#wanted > this.#kept
  }

  /** Bytes came over any of the streams; before that the origin had to wait for us for `held`. */
  came(bytes: number, held: number, now: number): void {
    if (now < this.#since) return
    this.#bytes += bytes
    this.#held += held
  }

  /** Our own event loop was busy for so long, with whatever: a host without time for one stream has none for two. */
  busy(ms: number, now: number): void {
    if (now >= this.#since) this.#busy += ms
  }

  /** How many streams there should be. `left`: bytes that no stream has been asked for. */
  wanted(left: number, now: number): number {
    const passed = now - this.#since
    if (passed < (this.#isTrying ? TRIAL_MS : WATCH_MS)) return this.#wanted
    const rate = (1000 * this.#bytes) / passed
    if (this.#isTrying) this.#judge(rate, now)
    else this.#rate = rate
    const isHeld = Math.max(this.#held, this.#busy) * 2 > passed
    if (!isHeld && this.#isWorthATrial(left, now)) {
      this.#wanted = Math.min(MAX_STREAMS, 2 * this.#kept)
      this.#measureFrom(now + SETTLE_MS)
    } else this.#measureFrom(now)
    return this.#wanted
  }

  /** The origin does not want more streams: there is no other trial. */
  refused(now: number): void {
    this.#pauseUntil = Infinity
    this.#fallBack(now)
  }

  /** A range was not what it should have been: from now on there is one plain stream. */
  lied(now: number): void {
    this.#pauseUntil = Infinity
    this.#kept = this.#wanted = 1
    this.#measureFrom(now)
  }

  /** One of the streams broke, or came too late to be of use. */
  broke(now: number): void {
    this.#pause(now)
    this.#fallBack(now)
  }

  #judge(rate: number, now: number): void {
    const growth = this.#wanted / this.#kept - 1
    if (rate >= this.#rate * (1 + SHARE * growth)) {
      this.#kept = this.#wanted
      this.#rate = rate
      return
    }
    this.#wanted = this.#kept
    this.#pause(now)
  }

  #isWorthATrial(left: number, now: number): boolean {
    if (this.#kept >= MAX_STREAMS || now < this.#pauseUntil || this.#rate === 0) return false
    return (
      this.#rate / this.#kept < FAST_BYTES && (1000 * left) / this.#rate >= (this.#kept === 1 ? this.#worthMs : WORTH_MORE_MS)
    )
  }

  /** Of a trial only what was tried goes; else one stream remains. */
  #fallBack(now: number): void {
    if (!this.#isTrying) this.#kept = 1
    this.#wanted = this.#kept
    this.#measureFrom(now)
  }

  #pause(now: number): void {
    this.#pauseUntil = Math.max(this.#pauseUntil, now + this.#pauseMs)
    this.#pauseMs *= 2
  }

  #measureFrom(now: number): void {
    this.#since = now
    this.#bytes = this.#held = this.#busy = 0
  }
}
