// Serves the live page: what the node does, as a web page. Loaded only where one was asked for.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { DragonflyError } from '../../core/errors.ts'
import type { Service } from '../../daemon/service.ts'
import { failureOf } from '../api/failure.ts'
import { listenOn } from '../api/http-listener.ts'
import { readToken } from '../api/token.ts'
import { Access } from './access.ts'
import { LiveStream } from './live-stream.ts'
import { type PageFile, readPage } from './page-files.ts'

/** Connections at the same time: each page has one for its updates, and needs another one now and then. */
const MAX_CONNECTIONS = 128
/** A whole request must be here after so long, ms. */
const REQUEST_TIMEOUT = 10_000
const MAX_HEADERS = 16 * 1024
/** Bytes of a request's body: three limits. */
const MAX_BODY = 4096

/**
 * The page has no resource from elsewhere, no script and no style in its text, and turns no text into markup; nobody can frame it.
 */
const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
}

export interface WebOptions {
  /** A name or an address. */
  host: string
  /** 0: any free one. */
  port: number
  /** Home folder, which has the token. */
  home: string
}

/** The live page, being served. */
export interface Web {
  /** Of the page. */
  readonly url: string
  /** What changes need, and looking, too, where other hosts can connect. */
  readonly token: string
  /** Hangs up. Safe to call twice. */
  close(): Promise<void>
}

/** Rejects with `listen-failed`, or `store-error` when there is no token. */
export async function serveWeb(service: Service, { host, port, home }: WebOptions): Promise<Web> {
  const [token, files] = await Promise.all([readToken(home), readPage()])
  const stream = new LiveStream(service)
  const server = createServer({ maxHeaderSize: MAX_HEADERS, requestTimeout: REQUEST_TIMEOUT })
  server.maxConnections = MAX_CONNECTIONS
  const listener = await listenOn(server, { host, port }, 'the live page')
  const access = new Access({ listen: host, isLoopback: isLoopback(listener.address), token })
  const site: Site = { service, access, files, stream }
  server.on('request', (request, response) => {
    answer(site, request, response).catch(error => refuse(response, error))
  })
  const close = async () => {
    stream.stop()
    await listener.close()
  }
  return { url: `${listener.origin}/`, token, close }
}

interface Site {
  service: Service
  access: Access
  files: ReadonlyMap<string, PageFile>
  stream: LiveStream
}

async function answer(site: Site, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { access, files, stream, service } = site
  const { method = '', headers } = request
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value)
  if (!access.isForUs(headers)) throw new DragonflyError('peer-refused', 'this is no name of this host')
  const path = (request.url ?? '').replace(/\?.*$/s, '')
  const file = files.get(path)
  if (file !== undefined) {
    if (method !== 'GET' && method !== 'HEAD') return refuseMethod(response)
    response.writeHead(200, { 'content-type': file.type, 'content-length': file.bytes.byteLength })
    return void response.end(method === 'HEAD' ? undefined : file.bytes)
  }
  if (path === '/live') {
    if (method !== 'GET') return refuseMethod(response)
    if (!access.mayLook(headers)) throw noToken()
    if (stream.add(response)) return
    throw new DragonflyError('peer-refused', 'too many pages are open', { retryable: true })
  }
  if (path !== '/limits') throw new DragonflyError('not-found', 'there is no such page')
  if (method !== 'POST') return refuseMethod(response)
  if (!access.mayChange(headers)) throw noToken()
  await service.node.setLimits(await bodyOf(request))
  send(response, 200, await service.node.limits())
}

function noToken(): DragonflyError {
  return new DragonflyError('peer-refused', 'this needs the token, and has to come from the page itself')
}

/** An object in JSON. What it may contain, the node checks. */
async function bodyOf(request: IncomingMessage): Promise<object> {
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? ''))
    throw new DragonflyError('bad-option', 'the body has to be JSON')
  let text = ''
  request.setEncoding('utf8')
  for await (const chunk of request) {
    text += chunk
    if (text.length > MAX_BODY) throw new DragonflyError('bad-option', 'the body is too long')
  }
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body
  } catch {}
  throw new DragonflyError('bad-option', 'the body has to be an object in JSON')
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy()
  const { status, body } = failureOf(error)
  send(response, status, body)
}

function refuseMethod(response: ServerResponse): void {
  send(response, 405, { code: 'bad-option', message: 'not with this method' })
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(body))
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^127\./.test(address)
}
