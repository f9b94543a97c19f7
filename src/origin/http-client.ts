// One GET to the origin with its redirects, in such a way that credentials stay with the host they were given for.
import { Agent, type Dispatcher, request as send } from 'undici'
import { abortError, DragonflyError } from '../core/errors.ts'
import type { HeaderList } from '../core/headers.ts'
import { withoutSecrets } from '../core/task.ts'
import { Answer } from './answer.ts'
import { requestFailure } from './failures.ts'
import { type AnswerHeaders, field, fieldText } from './fields.ts'
import { Gates } from './gates.ts'
import type { Guard } from './guard.ts'
import { type Noted, note } from './noted.ts'
import type { OriginRequest, OriginSettings } from './options.ts'
import { SurplusWatch } from './surplus.ts'
import type { Condition } from './validators.ts'

export const MAX_REDIRECTS = 10
const REDIRECTS = new Set([301, 302, 303, 307, 308])
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
  readonly #surplus = new SurplusWatch()

  constructor(settings: OriginSettings) {
    this.#gates = settings.gates ?? new Gates(settings)
    this.#guard = settings.guard
    this.#agent = new Agent({
      // HTTP/1.1 alone: one connection per answer, so that giving up an answer frees what it holds.
      allowH2: false,
      connections: settings.connections,
      headersTimeout: settings.headersTimeoutMs,
      bodyTimeout: settings.idleTimeoutMs,
      connect: this.#surplus.connector(settings.connectTimeoutMs, settings.guard),
    })
  }

  /**
   * The first answer that is no redirect, whatever its status. Each hop waits for its turn at its host, through a pause that
   * the host asked for if that is not longer than `patienceMs`. Rejects with `origin-…` or the abort.
   */
  async get(request: OriginRequest, conditions: readonly Condition[], patienceMs: number, signal: AbortSignal): Promise<Answer> {
    let url = startOf(request.url)
    let given = request.headers
    let noted: Noted | undefined
    for (let hop = 0; ; hop++) {
      const answer = await this.#once(url, [...withDefaults(given), ...conditions], patienceMs, signal, noted)
      noted = answer.noted
      if (!REDIRECTS.has(answer.status)) return answer
      answer.discard()
      if (hop === MAX_REDIRECTS) throw badRedirect(request.url, `redirects more than ${MAX_REDIRECTS} times`)
      const next = redirectTarget(url, answer.headers, request.url)
      // Nobody but the URL's own host was meant to see what the caller gave, not even on a way back to it.
      if (next.origin !== url.origin) given = given.filter(([name]) => name.toLowerCase() === 'user-agent')
      url = next
    }
  }

  async stop(): Promise<void> {
    await this.#agent.destroy()
  }

  /** What a host has said is for those who may read it: others only hear that they may not. */
  async #turnedAway(url: URL, error: unknown): Promise<never> {
    await this.#guard?.check(url)
    throw error
  }

  /** `before`: the redirects that led here. */
  async #once(
    url: URL,
    headers: HeaderList,
    patienceMs: number,
    signal: AbortSignal,
    before: Noted | undefined,
  ): Promise<Answer> {
    const gate = this.#gates.at(url.origin)
    const turn = await gate.enter(patienceMs, signal).catch(error => this.#turnedAway(url, error))
    // a wait for the turn makes no answer older
    const askedAt = Date.now()
    let data: Dispatcher.ResponseData
    try {
      const sending = send(url, { dispatcher: this.#agent, method: 'GET', headers: headers.flat(), signal })
      data = await promptly(sending, signal)
    } catch (error) {
      const failure = signal.aborted ? undefined : requestFailure(error, url.href)
      turn.ended(failure, url)
      throw failure ?? abortError(signal)
    }
    data.body.once('close', () => turn.end())
    turn.answered(data.statusCode, data.headers, url)
    const { at, answers } = before ?? { at: askedAt, answers: [] }
    const noted = { at, answers: [...answers, note(data.statusCode, data.headers, at)] }
    return new Answer(data, url, this.#surplus, noted, chunks => (gate.isPaced ? gate.paced(chunks, signal) : chunks))
  }
}

function startOf(text: string): URL {
  const url = URL.parse(text)
  if (url === null) throw new DragonflyError('bad-url', 'not a URL')
  return bare(url)
}

/** Users and passwords in a URL are for `makeTask` to turn into a header; from a redirect they are not ours to send. */
function bare(url: URL): URL {
  url.username = ''
  url.password = ''
  url.hash = ''
  return url
}

function redirectTarget(from: URL, headers: AnswerHeaders, asked: string): URL {
  const location = field(headers, 'location')
  const url = location === undefined ? null : URL.parse(fieldText(location), from.href)
  if (url === null) throw badRedirect(asked, 'redirects to nowhere')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw badRedirect(asked, `redirects to ${url.protocol}`)
  return bare(url)
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

/** Ends with the signal, where undici would first wait until the connection stands. What comes later is dropped by undici. */
async function promptly<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const abort = Promise.withResolvers<never>()
  const onAbort = (): void => abort.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    return await Promise.race([work, abort.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
