// A proxy before a registry that counts what passes, and breaks as a test says.
import http from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Faults {
  /** Every request is answered so. */
  status?: number
  /** The first answers of each blob are cut after so many bytes. */
  cut?: number
  /** How many times. */
  cuts?: number
  /** Blobs are redirected to another address of this proxy that forbids HEAD. */
  redirect?: boolean
  /** Blobs longer than `after` bytes stop there until `until`, while they are sent from their begin. */
  hold?: { after: number; until: Promise<unknown> }
  /** Heads of manifests come without length. */
  noLength?: boolean
}

export interface PassedRequest {
  method: string
  url: string
  status: number
  authorization: string | undefined
  /** The Range that was asked for. */
  range: string | undefined
  /** Of the body, sent so far; counted for blobs that may be held. */
  bytes: number
}

export class FaultProxy {
  faults: Faults = {}
  readonly requests: PassedRequest[] = []
  readonly #upstream: URL
  readonly #server: http.Server
  readonly #cuts = new Map<string, number>()

  private constructor(upstream: string) {
    this.#upstream = new URL(upstream)
    this.#server = http.createServer((request, response) => this.#pass(request, response))
  }

  static async before(upstream: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(upstream)
    await new Promise<void>(resolve => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  blobReads(): number {
    return this.requests.filter(({ method, url, status }) => method === 'GET' && /\/blobs\//.test(url) && status < 300).length
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  #pass(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { method = '', url = '', headers } = request
    const told = (status: number) => {
      const passed = { method, url, status, authorization: headers.authorization, range: headers.range, bytes: 0 }
      this.requests.push(passed)
      return passed
    }
    const answer = (status: number, more: http.OutgoingHttpHeaders = {}) => {
      told(status)
      response.writeHead(status, more).end()
    }
    const { status, cut, cuts = 1, redirect, hold, noLength } = this.faults
    if (status !== undefined) return answer(status)
    const isBlob = /\/blobs\/sha256|\/resolve\//.test(url)
    if (isBlob && redirect === true && !url.startsWith('/storage')) {
      const { port } = this.#server.address() as AddressInfo
      return answer(307, { location: `http://localhost:${port}/storage${url}?signature=${Math.random()}` })
    }
    if (url.startsWith('/storage') && (method !== 'GET' || headers.authorization !== undefined)) return answer(403)
    const path = url.replace(/^\/storage/, '').replace(/\?signature=.*/, '')
    const { hostname, port } = this.#upstream
    const sent = http.request(
      { agent: false, hostname, port, method, path, headers: { ...headers, host: this.#upstream.host } },
      got => {
        const passed = told(got.statusCode ?? 0)
        if (noLength === true && method === 'HEAD') delete got.headers['content-length']
        response.writeHead(got.statusCode ?? 0, got.headers)
        if (isBlob && method === 'GET' && hold !== undefined) return void held(got, response, { ...hold, passed })
        const before = this.#cuts.get(path) ?? 0
        if (!isBlob || method !== 'GET' || cut === undefined || before >= cuts) return void got.pipe(response)
        this.#cuts.set(path, before + 1)
        let bytes = 0
        got.on('data', (part: Buffer) => {
          if (bytes < cut) response.write(part.subarray(0, cut - bytes), () => bytes >= cut && response.destroy())
          bytes += part.length
        })
        got.on('end', () => response.end())
      },
    )
    sent.on('error', () => response.destroy())
    response.once('close', () => sent.destroy())
    request.pipe(sent)
  }
}

async function held(
  got: http.IncomingMessage,
  response: http.ServerResponse,
  { after, until, passed }: { after: number; until: Promise<unknown>; passed: PassedRequest },
): Promise<void> {
  const isFromBegin = passed.status === 200
  try {
    for await (const part of got as AsyncIterable<Buffer>) {
      const free = isFromBegin ? Math.max(0, after - passed.bytes) : part.length
      for (const [index, bytes] of [part.subarray(0, free), part.subarray(free)].entries()) {
        if (bytes.length === 0) continue
        if (index === 1) await until
        if (response.destroyed) return
        passed.bytes += bytes.length
        if (!response.write(bytes)) await drained(response)
      }
    }
    response.end()
  } catch {
    response.destroy()
  }
}

async function drained(response: http.ServerResponse): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  response.once('drain', resolve).once('close', resolve)
  await promise
  response.off('drain', resolve).off('close', resolve)
}
