// Lets engines ask for their tokens through the gateway, so that identical requests cost the token server one.
//
//   const relay = new TokenRelay(servers, tokens)
//   headers = relay.redirected(headers, registry, guest.request)   // of a 401 that goes to an engine
//   if (relay.isAsked(guest.request)) return await relay.handle(guest)
//
// The realm of the registry's challenge becomes `/_dragonfly/token?realm=…&registry=…&signature=…` of this gateway; service and scope stay.
// The signature is of this process, so nothing is asked that no registry has named: the gateway is no open relay. Requests share an
// answer only if method, parameters, Authorization and body are the same. Nothing of them is logged or kept but fingerprints.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { DragonflyError } from '../../core/errors.ts'
import { pairsOf } from '../../origin/raw-headers.ts'
import { bearerOf, challengesOf } from '../../origin/registries/challenge.ts'
import { SharedAnswers } from '../../origin/registries/shared-answers.ts'
import type { TokenServerAnswer, TokenServers } from '../../origin/registries/token-servers.ts'
import { type Tokens, tokenOf } from '../../origin/registries/tokens.ts'
import { type Guest, isSameHost } from '../front/guest.ts'

export const TOKEN_PATH = '/_dragonfly/token'
const MAX_ANSWERS = 4096
/** Query and form of a token request, bytes. */
const MAX_QUERY = 8192
const MAX_BODY = 32 * 1024
/** A body has to be here after so long, ms. */
const BODY_TIMEOUT_MS = 10_000
/** How long a refusal is shared, ms: an engine asks again at once. */
const REFUSAL_LIFE_MS = 2000
/** Ours. */
const OWN = new Set(['realm', 'registry', 'signature'])
/** A request with no other parameter than these shows no credential. */
const ANONYMOUS = new Set(['service', 'scope', 'client_id'])
const FORWARDED = new Set(['authorization', 'content-type', 'user-agent', 'accept'])
const RETURNED = new Set(['content-type', 'retry-after', 'www-authenticate'])

export class TokenRelay {
  readonly #servers: TokenServers
  readonly #tokens: Tokens
  readonly #answers = new SharedAnswers<TokenServerAnswer>(MAX_ANSWERS)
  readonly #key = randomBytes(32)

  constructor(servers: TokenServers, tokens: Tokens) {
    this.#servers = servers
    this.#tokens = tokens
  }

