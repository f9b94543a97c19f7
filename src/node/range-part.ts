// The bytes of one range as they are given out: where they lie, how far we are, and their digest.
import { createHash } from 'node:crypto'
import { DragonflyError } from '../core/errors.ts'
import type { Manifest } from '../core/manifest.ts'
import { type ByteRange, type RangeSpec, rangeWithin, unsatisfiable } from '../core/range.ts'

export class RangePart {
  readonly spec: RangeSpec
  /** Bytes that were given out. */
  delivered = 0
  /** Bytes of the whole content; undefined while nobody knows. */
  length: number | undefined
  /** As who gave the first byte says; undefined: nobody has. */
  fileName: string | undefined
  #start: number | undefined
  #end: number | undefined
  readonly #hash = createHash('sha256')

  constructor(spec: RangeSpec) {
    this.spec = spec
  }

  /** Where the next byte lies; undefined while the place of the range is not known. */
  get at(): number | undefined {
    return this.#start === undefined ? undefined : this.#start + this.delivered
  }

  get end(): number | undefined {
    return this.#end
  }

  /** How many bytes the range has; undefined while that is not known. */
  get size(): number | undefined {
    return this.#start === undefined || this.#end === undefined ? undefined : this.#end - this.#start
  }

  get isDone(): boolean {
    return this.size !== undefined && this.delivered >= this.size
  }

  /** Bytes of the content that came; only once it is done. */
  get range(): ByteRange {
    if (this.#start === undefined || this.#end === undefined) throw new DragonflyError('internal', 'the range has no place')
    return { start: this.#start, end: this.#end }
  }

  /** Throws `range-unsatisfiable` once the manifest tells that there are no such bytes. */
  placeIn({ length, info }: Manifest): void {
    this.fileName ??= info.fileName
    if (length !== undefined) return this.#placeWithin(length)
    if ('last' in this.spec) return
    this.#start = this.spec.start
    this.#end = this.spec.end
  }

  /** As the origin says. While nothing was given out it may show another version than a manifest did. */
  place(start: number, end: number | undefined, length: number | undefined): void {
    if (this.delivered === 0) this.#start = start
    this.#end = end
    this.length = length
  }

  /** The next bytes; returns them. */
  give(bytes: Uint8Array): Uint8Array {
    this.delivered += bytes.byteLength
    this.#hash.update(bytes)
    return bytes
  }

  /** sha2-256 of what was given out, hex. Once, at the end. */
  digest(): string {
    return this.#hash.digest('hex')
  }

  #placeWithin(length: number): void {
    const within = rangeWithin(this.spec, length)
    if (within === undefined) throw unsatisfiable(this.spec, length)
    this.length = length
    this.#start = within.start
    this.#end = within.end
  }
}
