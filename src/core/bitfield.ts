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

  clone(): Bitfield {
    const copy = new Bitfield(this.#size)
    copy.#words = this.#words.slice()
    copy.#count = this.#count
    return copy
  }

  toBytes(): Uint8Array {
    const bytes = new Uint8Array((this.#size + 7) >>> 3)
    for (const i of this) bytes[i >>> 3] = (bytes[i >>> 3] as number) | (0x80 >>> (i & 7))
    return bytes
  }

  /** Reads `size` pieces; throws a RangeError unless the length fits exactly and the spare bits are zero. */
  static fromBytes(bytes: Uint8Array, size: number): Bitfield {
    if (bytes.byteLength !== (size + 7) >>> 3) throw new RangeError(`${bytes.byteLength} bytes for ${size} pieces`)
    const set = new Bitfield(size)
    for (let i = 0; i < bytes.byteLength * 8; i++) {
      if (((bytes[i >>> 3] as number) & (0x80 >>> (i & 7))) === 0) continue
      if (i >= size) throw new RangeError(`bit ${i} set beyond ${size} pieces`)
      set.add(i)
    }
    return set
  }

  static full(size: number): Bitfield {
    const set = new Bitfield(size)
    for (let i = 0; i < size; i++) set.add(i)
    return set
  }
}
