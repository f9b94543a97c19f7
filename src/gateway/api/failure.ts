// Errors as answers of the local API.
import { DragonflyError, type ErrorCode } from '../../core/errors.ts'

/** HTTP statuses that say more than 500. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  'not-found': 404,
  'bad-option': 400,
  'bad-url': 400,
  'bad-scheme': 400,
  'bad-digest': 400,
  'bad-header': 400,
  'store-locked': 409,
  'peer-refused': 403,
  'origin-not-found': 404,
  'origin-forbidden': 403,
  'range-unsatisfiable': 416,
  'origin-unreachable': 502,
  'origin-unknown-host': 502,
  'origin-error': 502,
  'origin-timeout': 504,
  timeout: 504,
  'no-source': 502,
  'no-space': 507,
}

/** An error as a status and a body. */
export function failureOf(error: unknown): { status: number; body: object } {
  if (error instanceof DragonflyError) return { status: STATUS[error.code] ?? 500, body: failureBody(error) }
  const status = (error as { statusCode?: number }).statusCode ?? 500
  const code: ErrorCode = status < 500 ? 'bad-option' : 'internal'
  return { status, body: { code, message: status < 500 ? (error as Error).message : 'the daemon could not do that' } }
}

/** What a client can make the same error of. */
export function failureBody(error: unknown): object {
  if (!(error instanceof DragonflyError)) return { code: 'internal', message: 'the daemon could not do that', retryable: false }
  const { code, message, hint, status, retryable, retryAfter } = error
  return { code, message, hint, status, retryable, retryAfter }
}
