// Decides when a listener hears of a new origin rate.

/** Between two tellings, at least. */
const PAUSE_MS = 2000
/** Numbers closer than this are as good as equal. */
const CHANGE = 1.25

export interface OriginNews {
  /** Bytes a second that the origin gives to us. */
  rate: number
  /** Who listens. */
  peers: number
}

export class RateNews {
  #said: (OriginNews & { at: number }) | undefined

  /** What to say at `now` (milliseconds), if anything; it counts as said. `rate` is undefined while it is not known. */
  next(rate: number | undefined, peers: number, now: number): OriginNews | undefined {
    const said = this.#said
    if (rate === undefined) return undefined
    if (said !== undefined) {
      const isNews = isOther(said.rate, rate) || isOther(said.peers, peers)
      if (now - said.at < PAUSE_MS || !isNews) return undefined
    }
    this.#said = { rate, peers, at: now }
    return { rate, peers }
  }
}

function isOther(a: number, b: number): boolean {
  return Math.max(a, b) > CHANGE * Math.min(a, b)
}
