// Encodes and decodes what a seed says of an error, and turns it into the error of whoever asked.
import { DragonflyError, type ErrorCode } from '../core/errors.ts'
import { errorCodeFromWire } from './error-code.ts'
import { integerField, textField } from './fields.ts'
import type { Failed } from './generated/messages.js'
import { LIMITS } from './limits.ts'

export interface Failure {
  type: 'failed'
  code: ErrorCode
  message: string
  /** HTTP status of the origin's answer. */
  status: number | undefined
  /** Milliseconds. */
  retryAfter: number | undefined
}

export function failureToWire({ code, message, status, retryAfter }: Failure): Failed {
  return {
    code,
    message: cut(message),
    ...(isStatus(status) ? { status } : {}),
    ...(retryAfter === undefined ? {} : { retryAfterMs: Math.min(LIMITS.retryAfter, Math.max(0, Math.ceil(retryAfter))) }),
  }
}

export function failureFromWire({ code, message, status, retryAfterMs }: Failed): Failure {
  if (status !== undefined) integerField(status, 100, 599, 'HTTP status')
  return {
    type: 'failed',
    code: errorCodeFromWire(textField(code, LIMITS.failureText, 'code')),
    message: oneLine(textField(message, LIMITS.failureText, 'message')),
    status,
    retryAfter: retryAfterMs === undefined ? undefined : Math.min(LIMITS.retryAfter, retryAfterMs),
  }
}

function isStatus(status: number | undefined): status is number {
  return status !== undefined && Number.isInteger(status) && status >= 100 && status <= 599
}

/** Messages quote what others sent, so their length is not ours to promise. */
function cut(message: string): string {
  const { read } = new TextEncoder().encodeInto(message, new Uint8Array(LIMITS.failureText))
  return message.slice(0, read).toWellFormed()
}

/** A stranger's text is shown on terminals: no escapes, no second line. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ')
}

/** What a seed tells of an error. */
export function failureOf(error: DragonflyError): Failure {
  const { code, message, status, retryAfter } = error
  return { type: 'failed', code, message, status, retryAfter }
}

/** What to do about a refusal of a seed's own, for whoever asked it. */
const HINTS: Readonly<Partial<Record<string, string>>> = {
  'origin-refused': 'start the seed with --allow-origin HOST',
  'seed-busy': 'try again once other downloads have ended, or add another --seed',
}

/** The seed's failure as the error of whoever asked. */
export function errorOf({ code, message, status, retryAfter }: Failure): DragonflyError {
  const numbers = { ...(status === undefined ? {} : { status }), ...(retryAfter === undefined ? {} : { retryAfter }) }
  const hint = HINTS[code]
  return new DragonflyError(code, message, {
    ...numbers,
    ...(hint !== undefined && { hint }),
    retryable: retryAfter !== undefined,
  })
}
