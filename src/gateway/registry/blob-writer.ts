// Writes the answer to a GET of a blob: whole or one range, with its exact length, from one source after another.
import type { ServerResponse } from 'node:http'
import { type RangeSpec, rangeWithin } from '../../core/range.ts'
import { endToEnd } from '../front/relay.ts'
import type { RegistryAnswer } from './registry-access.ts'
import { headerOf } from './registry-read.ts'

export class BlobWriter {
  readonly #response: ServerResponse
  readonly #headers: Readonly<Record<string, string>>
  readonly #range: RangeSpec | undefined
  /** Next byte to write, counted from the blob's beginning. */
  position = 0
  /** The byte after the last one to write. */
  end = 0
  hasBegun = false
  isOver = false

  /** `headers`: of the whole, besides its length. */
  constructor(response: ServerResponse, headers: Readonly<Record<string, string>>, range: RangeSpec | undefined) {
    this.#response = response
    this.#headers = headers
    this.#range = range
  }

  /** The status and headers of a whole blob of `length` bytes. */
  head(length: number): void {
    this.#response.writeHead(200, { ...this.#headers, 'content-length': length })
  }

  /** Announces the answer. Does nothing when the length is needed and not known. */
  begin(length: number | undefined): void {
    if (length === undefined) return
    const range = this.#range === undefined ? { start: 0, end: length } : rangeWithin(this.#range, length)
    this.hasBegun = true
    if (range === undefined) {
      this.isOver = true
      return void this.#response.writeHead(416, { 'content-range': `bytes */${length}`, 'content-length': 0 }).end()
    }
    this.position = range.start
    this.end = range.end
    if (this.#range === undefined) return this.head(length)
    this.#response.writeHead(206, {
      ...this.#headers,
      'content-range': `bytes ${range.start}-${range.end - 1}/${length}`,
      'content-length': range.end - range.start,
    })
  }

  /** Waits while the reader is slower. Bytes beyond the end are dropped. Rejects when the reader has left. */
  async write(bytes: Uint8Array): Promise<void> {
    const part = bytes.subarray(0, this.end - this.position)
    this.position += part.byteLength
    if (this.#response.destroyed) throw new Error('the reader has left')
    if (!this.#response.write(part)) await drained(this.#response)
    this.ended()
  }

  /** Ends the answer if all of it was written. */
  ended(): void {
    if (!this.hasBegun || this.isOver || this.position < this.end) return
    this.isOver = true
    this.#response.end()
  }

  /** Writes a body that begins `skip` bytes before what is due. Rejects when it breaks off. */
  async drain(body: AsyncIterable<Uint8Array>, skip = 0): Promise<void> {
    let left = skip
    for await (const bytes of body) {
      const over = Math.min(left, bytes.byteLength)
      left -= over
      if (over < bytes.byteLength) await this.write(bytes.subarray(over))
      if (this.isOver) return
    }
    this.ended()
  }

  /** Whether an answer of the registry has the rest. */
  fits({ status, headers }: RegistryAnswer): boolean {
    if (status === 200) return true
    return status === 206 && headerOf(headers, 'content-range')?.startsWith(`bytes ${this.position}-`) === true
  }

  /** Passes the head of the registry's answer on, to go on with its body; false for one that is no blob, or not what was asked for. */
  adopt({ status, headers }: RegistryAnswer): boolean {
    const length = Number(headerOf(headers, 'content-length'))
    const [, start, final] = /^bytes (\d{1,15})-(\d{1,15})\//.exec(headerOf(headers, 'content-range') ?? '') ?? []
    const isPart = status === 206 && start !== undefined && Number(final) + 1 - Number(start) === length
    if (!(status === 200 || isPart) || headerOf(headers, 'content-encoding') !== undefined) return false
    this.position = isPart ? Number(start) : 0
    this.end = this.position + length
    this.hasBegun = true
    this.#response.writeHead(status, endToEnd(headers))
    if (length === 0) this.ended()
    return true
  }
}

async function drained(response: ServerResponse): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const left = () => reject(new Error('the reader has left'))
  response.once('drain', resolve)
  response.once('close', left)
  try {
    await promise
  } finally {
    response.off('drain', resolve)
    response.off('close', left)
  }
}
