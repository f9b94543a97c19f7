// Sends token requests: a few at a time to each token server, which is left alone for as long as it asks (Retry-After).
import { setTimeout as delay } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import PQueue from 'p-queue'
import { DragonflyError } from '../../core/errors.ts'
import { parseRetryAfter, requestFailure } from '../failures.ts'
import { USER_AGENT } from '../http-client.ts'
import { pairsOf } from '../raw-headers.ts'
import type { Upstream } from '../upstream.ts'

/** Requests at one token server at a time, and those that wait for their turn. */
const PARALLEL = 4
const MAX_WAITING = 1000
/** One request, ms. */
const TIMEOUT_MS = 20_000
/** Tries of one request, and the longest pause that it waits for, ms. */
const TRIES = 3
const PATIENCE_MS = 30_000
/** The pause when the server names none, ms; it doubles. */
const BACKOFF_MS = 500
/** Longest time for which one answer stops all requests, ms. */
const MAX_PAUSE_MS = 300_000
const MAX_SERVERS = 256
const MAX_ANSWER_BYTES = 64 * 1024
/** A server that moved points to its new place at once. */
const MAX_REDIRECTS = 3
const REDIRECTS = new Set([301, 302, 303, 307, 308])

export interface TokenServerRequest {
  method: 'GET' | 'POST'
  url: URL
  /** Names and values in turn. */
  headers: readonly string[]
  body?: string | Buffer
}

export interface TokenServerAnswer {
  status: number
  headers: readonly string[]
  body: Buffer
}

/** `until`: nobody asks before, in ms of the monotonic clock. */
interface Lane {
  queue: PQueue
  until: number
}

/** Where its requests are counted. */
export interface TokenCounters {
  count(name: 'dragonfly_token_requests_waiting', by?: number): void
  countAt(name: 'dragonfly_token_requests_total', labels: { outcome: 'granted' | 'refused' | 'failed' }): void
}

export class TokenServers {
  readonly #upstream: Upstream
  readonly #counters: TokenCounters | undefined
  readonly #lanes = new LRUCache<string, Lane>({ max: MAX_SERVERS })

  constructor(upstream: Upstream, counters?: TokenCounters) {
    this.#upstream = upstream
    this.#counters = counters
  }

  /** The last answer, whatever its status. Rejects with `origin-…`; ends by clocks of its own. */
  async send(request: TokenServerRequest): Promise<TokenServerAnswer> {
    const lane = this.#laneOf(request.url)
    if (lane.queue.size >= MAX_WAITING) throw busy(request.url, 1000)
    this.#counters?.count('dragonfly_token_requests_waiting')
    return await lane.queue.add(() => {
      this.#counters?.count('dragonfly_token_requests_waiting', -1)
      return this.#try(lane, request)
    })
  }

  async #try(lane: Lane, request: TokenServerRequest): Promise<TokenServerAnswer> {
    for (let tries = 1; ; tries++) {
      const pause = lane.until - performance.now()
      if (pause > PATIENCE_MS) throw busy(request.url, pause)
      if (pause > 0) await delay(pause)
      const answer = await this.#counted(request)
      if (answer.status !== 429 && answer.status !== 503) return answer
      const asked = parseRetryAfter(headerOf(answer.headers, 'retry-after'))
      const wait = Math.min(asked ?? BACKOFF_MS * 2 ** (tries - 1), MAX_PAUSE_MS)
      lane.until = Math.max(lane.until, performance.now() + wait)
      if (tries === TRIES || wait > PATIENCE_MS) return answer
    }
  }

  async #counted(request: TokenServerRequest): Promise<TokenServerAnswer> {
    let outcome: 'granted' | 'refused' | 'failed' = 'failed'
    try {
      const answer = await this.#once(request)
      if (answer.status < 300) outcome = 'granted'
      else if (answer.status >= 400 && answer.status < 500) outcome = 'refused'
      return answer
    } finally {
      this.#counters?.countAt('dragonfly_token_requests_total', { outcome })
    }
  }

  async #once(request: TokenServerRequest): Promise<TokenServerAnswer> {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    let asked = request
    try {
      for (let hop = 0; ; hop++) {
        const answer = await this.#send(asked, signal)
        const next = hop < MAX_REDIRECTS ? redirected(asked, answer) : undefined
        if (next === undefined) return answer
        asked = next
      }
    } catch (error) {
      const { url } = asked
      if (signal.aborted) {
        throw new DragonflyError('origin-timeout', `token server ${url.host} did not answer within ${TIMEOUT_MS / 1000} s`, {
          cause: error,
          retryable: true,
        })
      }
      // its address has no secret, and the query of a request may have one
      throw requestFailure(error, url.origin)
    }
  }

  async #send({ method, url, headers, body }: TokenServerRequest, signal: AbortSignal): Promise<TokenServerAnswer> {
    const named = headerOf(headers, 'user-agent') === undefined ? ['user-agent', USER_AGENT] : []
    const answer = await this.#upstream.send({ method, url, headers: [...headers, ...named], signal, ...(body && { body }) })
    const chunks: Buffer[] = []
    let length = 0
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      length += chunk.length
      // leaving the loop hangs up
      if (length > MAX_ANSWER_BYTES) throw tooLong(url)
      chunks.push(chunk)
    }
    return { status: answer.status, headers: answer.headers, body: Buffer.concat(chunks) }
  }

  #laneOf({ origin }: URL): Lane {
    const known = this.#lanes.get(origin)
    if (known !== undefined) return known
    const lane = { queue: new PQueue({ concurrency: PARALLEL }), until: 0 }
    this.#lanes.set(origin, lane)
    return lane
  }
}

/**
 * Where an answer sends us. Another origin is shown no credential: neither a header nor the body of a POST, which has a refresh token; what
 * was asked securely is not asked in the clear. Undefined: the answer stands as it is.
 */
function redirected(request: TokenServerRequest, { status, headers }: TokenServerAnswer): TokenServerRequest | undefined {
  const location = headerOf(headers, 'location')
  if (!REDIRECTS.has(status) || location === undefined) return undefined
  const url = URL.parse(location, request.url.href)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') return undefined
  if (request.url.protocol === 'https:' && url.protocol !== 'https:') return undefined
  const isElsewhere = url.origin !== request.url.origin
  if (request.method === 'POST' && (isElsewhere || status < 307)) return undefined
  const kept = pairsOf(request.headers).filter(([name]) => !isElsewhere || !CREDENTIALS.has(name.toLowerCase()))
  return { ...request, url, headers: kept.flat() }
}

const CREDENTIALS = new Set(['authorization', 'cookie'])

/** The first value of a header of raw ones. */
export function headerOf(headers: readonly string[], name: string): string | undefined {
  return pairsOf(headers).find(([other]) => other.toLowerCase() === name)?.[1]
}

function busy(url: URL, ms: number): DragonflyError {
  const message = `token server ${url.host} asked to wait another ${Math.ceil(ms / 1000)} s`
  return new DragonflyError('origin-error', message, { retryable: true, retryAfter: Math.ceil(ms), status: 429 })
}

function tooLong(url: URL): DragonflyError {
  return new DragonflyError('origin-error', `token server ${url.host} answered with more than ${MAX_ANSWER_BYTES} bytes`)
}
