// An origin that cannot answer, as opposed to one that says no: what we have is better than that (RFC 5861 §4).
import { DragonflyError } from '../core/errors.ts'

const TROUBLE = new Set(['origin-unreachable', 'origin-unknown-host', 'origin-timeout', 'origin-truncated'])

export function isTrouble(error: unknown): error is DragonflyError {
  return error instanceof DragonflyError && (TROUBLE.has(error.code) || (error.status ?? 0) >= 500)
}
