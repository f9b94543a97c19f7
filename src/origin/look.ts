// Asks an origin for one byte: whether it accepts the request, and which version it shows.
import { randomUUID } from 'node:crypto'
import { type Validators, versionName } from '../core/version.ts'
import type { Answer } from './answer.ts'
import { contentLength, contentRange } from './content-range.ts'
import { statusError } from './failures.ts'
import { typeOf } from './fields.ts'
import { fileNameFromHeaders } from './filename.ts'
import { type Condition, validatorsOf } from './validators.ts'

export const ONE_BYTE: readonly Condition[] = [['range', 'bytes=0-0']]

/** What an origin says about a content. */
export interface OriginHead {
  /** See core/version.ts. */
  version: string
  validators: Validators
  /** Bytes; undefined when the origin does not tell. */
  length: number | undefined
  /** Content-Type; undefined without one that can be sent on. */
  type: string | undefined
  /** From Content-Disposition, cleaned; empty without. */
  fileName: string
  /** Whether it gave the one byte alone. */
  ranges: boolean
}

/** Rejects with what the status says, `origin-forbidden` among others, or `origin-lies`. */
export function headOf(answer: Answer): OriginHead {
  const { headers, status } = answer
  const validators = validatorsShown(answer)
  return {
    version: versionName(validators, randomUUID()),
    validators,
    length: validators.length,
    // that of 416 is the type of a page for people
    type: status === 416 ? undefined : typeOf(headers),
    fileName: fileNameFromHeaders(headers),
    ranges: status === 206 || status === 416,
  }
}

function validatorsShown(answer: Answer): Validators {
  const { status, headers, url, cachedHeaders } = answer
  if (status === 200 || status === 203) return validatorsOf(headers, contentLength(headers, url), cachedHeaders.at)
  // 416: it is empty, and has no first byte
  if (status === 206 || status === 416) {
    const { total } = contentRange(headers, url)
    if (status === 206 || total === 0) return validatorsOf(headers, total, cachedHeaders.at)
  }
  throw statusError(status, headers, url)
}
