// Origins that misbehave on purpose: real HTTP servers told per request what to do, and raw sockets for what HTTP forbids.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net'

/** What an origin does for one request. */
export interface Act {
  status?: number
  headers?: Record<string, string>
  body?: Uint8Array | string
  /** Send no Content-Length. */
  chunked?: boolean
  /** Close the connection after so many bytes of the body. */
  cutAfter?: number
  /** Go silent after so many bytes of the body. */
  stallAfter?: number
  /** With `stallAfter`: goes on with the rest once this resolves. Default never. */
  until?: Promise<unknown>
  /** Close the connection without an answer. */
  hangUp?: boolean
  /** Never answer. */
  silent?: boolean
}

export type Script = (request: IncomingMessage, nth: number) => Act

export interface HostileOrigin {
  url: string
  /** In order of arrival. */
  requests: IncomingMessage[]
  /** How many connections were made. */
  connections: number
  /** Resolves when no connection is open. */
  idle(): Promise<void>
  stop(): Promise<void>
}

const running = new Set<{ stop(): Promise<void> }>()

/** Stops every villain of the test that has just ended. */
export async function stopHostileOrigins(): Promise<void> {
  await Promise.all([...running].map(hostileOrigin => hostileOrigin.stop()))
}

export async function hostileOrigin(script: Script, host = '127.0.0.1'): Promise<HostileOrigin> {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    perform(script(request, requests.length), response)
  })
  return listen(server, requests, host)
}

/** Goes silent after so many bytes of the body, and on with the rest when told. */
export async function pausing(act: Act, stallAfter: number): Promise<{ url: string; goOn: () => void }> {
  const { promise: until, resolve: goOn } = Promise.withResolvers<void>()
  const { url } = await hostileOrigin(() => ({ ...act, stallAfter, until }))
  return { url, goOn }
}

/** Writes `text` to whoever has sent a request, byte for byte, then closes or keeps the connection. */
export async function rawVillain(text: string | Uint8Array, then: 'close' | 'keep' = 'close'): Promise<HostileOrigin> {
  const server = createTcpServer(socket => {
    socket.on('error', () => {})
    socket.on('data', () => (then === 'close' ? socket.end(text) : socket.write(text)))
  })
  return listen(server, [], '127.0.0.1')
}

/** Accepts connections and never says a word. */
export async function muteVillain(): Promise<HostileOrigin> {
  return listen(
    createTcpServer(socket => socket.on('error', () => {}).resume()),
    [],
    '127.0.0.1',
  )
}

/** A port where nobody listens. */
export async function deadUrl(): Promise<string> {
  const gone = await muteVillain()
  await gone.stop()
  return gone.url
}

export interface Honesty {
  etag?: string
  lastModified?: string
  /** Whether ranges are understood. Default true. */
  ranges?: boolean
}

/** What a good origin does: ranges, If-Range, If-None-Match, If-Modified-Since. */
export function honest(request: IncomingMessage, content: Uint8Array, { etag, lastModified, ranges = true }: Honesty): Act {
  const headers: Record<string, string> = {
    ...(etag === undefined ? {} : { etag }),
    ...(lastModified === undefined ? {} : { 'last-modified': lastModified }),
    ...(ranges ? { 'accept-ranges': 'bytes' } : {}),
  }
  const known = request.headers['if-none-match'] ?? request.headers['if-modified-since']
  if (known !== undefined && (known === etag || known === lastModified)) return { status: 304, headers }
  const ifRange = request.headers['if-range']
  const matches = ifRange === undefined || ifRange === etag || ifRange === lastModified
  const asked = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? '')
  if (!ranges || asked === null || !matches) return { status: 200, headers, body: content }
  const start = asked[1] === '' ? Math.max(0, content.length - Number(asked[2])) : Number(asked[1])
  if (start >= content.length) {
    return { status: 416, headers: { ...headers, 'content-range': `bytes */${content.length}` }, body: 'no such range' }
  }
  const end = asked[1] === '' || asked[2] === '' ? content.length : Math.min(Number(asked[2]) + 1, content.length)
  const contentRange = `bytes ${start}-${end - 1}/${content.length}`
  return { status: 206, headers: { ...headers, 'content-range': contentRange }, body: content.subarray(start, end) }
}

/** Bytes that tell their place, so that a mix-up shows. */
export function content(length: number, version = 0): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = (i ^ (i >> 8) ^ (i >> 16) ^ (version * 0x5b)) & 0xff
  return bytes
}

function perform(act: Act, response: ServerResponse): void {
  const body = Buffer.from(act.body ?? '')
  if (act.hangUp) return void response.destroy()
  if (act.silent) return
  const noBody = act.status === 304 || act.status === 204
  const length = act.chunked || noBody ? {} : { 'content-length': String(body.length) }
  response.writeHead(act.status ?? 200, { ...length, ...act.headers })
  const part = Math.min(act.cutAfter ?? body.length, act.stallAfter ?? body.length)
  if (act.cutAfter !== undefined) {
    response.flushHeaders()
    response.write(body.subarray(0, part), () => response.destroy())
  } else if (act.stallAfter !== undefined) {
    response.flushHeaders()
    response.write(body.subarray(0, part))
    void act.until?.then(() => response.end(body.subarray(part)))
  } else {
    response.end(noBody ? undefined : body)
  }
}

async function listen(server: Server | TcpServer, requests: IncomingMessage[], host: string): Promise<HostileOrigin> {
  const sockets = new Set<Socket>()
  const self = {
    url: '',
    requests,
    connections: 0,
    idle: async () => {
      await Promise.all([...sockets].map(socket => new Promise(resolve => socket.once('close', resolve))))
    },
    stop: async () => {
      running.delete(self)
      for (const socket of sockets) socket.destroy()
      if (server.listening) await new Promise(resolve => server.close(resolve))
    },
  }
  server.on('connection', (socket: Socket) => {
    self.connections++
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>(resolve => server.listen(0, host, resolve))
  self.url = `http://${host}:${(server.address() as AddressInfo).port}/dir/file.bin`
  running.add(self)
  return self
}
