// Tells an origin that cannot answer from one that refuses (RFC 5861 §4).
import { DragonflyError } from '../core/errors.ts'

const TROUBLE = new Set(['origin-unreachable', 'origin-unknown-host', 'origin-timeout', 'origin-truncated'])

export function isTrouble(error: unknown): error is DragonflyError {
  if (!(error instanceof DragonflyError)) return false
  // one that has no room may have some later (older seeds say the same of one that hangs up); others without a status have said what
  // cannot be read, and will again
  if (error.code === 'origin-error' && error.status === undefined) return error.retryable
  // 429: it may well be there, and wants to be left alone
  return TROUBLE.has(error.code) || error.status === 429 || (error.status ?? 0) >= 500
}

/** What is said where the origin forbids that a stale copy stands in for it (RFC 9111 §5.2.2.2: 504). No peer's copy will do either. */
export function forbidden(trouble: DragonflyError): DragonflyError {
  const message = `${trouble.message}; the origin forbids serving the cached copy without asking`
  return new DragonflyError('origin-error', message, { status: 504, retryable: true, cause: trouble })
}
