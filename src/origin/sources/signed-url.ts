// A URL with a signature, which is made anew every few minutes.

/** So long one signature is used: a seed that is asked by many with the same credentials asks the store once for all of them. */
const WINDOW_MS = 300_000
/** Of a signature in a URL, for who cannot sign anew. Milliseconds. */
const SIGNATURE_MS = 3_600_000

export class SignedUrl {
  readonly #sign: (since: Date, lifeMs: number) => string
  readonly #lifeMs: number
  readonly #clock: () => number
  #last: { window: number; url: string } | undefined

  /** `sign`: a URL that is good from `since` on, for so long. `clock`: milliseconds since 1970. */
  constructor(sign: (since: Date, lifeMs: number) => string, lifeMs = SIGNATURE_MS, clock = () => Date.now()) {
    this.#sign = sign
    this.#lifeMs = lifeMs
    this.#clock = clock
  }

  /** Good from now on for the whole life of a signature. */
  readonly now = (): string => {
    const window = Math.floor(this.#clock() / WINDOW_MS)
    if (this.#last?.window === window) return this.#last.url
    const url = this.#sign(new Date(window * WINDOW_MS), this.#lifeMs + WINDOW_MS)
    this.#last = { window, url }
    return url
  }
}
