// Turns failures of the origin into our errors: one line, the URL without secrets, and whether a retry can help.
import { STATUS_CODES } from 'node:http'
import { DragonflyError, type ErrorDetails } from '../core/errors.ts'
import { withoutSecrets } from '../core/task.ts'
import { lifeOf } from './answer-life.ts'
import { type AnswerHeaders, field } from './fields.ts'
import { isUnknownIssuer } from './trust.ts'

/** The origin gives no ranges of this version: it can only be read from its first byte to its last. */
export class NoRangesError extends DragonflyError {
  constructor(url: string, why: string, details: ErrorDetails = {}) {
    super('origin-error', `origin gives no ranges of ${withoutSecrets(url)}: ${why}`, details)
  }
}

/** The host failed several times in a row and is left alone for a while: no request was sent. Says what it said last. */
export class CoolingError extends DragonflyError {
  constructor(words: DragonflyError, ms: number) {
    super(words.code, `${words.message}; it is left alone for another ${seconds(ms)} s`, again(words, ms))
  }
}

/** The host asked for a pause that is longer than the caller would wait: no request was sent. */
export function pausedError(words: DragonflyError, ms: number): DragonflyError {
  return new DragonflyError(words.code, `${words.message}; it asked to wait another ${seconds(ms)} s`, again(words, ms))
}

export function tooManyWaiting(count: number): DragonflyError {
  return new DragonflyError('origin-error', `${count} requests are waiting for this origin already`, { retryable: true })
}

/** The same error, said of the whole host: who asks for one content need not learn the path of another. */
export function ofHost(error: DragonflyError, url: URL): DragonflyError {
  const { code, status, cause } = error
  const message = error.message.replaceAll(withoutSecrets(url.href), url.host)
  return new DragonflyError(code, message, { cause, retryable: true, ...(status === undefined ? {} : { status }) })
}

/** The origin host has other things to do than to give one read another stream: no request was sent. */
export class NoRoomError extends DragonflyError {
  constructor() {
    super('origin-error', 'the origin has no room for another stream of this read')
  }
}

/** It accepts connections and closes them: whatever runs there gives no answer, and says no more of the content than a refused connection. */
export class HungUpError extends DragonflyError {
  constructor(to: string, cause: unknown) {
    super('origin-unreachable', `origin closed the connection without an answer for ${to}`, { cause, retryable: true })
  }
}

function again({ status, cause }: DragonflyError, ms: number): ErrorDetails {
  return { cause, retryable: true, retryAfter: Math.ceil(ms), ...(status === undefined ? {} : { status }) }
}

function seconds(ms: number): string {
  return (Math.ceil(ms / 100) / 10).toFixed(1)
}

/** An answer that is not what was asked for, by its status. */
export function statusError(status: number, headers: AnswerHeaders, url: string): DragonflyError {
  const message = `origin answered ${`${status} ${STATUS_CODES[status] ?? ''}`.trim()} for ${withoutSecrets(url)}`
  const retryable = status === 408 || status === 425 || status === 429 || status >= 500
  if (retryable) {
    const retryAfter = parseRetryAfter(field(headers, 'retry-after'))
    return new DragonflyError('origin-error', message, { status, retryable, ...(retryAfter === undefined ? {} : { retryAfter }) })
  }
  const holdsFor = lifeOf(status, headers)
  const details = { status, ...(holdsFor === undefined ? {} : { holdsFor }) }
  if (status === 404 || status === 410)
    return new DragonflyError('origin-not-found', message, { ...details, hint: 'check the URL' })
  if (status === 401 || status === 403 || status === 407) {
    return new DragonflyError('origin-forbidden', message, {
      ...details,
      hint: "pass credentials with -u USER or -H 'Authorization: …'",
    })
  }
  return new DragonflyError('origin-error', message, details)
}

/** Milliseconds from now (RFC 9110 §10.2.3: seconds or a date); undefined if it says nothing. */
export function parseRetryAfter(value: string | undefined, now = Date.now()): number | undefined {
  if (value === undefined) return undefined
  const text = value.trim()
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, Number.MAX_SAFE_INTEGER)
  const date = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

const CERTIFICATE = /^(ERR_TLS_|ERR_SSL_|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_|HOSTNAME_MISMATCH|EPROTO$)/
/** The certificate, or this host's clock, is wrong. */
const OUT_OF_TIME = new Set(['CERT_NOT_YET_VALID', 'CERT_HAS_EXPIRED'])
const NO_WAY_THERE = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'ETIMEDOUT',
])
const UNKNOWN_HOST = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA', 'EAI_NONAME', 'EAI_FAIL'])

