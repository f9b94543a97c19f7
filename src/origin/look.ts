// Asking an origin for one byte: whether it lets this request in, and which version it shows to it.
import type { Validators } from '../core/version.ts'
import type { Answer } from './answer.ts'
import { contentLength, contentRange } from './content-range.ts'
import { statusError } from './failures.ts'
import { type Condition, validatorsOf } from './validators.ts'

export const ONE_BYTE: readonly Condition[] = [['range', 'bytes=0-0']]

/** Rejects with what the status says, `origin-forbidden` among others, or `origin-lies`. */
export function validatorsShown(answer: Answer): Validators {
  const { status, headers, url, noted } = answer
  if (status === 200 || status === 203) return validatorsOf(headers, contentLength(headers, url), noted.at)
  // 416: it is empty, and has no first byte
  if (status === 206 || status === 416) {
    const { total } = contentRange(headers, url)
    if (status === 206 || total === 0) return validatorsOf(headers, total, noted.at)
  }
  throw statusError(status, headers, url)
}
