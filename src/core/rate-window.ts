// The rate of what comes, over the last seconds. No clock of its own.

/** Milliseconds that a rate is the mean of. */
const WINDOW_MS = 3000
/** On a line so slow that nothing comes in that time. */
const SLOW_WINDOW_MS = 10_000

interface Sample {
  at: number
  bytes: number
}

export class RateWindow {
  readonly #samples: Sample[]

  /** From this moment on, when so many bytes were there. Milliseconds of a clock that never goes back. */
  constructor(at: number, bytes: number) {
    this.#samples = [{ at, bytes }]
  }

  /** Bytes a second now that `bytes` are there. */
  add(at: number, bytes: number): number {
    const samples = this.#samples
    samples.push({ at, bytes })
    while (samples.length > 2 && at - (samples[1] as Sample).at >= SLOW_WINDOW_MS) samples.shift()
    const recent = samples.findLast(sample => at - sample.at >= WINDOW_MS) ?? (samples[0] as Sample)
    const since = recent.bytes < bytes ? recent : (samples[0] as Sample)
    return at === since.at ? 0 : ((bytes - since.bytes) * 1000) / (at - since.at)
  }
}
