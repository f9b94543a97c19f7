// Tokens of registries, each asked for once per registry, scope and credential until it expires. They are never logged.
import { createHmac, randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { DragonflyError } from '../../core/errors.ts'
import { parseRetryAfter } from '../failures.ts'
import type { BearerChallenge } from './challenge.ts'
import type { Credential } from './credential-files.ts'
import { type Answer, SharedAnswers } from './shared-answers.ts'
import { headerOf, type TokenServerAnswer, type TokenServerRequest, type TokenServers } from './token-servers.ts'

const MAX_TOKENS = 4096
/** A request's headers have 16 KiB at most. */
const MAX_TOKEN_LENGTH = 15_000
/** What a token lives when its server says nothing (distribution's specification), and at most, seconds. */
const DEFAULT_LIFE_S = 60
const MAX_LIFE_S = 86_400
/** It is used until so long before its end: a request takes time, and clocks differ. Part of its life, and milliseconds at most. */
const SKEW_PART = 0.1
const MAX_SKEW_MS = 10_000
const YOUNG_MS = 5000
const CLIENT_ID = 'dragonfly'

export interface TokenQuestion {
  registry: URL
  challenge: BearerChallenge
  /** Undefined: anonymously. */
  credential: Credential | undefined
}

export interface Token {
  value: string
  /** Anybody gets one like it: no credential was shown. */
  anonymous: boolean
  /** When it was asked for, in ms of the monotonic clock. */
  since: number
}

export class Tokens {
  readonly #servers: TokenServers
  readonly #answers = new SharedAnswers<Token>(MAX_TOKENS)
  /** Registries and tokens that were had from them anonymously, as fingerprints. */
  readonly #anonymous = new LRUCache<string, true>({ max: MAX_TOKENS })
  /** What is kept tells nobody the secrets behind it. */
  readonly #key = randomBytes(32)

  constructor(servers: TokenServers) {
    this.#servers = servers
  }

  /** Rejects with `origin-forbidden` when the credential is refused, other `origin-…` failures, or the abort. */
  async get(question: TokenQuestion, signal: AbortSignal): Promise<Token> {
    return await this.#answers.get(this.#keyOf(question), () => this.#ask(question), signal)
  }

  /** The registry has refused it. A young one stays: the registry would refuse the next too, and each costs a request. */
  forget(question: TokenQuestion, { since }: Token): void {
    if (performance.now() - since > YOUNG_MS) this.#answers.delete(this.#keyOf(question))
  }

  /** Remembers a token that somebody else was given without any credential. */
  noteAnonymous(registry: URL, token: string, lifeMs: number): void {
    if (lifeMs >= 1) this.#anonymous.set(this.fingerprint(registry.origin, token), true, { ttl: lifeMs })
  }

  /** Whether this Authorization is a token that anybody gets. */
  isAnonymous(registry: URL, authorization: string): boolean {
    const [, token] = /^Bearer +(\S+)$/i.exec(authorization) ?? []
    return token !== undefined && this.#anonymous.has(this.fingerprint(registry.origin, token))
  }

  /** Equal for equal parts, and useless outside of this process. */
  fingerprint(...parts: readonly string[]): string {
    return createHmac('sha256', this.#key).update(JSON.stringify(parts)).digest('base64')
  }

  #keyOf({ registry, challenge: { realm, service = '', scope = '' }, credential }: TokenQuestion): string {
    return this.fingerprint(registry.origin, realm.href, service, scope, JSON.stringify(credential ?? null))
  }

  async #ask({ registry, challenge, credential }: TokenQuestion): Promise<Answer<Token>> {
    const askedAt = performance.now()
    const { value, lifeMs } = tokenOf(await this.#servers.send(requestOf(challenge, credential)), challenge.realm)
    const anonymous = credential === undefined
    const left = lifeMs - (performance.now() - askedAt)
    if (anonymous) this.noteAnonymous(registry, value, left)
    return { value: { value, anonymous, since: askedAt }, lifeMs: left }
  }
}

/** GET with a name and a password or without, POST with a refresh token (OAuth 2.0 of distribution's specification). */
function requestOf({ realm, service, scope }: BearerChallenge, credential: Credential | undefined): TokenServerRequest {
  const scopes = scope?.split(' ').filter(part => part !== '') ?? []
  if (credential?.kind === 'identity') {
    const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: CLIENT_ID, refresh_token: credential.token })
    if (service !== undefined) form.set('service', service)
    if (scopes.length > 0) form.set('scope', scopes.join(' '))
    return { method: 'POST', url: realm, headers: ['content-type', 'application/x-www-form-urlencoded'], body: form.toString() }
  }
  const url = new URL(realm)
  if (service !== undefined) url.searchParams.set('service', service)
  for (const part of scopes) url.searchParams.append('scope', part)
  if (credential?.kind !== 'basic') return { method: 'GET', url, headers: [] }
  url.searchParams.set('account', credential.username)
  return { method: 'GET', url, headers: ['authorization', basicAuthorization(credential)] }
}

export function basicAuthorization({ username, password }: Credential & { kind: 'basic' }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

/** Name and password of an Authorization; undefined: it is another. */
export function loginOf(authorization = ''): (Credential & { kind: 'basic' }) | undefined {
  const [, basic] = /^Basic +([A-Za-z0-9+/]+=*)$/i.exec(authorization) ?? []
  const [, username, password] = /^([^:]+):(.*)$/s.exec(Buffer.from(basic ?? '', 'base64').toString('utf8')) ?? []
  return username === undefined || password === undefined ? undefined : { kind: 'basic', username, password }
}

/** `token` of the first specification, `access_token` of OAuth 2.0. `lifeMs`: for how long it may be used from the request on. */
export function tokenOf({ status, headers, body }: TokenServerAnswer, server: URL): { value: string; lifeMs: number } {
  if (status !== 200) throw refusal(status, headers, server)
  const { token, access_token: other, expires_in: life } = jsonObject(body)
  const value = typeof token === 'string' && token !== '' ? token : other
  if (typeof value !== 'string' || value.length > MAX_TOKEN_LENGTH || !/^[\x21-\x7e]+$/.test(value))
    throw new DragonflyError('origin-error', `token server ${server.host} answered without a usable token`)
  const seconds = typeof life === 'number' && life > 0 ? Math.min(life, MAX_LIFE_S) : DEFAULT_LIFE_S
  return { value, lifeMs: seconds * 1000 - Math.min(seconds * 1000 * SKEW_PART, MAX_SKEW_MS) }
}

function jsonObject(body: Buffer): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(body.toString('utf8'))
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function refusal(status: number, headers: readonly string[], server: URL): DragonflyError {
  const message = `token server ${server.host} answered ${status}`
  // OAuth 2.0 answers a bad refresh token with 400 (RFC 6749 §5.2)
  if (status === 400 || status === 401 || status === 403)
    return new DragonflyError('origin-forbidden', message, {
      status,
      hint: 'check the credentials of the registry: docker login',
    })
  const retryAfter = status === 429 || status === 503 ? parseRetryAfter(headerOf(headers, 'retry-after')) : undefined
  const retryable = status === 429 || status >= 500
  return new DragonflyError('origin-error', message, { status, retryable, ...(retryAfter !== undefined && { retryAfter }) })
}
