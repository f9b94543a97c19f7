// A real store of S3 (moto) behind a door that checks signatures as Amazon does: moto takes every signed URL for good.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash, createHmac } from 'node:crypto'
import http from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { SignatureV4 } from '@smithy/signature-v4'

export interface ReaderKeys {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
}

/** Whether moto is here; says so loudly when not. */
export function hasMoto(): boolean {
  const isHere = spawnSync('moto_server', ['--help'], { stdio: 'ignore' }).status === 0
  if (!isHere) console.warn("SKIPPED: moto is not installed (pip install 'moto[server]')")
  return isHere
}

class Hash {
  readonly #hash
  constructor(secret?: Uint8Array | string) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret)
  }
  update(data: Uint8Array | string): void {
    this.#hash.update(data)
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
}

/** What it lacks beside Amazon: regions that redirect, policies of users, and expiry by its own clock. */
export class BucketStore {
  readonly url: string
  /** Queries of all requests that were let in. */
  readonly requests: { method: string; path: string; range: string | undefined; isSigned: boolean; bytes: number }[] = []
  /** By access key id; whoever is denied is known, and may read nothing. */
  readonly readers = new Map<string, ReaderKeys & { isDenied?: true }>()
  /** Whether anybody may list; moto itself lets them. */
  hasOpenLists = false
  /** Added to the store's clock, ms. */
  skewMs = 0
  readonly #moto: ChildProcess
  readonly #motoPort: number
  readonly #door: http.Server

  private constructor(moto: ChildProcess, motoPort: number, door: http.Server) {
    this.#moto = moto
    this.#motoPort = motoPort
    this.#door = door
    this.url = `http://127.0.0.1:${(door.address() as AddressInfo).port}`
    door.on('request', (request, response) => void this.#answer(request, response))
  }

  static async start(): Promise<BucketStore> {
    const port = await freePort()
    const moto = spawn('moto_server', ['-H', '127.0.0.1', '-p', String(port)], { stdio: ['ignore', 'ignore', 'pipe'] })
    await new Promise<void>((resolve, reject) => {
      moto.once('exit', () => reject(new Error('moto ended')))
      moto.stderr?.on('data', (text: Buffer) => void (text.includes('Running on') && resolve()))
    })
    const door = http.createServer()
    await new Promise<void>(resolve => door.listen(0, '127.0.0.1', resolve))
    return new BucketStore(moto, port, door)
  }

  async bucket(name: string): Promise<void> {
    await this.put(`/${name}`, '', {})
  }

  /** `headers`: more of the PUT. */
  async object(
    path: string,
    body: Buffer,
    { isPublic = false, hasDigest = true, headers = {} as Record<string, string> } = {},
  ): Promise<void> {
    const digest = createHash('sha256').update(body).digest('base64')
    await this.put(path, body, {
      ...headers,
      ...(hasDigest && { 'x-amz-sdk-checksum-algorithm': 'SHA256', 'x-amz-checksum-sha256': digest }),
      ...(isPublic && { 'x-amz-acl': 'public-read' }),
    })
  }

  /** Payload bytes that were given of one object. */
  bytesOf(path: string): number {
    return this.requests.filter(request => request.path === path).reduce((sum, { bytes }) => sum + bytes, 0)
  }

  async stop(): Promise<void> {
    this.#door.closeAllConnections()
    await new Promise(resolve => this.#door.close(resolve))
    const ended = new Promise(resolve => this.#moto.once('exit', resolve))
    this.#moto.kill('SIGKILL')
    await ended
  }

  async put(path: string, body: Buffer | string, headers: Record<string, string> = {}): Promise<void> {
    const answer = await fetch(`http://127.0.0.1:${this.#motoPort}${path}`, {
      method: 'PUT',
      body: new Uint8Array(Buffer.from(body)),
      // moto believes every signature, and without one lets nobody replace what is private
      headers: { authorization: 'AWS4-HMAC-SHA256 Credential=owner/20260101/us-east-1/s3/aws4_request', ...headers },
    })
    if (!answer.ok) throw new Error(`moto says ${answer.status} to PUT ${path}: ${await answer.text()}`)
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url)
    const isSigned = url.searchParams.has('X-Amz-Signature')
    const isClosed = url.searchParams.has('list-type') && !this.hasOpenLists
    const refusal = isSigned ? await this.#refusal(request, url) : isClosed ? 'AccessDenied' : undefined
    const date = new Date(Date.now() + this.skewMs).toUTCString()
    if (refusal !== undefined) {
      response.writeHead(403, { 'content-type': 'application/xml', date })
      return void response.end(`<?xml version="1.0"?><Error><Code>${refusal}</Code><Message>no</Message></Error>`)
    }
    const { method = 'GET' } = request
    const noted = { method, path: url.pathname, range: request.headers.range, isSigned, bytes: 0 }
    this.requests.push(noted)
    const mode = url.searchParams.get('x-amz-checksum-mode')
    const headers = { ...request.headers, ...(mode !== null && { 'x-amz-checksum-mode': mode }) }
    const passed = http.request({ port: this.#motoPort, host: '127.0.0.1', path: request.url, method, headers }, answer => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.on('data', (chunk: Buffer) => (noted.bytes += (answer.statusCode ?? 500) < 300 ? chunk.length : 0))
      answer.pipe(response)
    })
    passed.on('error', () => response.destroy())
    passed.end()
  }

  /** Signed anew by Amazon's own library: the same must come out. */
  async #refusal(request: http.IncomingMessage, url: URL): Promise<string | undefined> {
    const [id = '', , region = ''] = (url.searchParams.get('X-Amz-Credential') ?? '').split('/')
    const reader = this.readers.get(id)
    if (reader === undefined) return 'InvalidAccessKeyId'
    const given = Object.fromEntries(url.searchParams)
    const date = given['X-Amz-Date'] ?? ''
    const at = Date.parse(date.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'))
    const age = Date.now() + this.skewMs - at
    if (age < -900_000) return 'RequestTimeTooSkewed'
    if (age > Number(given['X-Amz-Expires']) * 1000) return 'AccessDenied'
    const signer = new SignatureV4({ service: 's3', region, credentials: reader, sha256: Hash as never, uriEscapePath: false })
    const query = Object.fromEntries(Object.entries(given).filter(([name]) => !name.startsWith('X-Amz-')))
    const { host = '' } = request.headers
    const headers = { host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }
    const aside = new Set(['x-amz-content-sha256'])
    const signed = await signer.presign(
      { method: request.method ?? 'GET', protocol: 'http:', hostname: host, path: url.pathname, query, headers },
      {
        signingDate: new Date(at),
        expiresIn: Number(given['X-Amz-Expires']),
        unhoistableHeaders: aside,
        unsignableHeaders: aside,
      },
    )
    if (signed.query?.['X-Amz-Signature'] !== given['X-Amz-Signature']) return 'SignatureDoesNotMatch'
    return reader.isDenied ? 'AccessDenied' : undefined
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}
