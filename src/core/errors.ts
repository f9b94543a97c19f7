// The error class of this library: a stable code for programs, a line and a hint for people, and the cause.

import type { ErrorCode } from './error-codes.ts'

export type { ErrorCode } from './error-codes.ts'

export interface ErrorDetails {
  /** What the reader can do next, one short imperative sentence. */
  hint?: string
  /** HTTP status of the origin's answer, when there was one. */
  status?: number
  /** Whether the same call may succeed later without any change. Default false. */
  retryable?: boolean
  /** Milliseconds that the other side asked us to wait (HTTP Retry-After). */
  retryAfter?: number
  /** Milliseconds for which the origin said that its answer holds (Cache-Control, Expires). */
  holdsFor?: number
  cause?: unknown
}

export class DragonflyError extends Error {
  static override readonly name = 'DragonflyError'
  override readonly name = 'DragonflyError'
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly status: number | undefined
  readonly retryable: boolean
  readonly retryAfter: number | undefined
  readonly holdsFor: number | undefined

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.hint = details.hint
    this.status = details.status
    this.retryable = details.retryable ?? false
    this.retryAfter = details.retryAfter
    this.holdsFor = details.holdsFor
  }
}

/** Names an error of the operating system in our words; anything else becomes `fallback`. */
export function fromSystemError(error: unknown, fallback: ErrorCode, what: string): DragonflyError {
  if (error instanceof DragonflyError) return error
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') {
    return new DragonflyError('no-space', `${what}: no space left on the disk`, {
      hint: 'free some space or choose another place with -o and --store',
      cause: error,
    })
  }
  const message = error instanceof Error ? error.message : String(error)
  return new DragonflyError(fallback, `${what}: ${message}`, { cause: error })
}

/** Whether an operation ended only because somebody wanted it to. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || (error instanceof DragonflyError && error.code === 'aborted'))
}

/** The reason of an aborted signal as an error of ours. */
export function abortError(signal?: AbortSignal): DragonflyError {
  const reason: unknown = signal?.reason
  if (reason instanceof DragonflyError) return reason
  if (reason instanceof Error && reason.name === 'TimeoutError') {
    return new DragonflyError('timeout', 'gave up: the time allowed is over', { cause: reason })
  }
  return new DragonflyError('aborted', 'stopped before the end', { cause: reason })
}
