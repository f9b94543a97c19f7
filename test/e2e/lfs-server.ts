// A server of git-lfs: the batch API with a login, objects behind signed URLs, uploads and their verification.
import { createHash } from 'node:crypto'
import http from 'node:http'
import type { AddressInfo } from 'node:net'

export class LfsServer {
  /** By oid. */
  readonly objects = new Map<string, Buffer>()
  /** What is given in place of the object. */
  readonly wrong = new Map<string, Buffer>()
  readonly requests: { method: string; path: string; agent: string; bytes: number }[] = []
  readonly #server = http.createServer((request, response) => void this.#answer(request, response))
  /** `user:password` that it asks for. */
  login: string | undefined
  #signatures = 0

  static async start(): Promise<LfsServer> {
    const server = new LfsServer()
    await new Promise<void>(resolve => server.#server.listen(0, '127.0.0.1', resolve))
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get sent(): number {
    return this.requests.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url)
    const noted = { method: request.method ?? '', path: url.pathname, agent: request.headers['user-agent'] ?? '', bytes: 0 }
    this.requests.push(noted)
    const parts: Buffer[] = []
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part)
    const body = Buffer.concat(parts)
    const json = (value: unknown, status = 200) =>
      void response.writeHead(status, { 'content-type': 'application/vnd.git-lfs+json' }).end(JSON.stringify(value))
    if (url.pathname.endsWith('/objects/batch')) {
      const expected = this.login === undefined ? undefined : `Basic ${Buffer.from(this.login).toString('base64')}`
      if (expected !== undefined && request.headers.authorization !== expected) {
        response.setHeader('lfs-authenticate', 'Basic realm="lfs"')
        return json({ message: 'who are you' }, 401)
      }
      return json(this.#batch(JSON.parse(body.toString()) as Batch))
    }
    if (url.pathname.endsWith('/locks/verify')) return json({ ours: [], theirs: [] })
    const oid = url.pathname.split('/').at(-1) ?? ''
    if (request.method === 'PUT') {
      if (createHash('sha256').update(body).digest('hex') !== oid) return json({ message: 'other bytes' }, 422)
      this.objects.set(oid, body)
      return json({})
    }
    const object = this.wrong.get(oid) ?? this.objects.get(oid)
    if (object === undefined || !url.searchParams.has('signature') || request.headers['x-object-token'] !== 'good')
      return json({ message: 'no' }, 403)
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? []
    const part = from === undefined ? object : object.subarray(Number(from), to ? Number(to) + 1 : undefined)
    const range =
      from === undefined ? {} : { 'content-range': `bytes ${from}-${Number(from) + part.length - 1}/${object.length}` }
    response.writeHead(from === undefined ? 200 : 206, { etag: `"${oid}"`, 'content-length': part.length, ...range })
    noted.bytes = part.length
    response.end(part)
  }

  /** As real servers: none of them knows another transfer than those of git-lfs. */
  #batch({ operation, objects }: Batch): unknown {
    const action = (oid: string) => ({
      href: `${this.url}/objects/${oid}?signature=${++this.#signatures}`,
      header: { 'X-Object-Token': 'good' },
      expires_in: 3600,
    })
    return {
      transfer: 'basic',
      objects: objects.map(({ oid, size }) => {
        if (operation === 'upload') return { oid, size, actions: this.objects.has(oid) ? {} : { upload: action(oid) } }
        if (!this.objects.has(oid)) return { oid, size, error: { code: 404, message: 'no such object' } }
        return { oid, size, actions: { download: action(oid) } }
      }),
    }
  }
}

interface Batch {
  operation: string
  objects: { oid: string; size: number }[]
}
