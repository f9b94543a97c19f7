// Judges an answer to a request for the rest of a content: its version and bytes, or why it cannot be used.
import { isResumable, isVersion, type Validators } from '../core/version.ts'
import type { Answer } from './answer.ts'
import { contentLength, contentRange } from './content-range.ts'
import { changed, lies, NoRangesError, statusError } from './failures.ts'
import { field } from './fields.ts'
import { mayFollow, type Representation, representationOf } from './representation.ts'
import { type Condition, codingInName, ifRange, lengthInName, validatorsOf } from './validators.ts'

/** What was asked for. */
export interface Wanted {
  /** First byte. */
  from: number
  /** Byte after the last one, for a piece; undefined for everything. */
  end?: number
  /** The only version that will do; undefined for any. */
  version: string | undefined
  /** Bytes of the whole content, if known. */
  length: number | undefined
  /** What the bytes before it came with, where that is known. */
  like?: Representation
}

/** What the answer's body holds. */
export interface Rest {
  /** The content's byte that is given first: the wanted one, or 0 when the answer is the whole of another version. */
  start: number
  /** Whether the answer names the wanted version; without a wanted one it is true. Bytes of two versions are never joined. */
  isWanted: boolean
  /** Of the whole content; its length too, where known. */
  validators: Validators
  /** Bytes of the body before the first wanted one. */
  skip: number
  /** Bytes of the body; undefined if it ends when it ends. */
  bytes: number | undefined
  rangesSupported: boolean
}

/** The conditions of a request for it. */
export function conditionsFor({ from, end, version }: Wanted): Condition[] {
  if (from === 0 && end === undefined) return []
  const range = ['range', `bytes=${from}-${end === undefined ? '' : end - 1}`] as const
  return [range, ...(version === undefined ? [] : ifRange(version))]
}

/** Rejects with `origin-changed` (another version), `origin-lies`, `NoRangesError`, or what the status says. */
export function restOf(answer: Answer, wanted: Wanted): Rest {
  if (answer.status === 206) return partial(answer, wanted)
  if (answer.status === 416) return nothingLeft(answer, wanted)
  if (isWhole(answer)) {
    const rest = wholeOf(answer, wanted)
    checkVersion(answer, wanted, rest.validators)
    if (wanted.end !== undefined) throw new NoRangesError(answer.url, 'it sent the whole content instead')
    return rest
  }
  throw statusError(answer.status, answer.headers, answer.url)
}

export function isWhole({ status }: Answer): boolean {
  return status === 200 || status === 203
}

/**
 * What an answer to a plain GET holds: the wanted bytes and those before them, or, when nothing strong says that it is the
 * wanted version, a content from its first byte on.
 */
export function wholeOf(answer: Answer, wanted: Wanted): Rest {
  const { headers, url, cachedHeaders } = answer
  if (!isWhole(answer) && answer.status !== 206) throw statusError(answer.status, headers, url)
  const bytes = answer.status === 206 ? wholeRange(answer) : contentLength(headers, url)
  const rangesSupported = /\bbytes\b/i.test(field(headers, 'accept-ranges') ?? '')
  const shown = validatorsOf(headers, bytes, cachedHeaders.at)
  const { from, version } = wanted
  const known = knownLength(wanted)
  const validators = { ...shown, length: bytes ?? known }
  const isSame = version !== undefined && isVersion(version, validators) && (known === undefined || validators.length === known)
  if (!isSame) return { start: 0, isWanted: version === undefined, validators: shown, skip: 0, bytes, rangesSupported }
  if (from === 0 || !isResumable(version)) return { start: 0, isWanted: true, validators, skip: 0, bytes, rangesSupported }
  if (bytes !== undefined && from > bytes) throw lies(url, 'sent less than before')
  return { start: from, isWanted: true, validators, skip: from, bytes: validators.length, rangesSupported }
}

/** Bytes of a 206 that nobody asked for, if it holds everything. Rejects with `origin-lies`. */
function wholeRange({ headers, url }: Answer): number {
  const { range, total } = contentRange(headers, url)
  if (range?.start !== 0 || range.end !== total) throw lies(url, 'sent a range unasked')
  if ((contentLength(headers, url) ?? total) !== total) throw lies(url, 'sent a range of another length')
  return total
}

function partial(answer: Answer, wanted: Wanted): Rest {
  const { from, end } = wanted
  if (from === 0 && end === undefined) return wholeOf(answer, wanted)
  const { range, total } = contentRange(answer.headers, answer.url)
  const validators = validatorsOf(answer.headers, total ?? knownLength(wanted), answer.cachedHeaders.at)
  if (/^multipart\//i.test(field(answer.headers, 'content-type') ?? '')) throw lies(answer.url, 'sent several ranges')
  checkVersion(answer, wanted, validators)
  if (wanted.like !== undefined && !mayFollow(wanted.like, representationOf(answer.headers))) throw changed(answer.url)
  if (range === undefined || range.start !== from || (end !== undefined && range.end !== end)) {
    throw lies(answer.url, 'sent another range than asked')
  }
  if (end === undefined && validators.length === undefined) throw lies(answer.url, 'sent a range without a total')
  if (validators.length !== undefined && range.end > validators.length) throw lies(answer.url, 'sent more than there is')
  const bytes = range.end - range.start
  if ((contentLength(answer.headers, answer.url) ?? bytes) !== bytes) throw lies(answer.url, 'sent a range of another length')
  return { start: from, isWanted: true, validators, skip: 0, bytes, rangesSupported: true }
}

/** 416 for the rest of a content that has no further byte is how HTTP says that all is there. */
function nothingLeft(answer: Answer, wanted: Wanted): Rest {
  if (wanted.from === 0 && wanted.end === undefined) throw statusError(416, answer.headers, answer.url)
  const { range, total } = contentRange(answer.headers, answer.url)
  // its body is a page for people, in a coding of its own
  const validators = { ...validatorsOf(answer.headers, total, answer.cachedHeaders.at), coding: codingInName(wanted.version) }
  // Many origins name no version in this answer; then it is If-Range that they have answered.
  const byDate = wanted.version?.startsWith('etag ') !== true
  const named = validators.etag !== undefined || (byDate && validators.lastModified !== undefined)
  if (named) checkVersion(answer, wanted, validators)
  const sure = named || wanted.version === undefined || ifRange(wanted.version).length > 0
  if (!sure || range !== undefined || total !== wanted.from || wanted.end !== undefined) {
    throw lies(answer.url, 'denies a range that it has')
  }
  if (total !== (knownLength(wanted) ?? total)) throw changed(answer.url)
  return { start: wanted.from, isWanted: true, validators, skip: 0, bytes: 0, rangesSupported: true }
}

/** Different versions never mix; neither do an answer that names none and one that does. */
function checkVersion(answer: Answer, wanted: Wanted, validators: Validators): void {
  if (wanted.version !== undefined && !isVersion(wanted.version, validators)) throw changed(answer.url)
  const known = knownLength(wanted)
  if (known !== undefined && validators.length !== known) throw lies(answer.url, 'gives one version two lengths')
}

function knownLength({ length, version }: Wanted): number | undefined {
  return length ?? (version === undefined ? undefined : lengthInName(version))
}
