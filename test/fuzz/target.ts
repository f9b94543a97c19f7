// What a decoder is to the fuzzer, and how its examples are made.
import fc from 'fast-check'

export interface Target {
  name: string
  examples: readonly Uint8Array[]
  /** Throws DragonflyError for what it does not take, or rejects with it, and with nothing else. */
  feed(bytes: Uint8Array): unknown
}

/** Drawn once: the same every time. */
export function drawn<T>(arbitrary: fc.Arbitrary<T>, encode: (value: T) => Uint8Array): Uint8Array[] {
  return fc.sample(arbitrary, { numRuns: 60, seed: 1 }).map(encode)
}

export function text(name: string, examples: readonly string[], parse: (text: string) => unknown): Target {
  return {
    name,
    examples: examples.map(example => Buffer.from(example)),
    // header fields are latin1, everything else is UTF-8: both are tried
    feed: bytes => void parse(Buffer.from(bytes).toString(bytes.byteLength % 2 === 0 ? 'utf8' : 'latin1')),
  }
}
