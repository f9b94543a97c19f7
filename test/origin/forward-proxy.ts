// A forward proxy that does what it is asked: CONNECT, and requests in absolute form; over TLS too.
import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'

export interface ForwardProxyOptions {
  /** `USER:PASSWORD` that it asks for. */
  credentials?: string
  tls?: { cert: string; key: string }
  /** Where names lead, whatever the system says: to this port of 127.0.0.1. */
  port?: number
  /** Refuses every CONNECT and request with this status. */
  status?: number
}

export interface ForwardProxy {
  url: string
  /** `CONNECT HOST:PORT` or `GET URL`, in order of arrival. */
  asked: string[]
  /** Of the requests in absolute form. */
  headers: IncomingMessage['headers'][]
  stop(): Promise<void>
}

export async function forwardProxy(options: ForwardProxyOptions = {}): Promise<ForwardProxy> {
  const asked: string[] = []
  const headers: IncomingMessage['headers'][] = []
  const sockets = new Set<Socket>()
  const refusal = (request: IncomingMessage): number | undefined => {
    const { credentials, status } = options
    const expected = credentials === undefined ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`
    return request.headers['proxy-authorization'] === expected ? status : 407
  }
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    asked.push(`${request.method} ${request.url}`)
    headers.push(request.headers)
    const status = refusal(request)
    if (status !== undefined) return void response.writeHead(status, { 'proxy-authenticate': 'Basic realm=x' }).end('no')
    const url = new URL(request.url ?? '')
    const { 'proxy-authorization': _, ...passed } = request.headers
    const port = options.port ?? url.port
    const onward = send({ host: '127.0.0.1', port, path: url.pathname + url.search, headers: passed }, answer => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.writeHead(502, { 'proxy-status': 'test; error=connection_refused' }).end()).end()
  }
  const onConnect = (request: IncomingMessage, socket: Socket, head: Buffer): void => {
    asked.push(`CONNECT ${request.url}`)
    const status = refusal(request)
    socket.on('error', () => {})
    if (status !== undefined)
      return void socket.end(`HTTP/1.1 ${status} No\r\nProxy-Authenticate: Basic\r\nContent-Length: 2\r\n\r\nno`)
    const port = options.port ?? Number(/:(\d+)$/.exec(request.url ?? '')?.[1])
    const onward = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      onward.write(head)
      onward.pipe(socket).pipe(onward)
    })
    sockets.add(onward)
    onward.on('error', () => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'))
    socket.on('close', () => onward.destroy())
  }
  const server = options.tls === undefined ? createServer(onRequest) : createSecureServer(options.tls, onRequest)
  server.on('connect', onConnect)
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const stop = async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise(resolve => server.close(resolve))
  }
  return { url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`, asked, headers, stop }
}
