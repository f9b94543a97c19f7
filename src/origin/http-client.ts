// Sends one GET and follows its redirects; credentials go only to the host that they were given for.
import { raceSignal } from 'race-signal'
import { Agent, type Dispatcher } from 'undici'
import { abortError, DragonflyError } from '../core/errors.ts'
import { type HeaderList, withoutNeutral } from '../core/headers.ts'
import { withoutSecrets } from '../core/task.ts'
import { wirePath } from '../core/wire-path.ts'
import { HttpAnswer } from './answer.ts'
import { type CachedHeaders, note } from './cached-headers.ts'
import { connectorOf } from './connect.ts'
import { Cookies } from './cookies.ts'
import { requestFailure } from './failures.ts'
import { type AnswerHeaders, field, fieldText } from './fields.ts'
import { Gates } from './gates.ts'
import type { Guard } from './guard.ts'
import { MAX_HEAD_BYTES } from './head.ts'
import type { BodyPace, OriginRequest, OriginSettings } from './options.ts'
import type { Proxies } from './proxies.ts'
import { basic, type HttpProxy } from './proxy.ts'
import { isOfProxy, proxyRefusal, through } from './proxy-failures.ts'
import { SurplusWatch } from './surplus.ts'
import type { Condition } from './validators.ts'

export const MAX_REDIRECTS = 10
const REDIRECTS = new Set([301, 302, 303, 307, 308])
/** Failures that no proxy has a part in. */
const OF_THIS_HOST = new Set<string>(['origin-refused', 'bad-option', 'bad-header'])
export const USER_AGENT = 'dragonfly-p2p'

/**
 * undici brings a redirect interceptor and a RetryAgent. We follow redirects ourselves because theirs keeps the caller's
 * own headers (an API key, say) at another origin, taking away only Authorization and Cookie; and we retry ourselves
 * because theirs has no limit for Retry-After, no count that progress resets, no way to go on at an origin without
 * ranges, and resumes without any ETag.
 */
export class HttpClient {
  readonly #agent: Agent
  readonly #gates: Gates
  readonly #guard: Guard | undefined
  readonly #proxies: Proxies | undefined
  readonly #connectTimeoutMs: number
  readonly #onRequest: () => void
  readonly #forOthers: boolean
  readonly #surplus = new SurplusWatch()

  constructor(settings: OriginSettings) {
    this.#gates = settings.gates ?? new Gates(settings)
    this.#guard = settings.guard
    this.#proxies = settings.proxies
    this.#connectTimeoutMs = settings.connectTimeoutMs
    this.#onRequest = settings.onRequest
    this.#forOthers = settings.forOthers
    this.#agent = new Agent({
      // HTTP/1.1 alone: one connection per answer, so that giving up an answer frees what it holds.
      allowH2: false,
      connections: settings.connections,
      maxHeaderSize: MAX_HEAD_BYTES + 1024,
      headersTimeout: settings.headersTimeoutMs,
      bodyTimeout: settings.idleTimeoutMs,
      connect: this.#surplus.watching(connectorOf(settings, USER_AGENT)),
    })
  }

  /**
   * The first answer that is no redirect, whatever its status. Each hop waits for its turn at its host, through a pause that
   * the host asked for if that is not longer than `patienceMs`. Rejects with `origin-…` or the abort.
   */
  async get(
    request: OriginRequest,
    conditions: readonly Condition[],
    patienceMs: number,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    let place = startOf(request.url)
    let given = this.#forOthers ? withoutNeutral(request.headers) : request.headers
    let cachedHeaders: CachedHeaders | undefined
    const cookies = new Cookies()
    for (let hop = 0; ; hop++) {
      const headers = [...withDefaults(cookies.added(given, place.url)), ...place.credentials, ...conditions]
      const { pace, isExtra } = request
      const answer = await this.#once(place, headers, { patienceMs, signal, before: cachedHeaders, pace, isExtra })
      cachedHeaders = answer.cachedHeaders
      if (!REDIRECTS.has(answer.status) || request.staysHere === true) return answer
      answer.discard()
      cookies.take(answer.headers, place.url)
      if (hop === MAX_REDIRECTS) throw badRedirect(request.url, `redirects more than ${MAX_REDIRECTS} times`)
      const next = redirectTarget(place.url, answer.headers, request.url)
      // Nobody but the URL's own host was meant to see what the caller gave, not even on a way back to it.
      const isSameOrigin = next.url.origin === place.url.origin
      if (!isSameOrigin) given = given.filter(([name]) => name.toLowerCase() === 'user-agent')
      if (next.credentials.length > 0) given = given.filter(([name]) => name.toLowerCase() !== 'authorization')
      place = next.credentials.length === 0 && isSameOrigin ? { ...next, credentials: place.credentials } : next
    }
  }

  async stop(): Promise<void> {
    await this.#agent.destroy()
  }

  /** What a host has said is for those who may read it: others only hear that they may not. */
  async #turnedAway(url: URL, error: unknown): Promise<never> {
    if (this.#proxies?.for(url) === undefined) await this.#guard?.check(url)
    else await this.#guard?.checkProxied(url, this.#connectTimeoutMs)
    throw error
  }

  async #once({ url, path }: Place, headers: HeaderList, { signal, before, pace, ...hop }: Hop): Promise<HttpAnswer> {
    const proxy = this.#proxies?.for(url)
    const gate = this.#gates.at(url.origin)
    const entrant = { patienceMs: hop.patienceMs, isOwn: !this.#forOthers, isExtra: hop.isExtra === true }
    const turn = await gate.enter(entrant, signal).catch(error => this.#turnedAway(url, error))
    // a wait for the turn makes no answer older
    const askedAt = Date.now()
    let data: Dispatcher.ResponseData
    try {
      const sending = this.#agent.request({ ...asSent(url, path, headers, proxy), method: 'GET', signal })
      // undici would first wait until the connection stands; what comes later is dropped by it
      data = await raceSignal(sending, signal)
    } catch (error) {
      const failure = signal.aborted ? undefined : failureOf(error, url, proxy)
      turn.ended(failure, url)
      if (failure?.code !== 'origin-refused') this.#onRequest()
      throw failure ?? abortError(signal)
    }
    this.#onRequest()
    if (proxy !== undefined && url.protocol === 'http:' && isOfProxy(data.statusCode, data.headers)) {
      // it says nothing about the origin, nor about who may read it
      const failure = proxyRefusal(proxy, url.host, data.statusCode, data.headers)
      data.body.on('error', () => {}).destroy()
      turn.ended(failure, url)
      throw failure
    }
    data.body.once('close', () => turn.end())
    turn.answered(data.statusCode, data.headers, url)
    const { at, answers } = before ?? { at: askedAt, answers: [] }
    const cachedHeaders = { at, answers: [...answers, note(data.statusCode, data.headers, at)] }
    return new HttpAnswer(data, url, this.#surplus, cachedHeaders, chunks => {
      const gated = gate.isPaced ? gate.paced(chunks, signal) : chunks
      return pace === undefined ? gated : pace(gated, signal)
    })
  }
}

