// Bytes that are nearly what a decoder expects: examples that were cut, spliced, flipped, and given extreme lengths.

/** A small generator of random numbers (xorshift32, Marsaglia 2003): the same seed gives the same inputs. */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = (seed * 2_654_435_761) >>> 0 || 1
  }

  /** 0 to `below` - 1. */
  roll(below: number): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x >>> 0
    return this.#state % below
  }

  of<T>(list: readonly T[]): T {
    return list[this.roll(list.length)] as T
  }
}

/** Longest input, bytes: more is refused before it is decoded, which tests of their own show. */
const MAX_INPUT = 16 * 1024
const EXTREME = [0, 1, 0x0a, 0x0d, 0x22, 0x2d, 0x7f, 0x80, 0xfe, 0xff]
/** Varints at the edges of 7, 14, 28, 32, 53 and 64 bits, and one that never ends. */
const VARINTS = [
  '7f',
  '8001',
  'ffffff7f',
  'ffffffff0f',
  'ffffffffffffff0f',
  'ffffffffffffffffff01',
  'ffffffffffffffffffffffff',
].map(hex => Buffer.from(hex, 'hex'))

/** One of `examples` after one to four changes; now and then nothing but noise. */
export function mutated(examples: readonly Uint8Array[], dice: Dice): Uint8Array {
  if (dice.roll(50) === 0) return Uint8Array.from({ length: dice.roll(200) }, () => dice.roll(256))
  let bytes: Uint8Array = dice.of(examples)
  for (let n = 1 + dice.roll(4); n > 0; n--) bytes = changed(bytes, examples, dice)
  return bytes.subarray(0, MAX_INPUT)
}

function changed(bytes: Uint8Array, examples: readonly Uint8Array[], dice: Dice): Uint8Array {
  const at = dice.roll(bytes.byteLength + 1)
  const to = at + dice.roll(Math.min(64, bytes.byteLength - at + 1))
  switch (dice.roll(7)) {
    case 0:
      return withByte(bytes, at, (bytes[at] ?? 0) ^ (1 << dice.roll(8)))
    case 1:
      return withByte(bytes, at, dice.of(EXTREME))
    case 2:
      return bytes.subarray(0, at)
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(to)])
    case 4:
      return Buffer.concat([bytes.subarray(0, to), bytes.subarray(at)])
    case 5:
      return Buffer.concat([bytes.subarray(0, at), dice.of(VARINTS), bytes.subarray(to)])
    default:
      return Buffer.concat([bytes.subarray(0, at), dice.of(examples).subarray(dice.roll(64))])
  }
}

function withByte(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  if (at < copy.byteLength) copy[at] = value
  return copy
}
