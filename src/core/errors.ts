// The error class of this library: a stable code for programs, a message and a hint for people, and the cause.

import type { ErrorCode } from './error-codes.ts'

export type { ErrorCode } from './error-codes.ts'

/** What an error may say besides its code and its message. */
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
  /** What was thrown below. */
  cause?: unknown
}

/**
 * Every error of this library.
 *
 * @example Programs branch on the code
 * ```ts
 * import { createNode, DragonflyError } from 'dragonfly-p2p'
 *
 * await using node = await createNode({ network: false })
 * try {
 *   await node.download('https://example.org/absent', 'absent')
 * } catch (error) {
 *   if (!(error instanceof DragonflyError)) throw error
 *   console.log(error.code, error.status, error.retryable)
 * }
 * ```
 */
export class DragonflyError extends Error {
  /** Survives minification. */
  static override readonly name = 'DragonflyError'
  /** `'DragonflyError'`. */
  override readonly name = 'DragonflyError'
  /** What failed: see `ERROR_CODES`. Stable. */
  readonly code: ErrorCode
  /** What the reader can do next, one short sentence. */
  readonly hint: string | undefined
  /** HTTP status of the origin's answer, when there was one. */
  readonly status: number | undefined
  /** Whether the same call may succeed later without any change. */
  readonly retryable: boolean
  /** Milliseconds that the other side asked to wait. */
  readonly retryAfter: number | undefined
  /** Milliseconds for which the origin said that its answer holds. */
  readonly holdsFor: number | undefined

  /** Made by this library, not by its users. */
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

/** What the operating system means, in words. */
export const SYSTEM_REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'no space left in the quota of this user',
  EFBIG: 'the file is too large for this file system, or for the limit on file sizes (ulimit -f)',
  EACCES: 'no permission',
  EPERM: 'no permission',
  EROFS: 'the filesystem is read-only',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'its symbolic links lead in a circle',
  EMFILE: 'too many open files (ulimit -n)',
  ENFILE: 'too many open files on this system',
  EIO: 'the disk reports an error',
}

const FREE_SPACE = 'free some space or choose another place with -o and --store'
const NO_SPACE_HINTS: Readonly<Record<string, string>> = {
  ENOSPC: FREE_SPACE,
  EDQUOT: FREE_SPACE,
  EFBIG: 'choose a place on another file system with -o and --store, or raise the limit',
}

/** Names an error of the operating system in our words; anything else becomes `fallback`. */
export function fromSystemError(error: unknown, fallback: ErrorCode, what: string): DragonflyError {
  if (error instanceof DragonflyError) return error
  const { code = '' } = error as NodeJS.ErrnoException
  const hint = NO_SPACE_HINTS[code]
  if (hint !== undefined) return new DragonflyError('no-space', `${what}: ${SYSTEM_REASONS[code]}`, { hint, cause: error })
  const message = SYSTEM_REASONS[code] ?? (error instanceof Error ? error.message : String(error))
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
    return new DragonflyError('timeout', 'gave up: the timeout expired', { cause: reason })
  }
  return new DragonflyError('aborted', 'stopped before the end', { cause: reason })
}
