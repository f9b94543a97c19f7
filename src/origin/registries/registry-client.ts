// Asks a registry for something, with the engine's own Authorization or with one that the gateway gets for itself.
//
//   const client = new RegistryClient(upstream, { tokens, credentials })
//   const { status, headers, body, authorization, anonymous, failure } = await client.request({ registry, method, path, headers, scope, signal })
//
// - `authorization` given (an engine's): passed on as it is, and a 401 is the engine's to answer. Only a name and password go where the
//   registry wants them, as the engine itself would have done: to the registry once that has asked for Basic, else to its token server.
// - not given: with what the registry asked for the last time; at a 401 with a token or Basic, by the configured credentials, else
//   anonymously; then repeated once. A 401 that stays is given back with the registry's own headers and body, and `failure`
//   says why there was no token.
// - `anonymous`: nothing was shown that not anybody could show. What is read that way is public.
// Redirects are not followed, bodies of requests are not sent, and the caller has to read or destroy `body`.
import { Readable } from 'node:stream'
import { LRUCache } from 'lru-cache'
import { DragonflyError, isAbort } from '../../core/errors.ts'
import { pairsOf } from '../raw-headers.ts'
import type { Upstream } from '../upstream.ts'
import { type BearerChallenge, bearerOf, challengesOf, isBasic } from './challenge.ts'
import type { Credential } from './credential-files.ts'
import type { Credentials } from './credentials.ts'
import { basicAuthorization, loginOf, type Tokens } from './tokens.ts'

export interface RegistryRequest {
  /** Only its origin counts. */
  registry: URL
  method: 'GET' | 'HEAD'
  /** With its query: /v2/… */
  path: string
  /** Names and values in turn. An Authorization among them is left out: see `authorization`. */
  headers: readonly string[]
  /** What access it needs, `repository:team/app:pull`: tells apart tokens and credentials of repositories. */
  scope?: string
  /** Of the engine. */
  authorization?: string
  /** Told of the milliseconds for which a token was waited for. */
  onToken?: ((ms: number) => void) | undefined
  signal: AbortSignal
}

export interface RegistryAnswer {
  status: number
  /** Names and values in turn. */
  headers: readonly string[]
  body: Readable
  /** What was sent with the request that was answered. */
  authorization: string | undefined
  anonymous: boolean
  /** Why a 401 has stayed, when it was not the registry alone. */
  failure?: DragonflyError
}

export interface RegistryClientOptions {
  tokens: Tokens
  /** Default: nobody's. */
  credentials?: Credentials
}

/** What a registry has asked for. */
type Way = { kind: 'none' } | { kind: 'basic' } | { kind: 'bearer'; challenge: BearerChallenge }

/** Who wants to read what. */
type Question = Pick<RegistryRequest, 'registry' | 'scope' | 'authorization' | 'onToken' | 'signal'>

interface Shown {
  authorization: string | undefined
  anonymous: boolean
}

const NOTHING: Shown = { authorization: undefined, anonymous: true }
const MAX_WAYS = 4096
/** A refusal's body, bytes; a longer one is cut. */
const MAX_REFUSAL = 64 * 1024

export class RegistryClient {
  readonly #upstream: Upstream
  readonly #tokens: Tokens
  readonly #credentials: Credentials | undefined
  readonly #ways = new LRUCache<string, Way>({ max: MAX_WAYS })

  constructor(upstream: Upstream, { tokens, credentials }: RegistryClientOptions) {
    this.#upstream = upstream
    this.#tokens = tokens
    this.#credentials = credentials
  }

  /** Rejects with undici's errors or the abort, as `Upstream`. */
  async request(request: RegistryRequest): Promise<RegistryAnswer> {
    const { registry, authorization } = request
    if (authorization !== undefined && loginOf(authorization) === undefined) {
      const anonymous = this.#tokens.isAnonymous(registry, authorization)
      return await this.#send(request, { authorization, anonymous })
    }
    const key = keyOf(request)
    const known = this.#ways.get(key)
    const first = await this.#show(known, request).catch(nothing(request.signal))
    const answer = await this.#send(request, first)
    if (answer.status !== 401) {
      // what is not there may still be guarded
      if (known === undefined && answer.status < 400) this.#ways.set(key, { kind: 'none' })
      return answer
    }
    const way = wayOf(answer.headers, registry)
    const refused = await whole(answer)
    if (way === undefined) return refused
    this.#ways.set(key, way)
    try {
      const shown = await this.#show(way, request, first.authorization)
      if (shown.authorization === undefined || shown.authorization === first.authorization) return refused
      refused.body.destroy()
      return await this.#send(request, shown)
    } catch (error) {
      if (error instanceof DragonflyError && !isAbort(error)) return { ...refused, failure: error }
      throw error
    }
  }

