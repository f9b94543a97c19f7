// Decodes the error codes that a seed may send.
import { type ErrorCode, isErrorCode } from '../core/error-codes.ts'

/** A code that we do not know comes from a newer seed, about the origin that it reads for us. */
export function errorCodeFromWire(code: string): ErrorCode {
  return isErrorCode(code) ? code : 'origin-error'
}
