// A trial that finds out whether the origin is faster than the swarm.
import type { SwarmPolicy } from './events.ts'
import type { Turns } from './turns.ts'

/** Least number of pieces by which the origin is judged; the first one is left aside, as it had to wait for a connection. */
const TRIAL_PIECES = 4
/** First and longest pause after a trial that gained nothing, in epochs; doubles. */
const PAUSE_EPOCHS = 4
const MAX_PAUSE_EPOCHS = 64

export class OriginTrial {
  readonly #policy: SwarmPolicy
  readonly #turns: Turns
  /** Bytes per millisecond that a reader would get by the seed's word; 0: nobody has said. */
  #share = 0
  #peers = 1
  #isOn = false
  /** Since when the peers have had nothing else for us; undefined: they have. */
  #starvedSince: number | undefined
  /** What came after a first piece, in how much time of reading; `wanted`: pieces by which we judge. */
  #round: { ms: number; bytes: number; pieces: number; wanted: number } | undefined
  #lookedAt = 0
  /** What the swarm gave before the origin took a part of our line. */
  #paceBefore = 0
  #isProven = false
  #pauseEpochs = PAUSE_EPOCHS
  #quietUntil = -Infinity

  constructor(policy: SwarmPolicy, turns: Turns) {
    this.#policy = policy
    this.#turns = turns
  }

  /** What the origin gave to a seed, in bytes per millisecond, and how many peers there are. What is no rate is not taken. */
  told(rate: number, peers: number): void {
    if (!(rate > 0 && rate < Infinity && peers >= 0)) return
    this.#peers = Math.max(1, peers)
    this.#share = rate / Math.min(this.#policy.originReaders, this.#peers)
  }

  /** Whether it was faster when we tried; until then few pieces at a time are asked for. */
  get isProven(): boolean {
    return this.#isProven
  }

  /** A piece came from the origin, which was asked for so many others. */
  received(bytes: number, others: number): void {
    if (!this.#isOn) return
    if (this.#round === undefined) {
      // what is under way may come together with the first, and alone would flatter the origin
      this.#round = { ms: 0, bytes: 0, pieces: 0, wanted: Math.max(TRIAL_PIECES, 2 * others) }
      return
    }
    this.#round.bytes += bytes
    this.#round.pieces++
  }

  /**
   * Whether to read now. `pace`: bytes per millisecond that the swarm gives us, undefined: not known. `isStarved`: whether no
   * peer has anything for us that we did not ask for; else the swarm's lines, ours or a processor may be the limit, and the
   * origin no help.
   */
  isOn(pace: number | undefined, isStarved: () => boolean, now: number): boolean {
    if (this.#round !== undefined && this.#isOn) this.#round.ms += now - this.#lookedAt
    this.#lookedAt = now
    if (pace === undefined || !this.#wants(pace, now)) {
      this.#starvedSince = undefined
      this.#round = undefined
      this.#isOn = false
      return false
    }
    const isOn = this.#gains(pace, now) && this.#isDue(isStarved(), now)
    if (isOn && !this.#isOn && this.#round === undefined) this.#paceBefore = pace
    this.#isOn = isOn
    return isOn
  }

  #wants(pace: number, now: number): boolean {
    const { originGain, originReaders, epochMs } = this.#policy
    if (now < this.#quietUntil || this.#share <= pace * originGain) return false
    return this.#turns.isReader(Math.floor(now / epochMs), originReaders, this.#peers)
  }

  /** What it gives us is the proof: over a line that is full already it is slower than the swarm. */
  #gains(pace: number, now: number): boolean {
    const round = this.#round
    if (round === undefined || round.pieces < round.wanted) return true
    this.#round = undefined
    this.#isProven = round.bytes > this.#policy.originGain * Math.max(pace, this.#paceBefore) * round.ms
    if (!this.#isProven) this.#quietUntil = now + this.#pauseEpochs * this.#policy.epochMs
    this.#pauseEpochs = this.#isProven ? PAUSE_EPOCHS : Math.min(MAX_PAUSE_EPOCHS, 2 * this.#pauseEpochs)
    return this.#isProven
  }

  /** Once it is proven, we read whenever there is nothing else. */
  #isDue(isStarved: boolean, now: number): boolean {
    this.#starvedSince = isStarved ? (this.#starvedSince ?? now) : undefined
    if (this.#starvedSince === undefined) return false
    return this.#isOn || this.#isProven || now - this.#starvedSince >= this.#policy.starvedMs
  }
}