/** How one request of several is made. */
interface Hop {
  patienceMs: number
  signal: AbortSignal
  /** The redirects that led here. */
  before: CachedHeaders | undefined
  pace: BodyPace | undefined
  isExtra: boolean | undefined
}

/** Where a request goes. */
interface Place {
  /** Without user, password and fragment. */
  url: URL
  /** Path and query, as they were written. */
  path: string
  /** What a redirect has told for this very place. */
  credentials: HeaderList
}

function startOf(text: string): Place {
  const url = URL.parse(text)
  if (url === null) throw new DragonflyError('bad-url', 'not a URL')
  return { ...bare(url, text), credentials: [] }
}

function bare(url: URL, text: string): Omit<Place, 'credentials'> {
  url.username = ''
  url.password = ''
  url.hash = ''
  return { url, path: wirePath(text, url) }
}

function redirectTarget(from: URL, headers: AnswerHeaders, asked: string): Place {
  const text = fieldText(field(headers, 'location') ?? '')
  const url = headers.location === undefined || text === '' ? null : URL.parse(text, from.href)
  if (url === null) throw badRedirect(asked, 'redirects to nowhere')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw badRedirect(asked, `redirects to ${url.protocol}`)
  const { username, password } = url
  // an origin that puts them there wants them sent there, and nowhere else
  const credentials = username === '' && password === '' ? [] : [['authorization', basic(username, password)] as const]
  return { ...bare(url, text), credentials }
}

/** Through a proxy, http is asked for in absolute form; https is in a tunnel, and looks as ever. */
function asSent(
  url: URL,
  path: string,
  headers: HeaderList,
  proxy: HttpProxy | undefined,
): Pick<Dispatcher.RequestOptions, 'path' | 'headers'> & { origin: string } {
  if (proxy === undefined || url.protocol === 'https:') return { origin: url.origin, path, headers: headers.flat() }
  const forProxy = proxy.authorization === undefined ? [] : ['proxy-authorization', proxy.authorization]
  return { origin: url.origin, path: url.origin + path, headers: [...headers.flat(), ...forProxy] }
}

function failureOf(error: unknown, url: URL, proxy: HttpProxy | undefined): DragonflyError {
  const failure = requestFailure(error, url.href)
  return proxy === undefined || OF_THIS_HOST.has(failure.code) ? failure : through(failure, proxy)
}

function badRedirect(url: string, what: string): DragonflyError {
  return new DragonflyError('origin-redirect', `origin ${what} for ${withoutSecrets(url)}`, {
    hint: 'check the URL in a browser',
  })
}

function withDefaults(given: HeaderList): HeaderList {
  const names = new Set(given.map(([name]) => name.toLowerCase()))
  const missing = (
    [
      ['user-agent', USER_AGENT],
      ['accept', '*/*'],
    ] as const
  ).filter(([name]) => !names.has(name))
  // Identity, so that lengths, ranges and digests speak of the file itself.
  return [...given.map(asBytes), ...missing, ['accept-encoding', 'identity']]
}

/** undici writes one byte per character. Text beyond ASCII goes out as UTF-8, as curl sends it. */
function asBytes([name, value]: readonly [string, string]): readonly [string, string] {
  return [name, Buffer.from(value, 'utf8').toString('latin1')]
}