  /**
   * Raw headers of a 401, its Bearer challenge pointing here. As they were when there is none, or when the engine may be on another
   * host and the registry's token server is asked over https: what the engine shows must not cross a network in the clear.
   */
  redirected(headers: readonly string[], registry: URL, request: IncomingMessage): readonly string[] {
    const challenge = bearerOf(challengesOf(headers), registry)
    const gateway = gatewayOf(request)
    if (challenge === undefined || gateway === undefined) return headers
    if (challenge.realm.protocol === 'https:' && !isSameHost(request)) return headers
    const url = new URL(TOKEN_PATH, gateway)
    const { realm } = challenge
    url.searchParams.set('realm', realm.href)
    url.searchParams.set('registry', registry.origin)
    url.searchParams.set('signature', this.#sign(realm.href, registry.origin))
    const { service, scope } = challenge
    const params = [`realm="${url.href}"`, ...quoted('service', service), ...quoted('scope', scope)]
    const others = pairsOf(headers).filter(([name]) => name.toLowerCase() !== 'www-authenticate')
    return [...others.flat(), 'WWW-Authenticate', `Bearer ${params.join(',')}`]
  }

  isAsked({ url = '' }: IncomingMessage): boolean {
    return url === TOKEN_PATH || url.startsWith(`${TOKEN_PATH}?`)
  }

  /** Never rejects once the status was sent. */
  async handle({ request, response, gone }: Guest): Promise<void> {
    const { method } = request
    if (method !== 'GET' && method !== 'POST') return void response.writeHead(405, { allow: 'GET, POST' }).end()
    if ((request.url?.length ?? 0) > MAX_QUERY) return void response.writeHead(414).end()
    const { searchParams } = new URL(request.url ?? '', 'http://gateway')
    const place = this.#placeOf(searchParams)
    if (place === undefined) {
      response.writeHead(403, { 'content-type': 'text/plain' })
      return void response.end('this gateway has not seen such a token server: ask the registry again\n')
    }
    const body = method === 'POST' ? await bodyOf(request, gone) : undefined
    if (body === 'too long') return void response.writeHead(413, { connection: 'close' }).end()
    try {
      const { status, headers, body: answer } = await this.#ask({ ...place, method, request, searchParams, body }, gone)
      const returned = pairsOf(headers).filter(([name]) => RETURNED.has(name.toLowerCase()))
      const own = ['content-length', String(answer.length), 'cache-control', 'no-store']
      response.writeHead(status, [...returned.flat(), ...own]).end(answer)
    } catch (error) {
      if (gone.aborted) return
      const { status, headers, text } = failureAnswer(error)
      response.writeHead(status, headers).end(text)
    }
  }

  async #ask(asked: Asked, gone: AbortSignal): Promise<TokenServerAnswer> {
    const { realm, registry, method, request, searchParams, body } = asked
    const url = new URL(realm)
    for (const [name, value] of searchParams) if (!OWN.has(name)) url.searchParams.append(name, value)
    const headers = pairsOf(request.rawHeaders).filter(([name]) => FORWARDED.has(name.toLowerCase()))
    const { authorization = '', 'content-type': type = '' } = request.headers
    const key = this.#tokens.fingerprint(method, registry.origin, url.href, authorization, type, body?.toString('latin1') ?? '')
    const isAnonymous = method === 'GET' && authorization === '' && hasOnly(searchParams, ANONYMOUS)
    return await this.#answers.get(
      key,
      async () => {
        const askedAt = performance.now()
        const answer = await this.#servers.send({ method, url, headers: headers.flat(), ...(body && { body }) })
        const lifeMs = lifeOf(answer, realm) - (performance.now() - askedAt)
        if (isAnonymous && answer.status === 200 && lifeMs > 0) this.#noteTokens(registry, answer, lifeMs)
        return { value: answer, lifeMs }
      },
      gone,
    )
  }

  /** Both names that a token may have: the engine takes either. */
  #noteTokens(registry: URL, { body }: TokenServerAnswer, lifeMs: number): void {
    const { token, access_token: other } = JSON.parse(body.toString('utf8')) as Record<string, unknown>
    for (const value of [token, other]) if (typeof value === 'string') this.#tokens.noteAnonymous(registry, value, lifeMs)
  }

  #placeOf(params: URLSearchParams): { realm: URL; registry: URL } | undefined {
    const [realm, registry] = [params.get('realm') ?? '', params.get('registry') ?? '']
    const expected = Buffer.from(this.#sign(realm, registry))
    const given = Buffer.from(params.get('signature') ?? '')
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined
    return { realm: new URL(realm), registry: new URL(registry) }
  }

  #sign(realm: string, registry: string): string {
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([realm, registry]))
      .digest('base64url')
  }
}

interface Asked {
  realm: URL
  registry: URL
  method: 'GET' | 'POST'
  request: IncomingMessage
  searchParams: URLSearchParams
  body: Buffer | undefined
}

/** Milliseconds for which an answer may be given to others who ask the same. */
function lifeOf(answer: TokenServerAnswer, realm: URL): number {
  if (answer.status === 401 || answer.status === 403) return REFUSAL_LIFE_MS
  try {
    return tokenOf(answer, realm).lifeMs
  } catch {
    return 0
  }
}

function hasOnly(params: URLSearchParams, names: ReadonlySet<string>): boolean {
  return [...params.keys()].every(name => names.has(name) || OWN.has(name))
}

/** As the engine has reached this gateway. */
function gatewayOf(request: IncomingMessage): URL | undefined {
  const { host = '' } = request.headers
  return /^[A-Za-z0-9.:[\]-]{1,255}$/.test(host) ? (URL.parse(`http://${host}/`) ?? undefined) : undefined
}

function quoted(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`${name}="${value.replace(/["\\]/g, '\\$&')}"`]
}

async function bodyOf(request: IncomingMessage, gone: AbortSignal): Promise<Buffer | 'too long'> {
  const stop = AbortSignal.any([gone, AbortSignal.timeout(BODY_TIMEOUT_MS)])
  const end = () => request.destroy()
  stop.addEventListener('abort', end, { once: true })
  try {
    const chunks: Buffer[] = []
    let length = 0
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length > MAX_BODY) return 'too long'
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  } finally {
    stop.removeEventListener('abort', end)
  }
}

function failureAnswer(error: unknown): { status: number; headers: Record<string, string>; text: string } {
  const known = error instanceof DragonflyError ? error : undefined
  const retryAfter = known?.retryAfter === undefined ? {} : { 'retry-after': String(Math.ceil(known.retryAfter / 1000)) }
  const status = known?.status === 429 ? 429 : known?.code === 'origin-timeout' ? 504 : 502
  return { status, headers: { 'content-type': 'text/plain', ...retryAfter }, text: `${known?.message ?? 'failed'}\n` }
}
