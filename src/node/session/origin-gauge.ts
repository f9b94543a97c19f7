// Measures how fast an origin delivers, by the time spent waiting for it.

/** Bytes are counted by slices of so long, and looked at over so many of these. */
const SLICE_MS = 500
const SLICES = 8

/** What came while we waited for the origin, and while the origin waited for us. Milliseconds. */
interface Slice {
  bytes: number
  waited: number
  busy: number
}

/**
 * A slice that we mostly spent waiting says what the origin gives. In one that we mostly spent on what had come before, the
 * next bytes lay ready in buffers: it says only that the origin gives no less than we took.
 */
export class OriginGauge {
  /** Only whole ones, but for the last. */
  #slices: Slice[] = []
  readonly #limited = emptySlice()
  readonly #unlimited = emptySlice()
  #isDone = false

  /** A chunk came after we had `waited` for it; before that we were `busy` with the one before. */
  came(bytes: number, waited: number, busy: number): void {
    let slice = this.#slices.at(-1)
    if (slice === undefined || slice.waited + slice.busy >= SLICE_MS) {
      if (slice !== undefined) add(this.#totalFor(slice), slice)
      slice = emptySlice()
      this.#slices = [...this.#slices.slice(1 - SLICES), slice]
    }
    add(slice, { bytes, waited, busy })
  }

  /** The read has ended: from now on the mean over all of it counts. */
  ended(): void {
    const last = this.#slices.at(-1)
    if (this.#isDone || last === undefined) return
    this.#isDone = true
    add(this.#totalFor(last), last)
  }

  /** Bytes a second of the last 4 s, or of the whole read once it has ended; undefined before there was half a second of it. */
  get rate(): number | undefined {
    if (this.#isDone) return rateOf(this.#limited, this.#unlimited)
    const [limited, unlimited] = [emptySlice(), emptySlice()]
    for (const slice of this.#slices) {
      if (slice.waited + slice.busy >= SLICE_MS) add(isLimited(slice) ? limited : unlimited, slice)
    }
    return rateOf(limited, unlimited)
  }

  #totalFor(slice: Slice): Slice {
    return isLimited(slice) ? this.#limited : this.#unlimited
  }
}

function emptySlice(): Slice {
  return { bytes: 0, waited: 0, busy: 0 }
}

function add(to: Slice, { bytes, waited, busy }: Slice): void {
  to.bytes += bytes
  to.waited += waited
  to.busy += busy
}

/** Whether the origin was the slower one. */
function isLimited({ waited, busy }: Slice): boolean {
  return waited >= busy
}

function rateOf(limited: Slice, unlimited: Slice): number | undefined {
  const given = limited.bytes === 0 ? 0 : limited.bytes / Math.max(1, limited.waited)
  const taken = unlimited.bytes === 0 ? 0 : unlimited.bytes / Math.max(1, unlimited.waited + unlimited.busy)
  const rate = Math.max(given, taken)
  return rate === 0 ? undefined : 1000 * rate
}
