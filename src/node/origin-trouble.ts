// When an origin says nothing about the content because it is in trouble itself.
import { DragonflyError } from '../core/errors.ts'

/** What we have is better than that (RFC 5861, stale-if-error). */
const TROUBLE = new Set(['origin-unreachable', 'origin-unknown-host', 'origin-timeout', 'origin-truncated'])

export function isOriginsTrouble(error: unknown): boolean {
  return error instanceof DragonflyError && (TROUBLE.has(error.code) || (error.status ?? 0) >= 500)
}
