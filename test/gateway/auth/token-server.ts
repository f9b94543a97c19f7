// A token server for docker-registry's `auth: token`: signs JWTs with a certificate that it makes, and counts what it is asked.
import { execFileSync } from 'node:child_process'
import { randomUUID, sign, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'

export interface TokenRequestSeen {
  method: string
  /** Name and password, a refresh token, or none. */
  shown: string
  scope: string[]
}

const SERVICE = 'lab'

/** Users may pull from every repository; nobody in particular only from `public/…`. */
export class TokenServer {
  readonly seen: TokenRequestSeen[] = []
  /** Seconds. */
  life = 300
  /** Answers that come before the next token: status and Retry-After. */
  readonly busy: Array<{ status: number; retryAfter?: string }> = []
  /** Requests at the same time, the most so far. */
  atOnce = 0
  readonly #users = new Map([['alice', 's3cret']])
  readonly #refresh = 'refresh-of-alice'
  readonly #dir: string
  readonly #server: Server
  #running = 0

  private constructor(dir: string) {
    this.#dir = dir
    this.#server = createServer((request, response) => void this.#answer(request, response))
  }

  static async open(dir: string): Promise<TokenServer> {
    const subject = ['-subj', '/CN=token.lab']
    const files = ['-keyout', path.join(dir, 'token.key'), '-out', path.join(dir, 'token.pem')]
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', ...files, ...subject], {
      stdio: 'ignore',
    })
    const opened = new TokenServer(dir)
    await new Promise<void>(resolve => opened.#server.listen(0, '127.0.0.1', resolve))
    return opened
  }

  /** Part of docker-registry's configuration. */
  get config(): string {
    return `auth:\n  token:\n    realm: ${this.realm}\n    service: ${SERVICE}\n    issuer: lab-issuer\n    rootcertbundle: ${this.#dir}/token.pem\n`
  }

  get realm(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/token`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.atOnce = Math.max(this.atOnce, ++this.#running)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const query = new URL(request.url ?? '', 'http://x').searchParams
    const params = request.method === 'POST' ? new URLSearchParams(Buffer.concat(chunks).toString()) : query
    const user = this.#userOf(request, params)
    const scope = params.getAll('scope').flatMap(text => text.split(' '))
    this.seen.push({ method: request.method ?? '', shown: user.shown, scope })
    // the others of the same moment come too
    setImmediate(() => {
      this.#running--
      const busy = this.busy.shift()
      if (busy !== undefined) {
        return response.writeHead(busy.status, busy.retryAfter === undefined ? {} : { 'retry-after': busy.retryAfter }).end()
      }
      if (user.name === undefined) return response.writeHead(401, { 'content-type': 'application/json' }).end('{"errors":[]}')
      const token = this.#token(user.name, scope)
      // OAuth 2.0 has the other name
      const name = request.method === 'POST' ? 'access_token' : 'token'
      response.writeHead(200, { 'content-type': 'application/json' })
      return response.end(JSON.stringify({ [name]: token, expires_in: this.life }))
    })
  }

  #userOf({ headers }: IncomingMessage, params: URLSearchParams): { name: string | undefined; shown: string } {
    const [, basic] = /^Basic (.*)$/.exec(headers.authorization ?? '') ?? []
    const refresh = params.get('refresh_token')
    if (refresh !== null) return { name: refresh === this.#refresh ? 'alice' : undefined, shown: 'refresh' }
    const form = params.get('username')
    if (basic === undefined && form === null) return { name: '', shown: '' }
    const [name = '', password] =
      basic === undefined ? [form ?? '', params.get('password')] : Buffer.from(basic, 'base64').toString().split(':')
    return { name: this.#users.get(name) === password ? name : undefined, shown: name }
  }

  #token(user: string, scopes: string[]): string {
    const access = scopes.flatMap(scope => {
      const [type = '', name = '', actions = ''] = scope.split(':')
      return user !== '' || name.startsWith('public/') ? [{ type, name, actions: actions.split(',') }] : []
    })
    const now = Math.floor(Date.now() / 1000)
    const certificate = new X509Certificate(readFileSync(path.join(this.#dir, 'token.pem')))
    const header = { typ: 'JWT', alg: 'RS256', x5c: [certificate.raw.toString('base64')] }
    const claims = {
      iss: 'lab-issuer',
      sub: user,
      aud: SERVICE,
      exp: now + 3600,
      nbf: now - 60,
      iat: now,
      jti: randomUUID(),
      access,
    }
    const signed = [header, claims].map(part => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
    const signature = sign('sha256', Buffer.from(signed), readFileSync(path.join(this.#dir, 'token.key')))
    return `${signed}.${signature.toString('base64url')}`
  }
}
