// A set of piece indices, one bit each.

/** Bit order on the wire: piece 0 is the highest bit of byte 0, as in BEP 3. */
export class Bitfield {
  #words: Uint32Array
  #size: number
  #count = 0

  constructor(size = 0) {
    this.#size = size
    this.#words = new Uint32Array((size + 31) >>> 5)
  }

  /** Number of pieces that can be in the set. */
  get size(): number {
    return this.#size
  }

  /** Number of pieces in the set. */
  get count(): number {
    return this.#count
  }

  get isFull(): boolean {
    return this.#count === this.#size
  }

  /** Bit `i` is bit `i & 31` of word `i >>> 5`. For set algebra only: never write to it. */
  get words(): Uint32Array {
    return this.#words
  }

  has(index: number): boolean {
    if (index < 0 || index >= this.#size) return false
    return ((this.#words[index >>> 5] as number) & (1 << (index & 31))) !== 0
  }

  /** Adds a piece; false when it was there already. */
  add(index: number): boolean {
    if (index < 0 || index >= this.#size || !Number.isInteger(index)) throw new RangeError(`piece ${index} of ${this.#size}`)
    const word = index >>> 5
    const bit = 1 << (index & 31)
    const before = this.#words[word] as number
    if ((before & bit) !== 0) return false
    this.#words[word] = before | bit
    this.#count++
    return true
  }

  /** Removes a piece; false when it was not there. */
  delete(index: number): boolean {
    if (!this.has(index)) return false
    const word = index >>> 5
    this.#words[word] = (this.#words[word] as number) & ~(1 << (index & 31))
    this.#count--
    return true
  }

  /** Makes room for more pieces; never shrinks. */
  grow(size: number): void {
    if (size <= this.#size) return
    const needed = (size + 31) >>> 5
    if (needed > this.#words.length) {
      const words = new Uint32Array(Math.max(needed, Math.min(this.#words.length * 2, needed + 1024)))
      words.set(this.#words)
      this.#words = words
    }
    this.#size = size
  }

  /** The first index at or after `from` that is not in the set; `size` when there is none. */
  firstMissing(from = 0): number {
    for (let i = from; i < this.#size; i++) {
      if ((i & 31) === 0) while ((this.#words[i >>> 5] as number) === 0xffffffff && i + 32 <= this.#size) i += 32
      if (i >= this.#size) break
      if (!this.has(i)) return i
    }
    return this.#size
  }

  *[Symbol.iterator](): Generator<number> {
    for (let w = 0; w << 5 < this.#size; w++) {
      let word = this.#words[w] as number
      while (word !== 0) {
        const bit = 31 - Math.clz32(word & -word)
        yield (w << 5) + bit
        word &= word - 1
      }
    }
  }

  /** As the iterator gives them; ten times as fast. */
  toArray(): number[] {
    const pieces = new Array<number>(this.#count)
    let at = 0
    for (let w = 0; at < this.#count; w++) {
      for (let word = this.#words[w] as number; word !== 0; word &= word - 1) {
        pieces[at++] = (w << 5) + 31 - Math.clz32(word & -word)
      }
    }
    return pieces
  }

  clone(): Bitfield {
    const copy = new Bitfield(this.#size)
    copy.#words = this.#words.slice()
    copy.#count = this.#count
    return copy
  }

  /**
   * Adds the pieces of another set that are below `limit`, by the word, and makes room as far as there are any. Returns those
   * that are new.
   */
  addAll(other: Bitfield, limit: number): Bitfield {
    const size = other.#endBelow(Math.min(other.#size, limit))
    this.grow(size)
    const fresh = new Bitfield(size)
    for (let w = 0; w << 5 < size; w++) {
      const here = this.#words[w] as number
      const word = (other.#words[w] as number) & ~here & maskOf(size - (w << 5))
      if (word === 0) continue
      this.#words[w] = here | word
      fresh.#words[w] = word
      fresh.#count += bitCount(word)
    }
    this.#count += fresh.#count
    return fresh
  }

  /** One more than the last piece below `limit`; 0 when there is none. */
  #endBelow(limit: number): number {
    for (let w = ((limit + 31) >>> 5) - 1; w >= 0; w--) {
      const word = (this.#words[w] as number) & maskOf(limit - (w << 5))
      if (word !== 0) return (w << 5) + 32 - Math.clz32(word)
    }
    return 0
  }

  toBytes(): Uint8Array {
    const bytes = new Uint8Array((this.#size + 7) >>> 3)
    for (let i = 0; i < bytes.byteLength; i++) bytes[i] = reversed((this.#words[i >>> 2] as number) >>> ((i & 3) << 3))
    return bytes
  }

  /** Reads `size` pieces; throws a RangeError unless the length fits exactly and the spare bits are zero. */
  static fromBytes(bytes: Uint8Array, size: number): Bitfield {
    if (bytes.byteLength !== (size + 7) >>> 3) throw new RangeError(`${bytes.byteLength} bytes for ${size} pieces`)
    const set = new Bitfield(size)
    for (const [i, byte] of bytes.entries()) {
      if (byte !== 0) set.#words[i >>> 2] = (set.#words[i >>> 2] as number) | (reversed(byte) << ((i & 3) << 3))
    }
    const last = set.#words.length - 1
    if (last >= 0 && ((set.#words[last] as number) & ~maskOf(size - (last << 5))) !== 0) {
      throw new RangeError(`bits set beyond ${size} pieces`)
    }
    for (const word of set.#words) set.#count += bitCount(word)
    return set
  }

  static full(size: number): Bitfield {
    const set = new Bitfield(size)
    for (let w = 0; w < set.#words.length; w++) set.#words[w] = maskOf(size - (w << 5))
    set.#count = size
    return set
  }
}

/** The lowest `bits` bits of a word; all of them when there are more. */
function maskOf(bits: number): number {
  return bits >= 32 ? -1 : bits <= 0 ? 0 : (1 << bits) - 1
}

/** Number of bits that are set in a word (the sideways addition of Hacker's Delight, §5-1). */
function bitCount(word: number): number {
  let n = word - ((word >>> 1) & 0x55555555)
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333)
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

/** The lowest byte with its bits in the other order: on the wire the first piece is the highest bit. */
function reversed(byte: number): number {
  return REVERSED[byte & 0xff] as number
}

const REVERSED = Uint8Array.from({ length: 256 }, (_, byte) => {
  let other = 0
  for (let bit = 0; bit < 8; bit++) if ((byte & (1 << bit)) !== 0) other |= 0x80 >>> bit
  return other
})
