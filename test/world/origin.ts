// An honest origin over real HTTP, that counts what is asked of it.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hex } from './content.ts'

export interface Got {
  path: string
  headers: IncomingMessage['headers']
  status: number
}

/** One file behind HTTP, as an honest origin shows it: ETag, ranges, 304. It can be held back in the middle, and changed. */
export class TestOrigin {
  body: Buffer
  etag: string | undefined = '"one"'
  /** In every answer. */
  headers: Record<string, string> = {}
  /** Who else is answered 401: by the Authorization header. Default: nobody. */
  readers: Set<string> | undefined
  /** Anything but 200 is answered without a body. */
  status = 200
  /** It tells no length, and has no ranges. */
  isChunked = false
  /** Of every answer. */
  cacheControl: string | undefined
  /** Where everybody is sent instead of being given the file. */
  redirectTo: string | undefined
  /** Requests that have come, answered or not. */
  asked = 0
  readonly gets: Got[] = []
  #held: { after: number; released: PromiseWithResolvers<void> } | undefined
  #muted: PromiseWithResolvers<void> | undefined
  #hangsUp = false
  readonly #server: Server
  #port = 0

  constructor(body: Buffer) {
    this.body = body
    this.#server = createServer((request, response) => void this.#answer(request, response))
  }

  async start(): Promise<this> {
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
    return this
  }

  /** Without a path; stays the same after `stop`. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  get digest(): string {
    return `sha256:${hex(this.body)}`
  }

  /** Whole bodies stop after so many bytes until `release`. */
  hold(after: number): void {
    this.#held = { after, released: Promise.withResolvers() }
  }

  /** Bodies that begin from now on are not held; those that are, until what is returned is called. */
  letPass(): () => void {
    const held = this.#held
    this.#held = undefined
    return () => held?.released.resolve()
  }

  /** Says nothing to anybody from now on until `release`. */
  mute(): void {
    this.#muted = Promise.withResolvers()
  }

  release(): void {
    this.#muted?.resolve()
    this.#muted = undefined
    this.#held?.released.resolve()
    this.#held = undefined
  }

  /** From now on it accepts connections and closes them without a word, those that are open too. */
  hangUp(): void {
    this.#hangsUp = true
    this.#server.closeAllConnections()
  }

  async stop(): Promise<void> {
    this.release()
    if (!this.#server.listening) return
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { headers, url = '' } = request
    this.asked++
    if (this.#hangsUp) return void response.destroy()
    await this.#muted?.promise
    const status = this.#statusFor(headers)
    this.gets.push({ path: url, headers, status })
    if (this.redirectTo !== undefined) return void response.writeHead(status, { location: this.redirectTo }).end()
    if (this.etag !== undefined) response.setHeader('etag', this.etag)
    if (this.cacheControl !== undefined) response.setHeader('cache-control', this.cacheControl)
    response.setHeader('accept-ranges', 'bytes')
    for (const [name, value] of Object.entries(this.headers)) response.setHeader(name, value)
    const { body } = this
    if (status === 416) response.setHeader('content-range', `bytes */${body.length}`)
    if (status !== 200 && status !== 206) return void response.writeHead(status).end()
    const { start, end } = status === 206 ? this.#rangeIn(headers) : { start: 0, end: body.length }
    if (status === 206) response.setHeader('content-range', `bytes ${start}-${end - 1}/${body.length}`)
    if (!this.isChunked) response.setHeader('content-length', end - start)
    response.writeHead(status)
    await this.#send(response, body.subarray(start, end))
  }

  async #send(response: ServerResponse, body: Buffer): Promise<void> {
    const held = this.#held
    // what is no longer than that is not held: a connection would be used again that is not free
    if (held === undefined || body.length <= held.after) return void response.end(body)
    response.write(body.subarray(0, held.after))
    await held.released.promise
    response.end(body.subarray(held.after))
  }

  #statusFor(headers: IncomingMessage['headers']): number {
    if (this.redirectTo !== undefined) return 302
    if (this.status !== 200) return this.status
    if (this.readers?.has(headers.authorization ?? '') === false) return 401
    if (this.etag !== undefined && headers['if-none-match'] === this.etag) return 304
    const isSame = headers['if-range'] === undefined || headers['if-range'] === this.etag
    if (headers.range === undefined || !isSame || this.isChunked) return 200
    const { start, end } = this.#rangeIn(headers)
    return start < end ? 206 : 416
  }

  #rangeIn({ range = '' }: IncomingMessage['headers']): { start: number; end: number } {
    const { length } = this.body
    const [, from = '', to = ''] = this.isChunked ? [] : (/^bytes=(\d*)-(\d*)$/.exec(range) ?? [])
    if (from === '') return { start: to === '' ? 0 : Math.max(0, length - Number(to)), end: length }
    return { start: Number(from), end: to === '' ? length : Math.min(length, Number(to) + 1) }
  }
}