  /**
   * An Authorization that can be used for this scope now, for those who send their own requests. As far as is known from earlier
   * requests; where nothing is, the registry is asked for `path` first. Rejects with `bad-option` or `origin-…` when there is none,
   * with undici's errors, or with the abort.
   */
  async authorization(request: Question & { path?: string }): Promise<Shown> {
    const key = keyOf(request)
    const { path } = request
    if (!this.#ways.has(key) && path !== undefined) {
      const { body } = await this.request({ ...request, path, method: 'HEAD', headers: [] })
      body.on('error', () => {}).destroy()
    }
    return await this.#show(this.#ways.get(key), request)
  }

  /** `refused`: what was no good. */
  async #show(
    way: Way | undefined,
    { registry, scope, authorization, onToken, signal }: Question,
    refused?: string,
  ): Promise<Shown> {
    const login = loginOf(authorization)
    if (way === undefined || way.kind === 'none') return NOTHING
    const credential = login ?? (await this.#credentials?.find(registry, repositoryOf(scope)))
    if (way.kind === 'basic' && authorization !== undefined) return shown(authorization, login)
    if (way.kind === 'basic') return credential?.kind === 'basic' ? shown(basicAuthorization(credential), credential) : NOTHING
    if (credential?.kind === 'registry') return shown(`Bearer ${credential.token}`, credential)
    const question = { registry, challenge: way.challenge, credential }
    const askedAt = performance.now()
    let token = await this.#tokens.get(question, signal).finally(() => onToken?.(performance.now() - askedAt))
    if (`Bearer ${token.value}` === refused) {
      this.#tokens.forget(question, token)
      token = await this.#tokens.get(question, signal)
    }
    return shown(`Bearer ${token.value}`, credential)
  }

  async #send(
    { registry, method, path, headers, signal }: RegistryRequest,
    { authorization, anonymous }: Shown,
  ): Promise<RegistryAnswer> {
    const url = new URL(registry.origin)
    const [pathname = '/', ...query] = path.split('?')
    url.pathname = pathname
    url.search = query.join('?')
    const others = pairsOf(headers).filter(([name]) => !['authorization', 'host'].includes(name.toLowerCase()))
    const sent = [...others.flat(), ...(authorization === undefined ? [] : ['authorization', authorization])]
    const answer = await this.#upstream.send({ method, url, headers: sent, signal })
    return { ...answer, authorization, anonymous }
  }
}

function shown(authorization: string, credential: Credential | undefined): Shown {
  return { authorization, anonymous: credential === undefined }
}

function keyOf({ registry, scope = '' }: Question): string {
  return `${registry.origin} ${scope}`
}

/** The registry will say it again, and then it counts. */
function nothing(signal: AbortSignal): (error: unknown) => Shown {
  return error => {
    if (signal.aborted) throw error
    return NOTHING
  }
}

/** A registry that takes both is asked with a token. */
function wayOf(headers: readonly string[], registry: URL): Way | undefined {
  const challenges = challengesOf(headers)
  const challenge = bearerOf(challenges, registry)
  if (challenge !== undefined) return { kind: 'bearer', challenge }
  return isBasic(challenges) ? { kind: 'basic' } : undefined
}

function repositoryOf(scope: string | undefined): string | undefined {
  return /^repository:([^:]+):/.exec(scope ?? '')?.[1]
}

/** Read to its end, so that it holds no connection while a token is fetched. */
async function whole(answer: RegistryAnswer): Promise<RegistryAnswer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > MAX_REFUSAL) break
    chunks.push(chunk)
  }
  const body = Buffer.concat(chunks)
  // a cut body needs another length; an answer to HEAD keeps the length of what it stands for
  const headers =
    length > MAX_REFUSAL
      ? pairsOf(answer.headers)
          .filter(([name]) => name.toLowerCase() !== 'content-length')
          .flat()
      : answer.headers
  return { ...answer, headers, body: Readable.from(body.length === 0 ? [] : [body], { objectMode: false }) }
}
