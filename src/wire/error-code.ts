// Which error codes a seed may name; typed so that a new one in core cannot be forgotten here.
import type { ErrorCode } from '../core/errors.ts'

const CODES: Record<ErrorCode, true> = {
  'bad-url': true,
  'bad-scheme': true,
  'bad-multiaddr': true,
  'bad-peer-id': true,
  'bad-digest': true,
  'bad-header': true,
  'bad-option': true,
  'origin-not-found': true,
  'origin-forbidden': true,
  'origin-error': true,
  'origin-unreachable': true,
  'origin-unknown-host': true,
  'origin-timeout': true,
  'origin-truncated': true,
  'origin-changed': true,
  'origin-lies': true,
  'origin-redirect': true,
  'origin-refused': true,
  'digest-mismatch': true,
  'corrupt-piece': true,
  untrusted: true,
  'output-unwritable': true,
  'no-space': true,
  'store-error': true,
  'store-locked': true,
  'no-source': true,
  'listen-failed': true,
  protocol: true,
  'peer-refused': true,
  timeout: true,
  aborted: true,
  internal: true,
}

/** A code that we do not know comes from a newer seed, about the origin that it reads for us. */
export function errorCodeFromWire(code: string): ErrorCode {
  return Object.hasOwn(CODES, code) ? (code as ErrorCode) : 'origin-error'
}