/** A request that never got an answer. */
export function requestFailure(error: unknown, url: string): DragonflyError {
  if (error instanceof DragonflyError) return error
  const code = codeOf(error)
  const to = withoutSecrets(url)
  const { host } = new URL(url)
  const why = { cause: error }
  if (UNKNOWN_HOST.has(code)) {
    const retryable = code === 'EAI_AGAIN'
    return new DragonflyError('origin-unknown-host', `unknown host ${host}`, { ...why, retryable, hint: 'check the URL' })
  }
  if (NO_WAY_THERE.has(code)) {
    const said = code === 'ECONNREFUSED' ? 'connection refused' : code
    return new DragonflyError('origin-unreachable', `cannot connect to ${host}: ${said}`, { ...why, retryable: true })
  }
  if (code === 'UND_ERR_CONNECT_TIMEOUT') {
    return new DragonflyError('origin-unreachable', `cannot connect to ${host}: no answer in time`, { ...why, retryable: true })
  }
  if (CERTIFICATE.test(code)) {
    // what Node advises its own users
    const said = tlsReason(error) ?? firstLine(error).replace(/; if the root CA.*/, '')
    const hint =
      'if the certificate authority is your own, name its file with --cacert FILE (SSL_CERT_FILE), or add it to the system'
    const clock = `check the clock of this host, which says ${new Date().toISOString()}`
    return new DragonflyError('origin-unreachable', `no secure connection to ${host}: ${said}`, {
      ...why,
      ...(isUnknownIssuer(error) && { hint }),
      ...(OUT_OF_TIME.has(code) && { hint: clock }),
    })
  }
  if (code === 'UND_ERR_HEADERS_TIMEOUT') {
    return new DragonflyError('origin-timeout', `origin sent no answer in time for ${to}`, { ...why, retryable: true })
  }
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' || (isParserError(error) && /content-length/i.test(firstLine(error)))) {
    return new DragonflyError('origin-lies', `origin sent a malformed Content-Length for ${to}`, why)
  }
  if (code === 'UND_ERR_HEADERS_OVERFLOW' || isParserError(error)) {
    return new DragonflyError('origin-error', `origin sent a malformed HTTP answer for ${to}`, why)
  }
  if (code === 'UND_ERR_INVALID_ARG' || code === 'ERR_INVALID_ARG_VALUE') {
    return new DragonflyError('bad-header', `cannot make a request for ${to} with these headers`, why)
  }
  return new HungUpError(to, error)
}

/** A body that broke off. `at` is the byte of the content where it did. */
export function bodyFailure(error: unknown, url: string, at: number, length: number | undefined): DragonflyError {
  const retry = { cause: error, retryable: true }
  if (codeOf(error) !== 'UND_ERR_BODY_TIMEOUT') return truncated(url, at, length, retry)
  return new DragonflyError('origin-timeout', `origin stalled ${where(at, length)} of ${withoutSecrets(url)}`, retry)
}

export function truncated(url: string, at: number, length: number | undefined, details: ErrorDetails = {}): DragonflyError {
  const message = `origin broke off ${where(at, length)} of ${withoutSecrets(url)}`
  return new DragonflyError('origin-truncated', message, { retryable: true, ...details })
}

export function lies(url: string, what: string, cause?: unknown): DragonflyError {
  return new DragonflyError('origin-lies', `origin ${what} for ${withoutSecrets(url)}`, cause === undefined ? {} : { cause })
}

export function changed(url: string): DragonflyError {
  return new DragonflyError('origin-changed', `the content changed at the origin: ${withoutSecrets(url)}`, {
    hint: 'start again to get the new version',
  })
}

/** Whether the origin shows another content than before. */
export function isChanged(error: unknown): error is DragonflyError {
  return error instanceof DragonflyError && error.code === 'origin-changed'
}

/** A read broke off, and nothing strong names its version: only a read from the first byte can go on. */
export class UnjoinableError extends DragonflyError {
  constructor(failure: DragonflyError) {
    super(failure.code, `${failure.message}, and it sends no validator with which the rest could be requested`, {
      cause: failure,
      retryable: true,
      hint: 'start again; the origin sends neither a strong ETag nor an old enough Last-Modified with a length',
    })
  }
}

/** The rest that the origin shows does not name the version before it. Its bytes may be the same: read from the start, they tell. */
export class AnotherVersionError extends DragonflyError {
  constructor(url: string) {
    const { code, message, hint } = changed(url)
    super(code, message, { ...(hint !== undefined && { hint }) })
  }
}

/** The bytes that an origin gave do not have the digest that it states: nothing of them may stay. */
export class StatedDigestError extends DragonflyError {
  constructor(url: string, by: string, actual: Uint8Array) {
    const it = `sha256:${Buffer.from(actual).toString('hex')}`
    super('digest-mismatch', `the content of ${withoutSecrets(url)} does not have the sha-256 stated in ${by}: it has ${it}`, {
      hint: 'try again; if it stays so, tell whoever runs the origin, or a proxy on the way to it, that one of the two is wrong',
    })
  }
}

/** An answer in another coding than the one that was begun: another machine behind the same name may not compress. */
export class OtherCodingError extends AnotherVersionError {}

function where(at: number, length: number | undefined): string {
  return length === undefined ? `after ${at} bytes` : `after ${at} of ${length} bytes`
}

/** OpenSSL's own reason, without the place in its sources that Node's message has too. */
function tlsReason(error: unknown): string | undefined {
  if (codeOf(error) === 'ERR_SSL_WRONG_VERSION_NUMBER') return 'the other side does not speak TLS'
  const { reason } = error as { reason?: unknown }
  return /^(ERR_SSL_|EPROTO$)/.test(codeOf(error)) && typeof reason === 'string' ? reason.slice(0, 200) : undefined
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' ? code : ''
}

/** undici's HTTPParserError has no code of its own; its message holds llhttp's reason. */
function isParserError(error: unknown): boolean {
  return error instanceof Error && error.name === 'HTTPParserError'
}

function firstLine(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '').slice(0, 200) : String(error)
}
