// What an answer to "the content from byte N on" holds: which version, which bytes, or why it is of no use.
import { isVersion, type Validators } from '../core/version.ts'
import type { Answer } from './answer.ts'
import { contentLength, contentRange } from './content-range.ts'
import { changed, lies, NoRangesError, statusError } from './failures.ts'
import { field } from './fields.ts'
import { type Condition, ifRange, lengthInName, validatorsOf } from './validators.ts'

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
}

/** What the answer's body holds. */
export interface Rest {
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
  if (answer.status === 200 || answer.status === 203) return whole(answer, wanted)
  throw statusError(answer.status, answer.headers, answer.url)
}

function whole(answer: Answer, wanted: Wanted): Rest {
  const bytes = contentLength(answer.headers, answer.url)
  const validators = validatorsOf(answer.headers, bytes ?? knownLength(wanted))
  checkVersion(answer, wanted, validators)
  if (wanted.end !== undefined) throw new NoRangesError(answer.url, 'it sent the whole content instead')
  if (bytes !== undefined && wanted.from > bytes) throw lies(answer.url, 'sent less than before')
  const rangesSupported = /\bbytes\b/i.test(field(answer.headers, 'accept-ranges') ?? '')
  return { validators, skip: wanted.from, bytes: bytes ?? validators.length, rangesSupported }
}

function partial(answer: Answer, wanted: Wanted): Rest {
  const { from, end } = wanted
  if (from === 0 && end === undefined) throw lies(answer.url, 'sent a range unasked')
  const { range, total } = contentRange(answer.headers, answer.url)
  const validators = validatorsOf(answer.headers, total ?? knownLength(wanted))
  checkVersion(answer, wanted, validators)
  if (range === undefined || range.start !== from || (end !== undefined && range.end !== end)) {
    throw lies(answer.url, 'sent another range than asked')
  }
  if (end === undefined && validators.length === undefined) throw lies(answer.url, 'sent a range without a total')
  if (validators.length !== undefined && range.end > validators.length) throw lies(answer.url, 'sent more than there is')
  const bytes = range.end - range.start
  if ((contentLength(answer.headers, answer.url) ?? bytes) !== bytes) throw lies(answer.url, 'sent a range of another length')
  return { validators, skip: 0, bytes, rangesSupported: true }
}

/** 416 for the rest of a content that has no further byte is how HTTP says that all is there. */
function nothingLeft(answer: Answer, wanted: Wanted): Rest {
  if (wanted.from === 0 && wanted.end === undefined) throw statusError(416, answer.headers, answer.url)
  const { range, total } = contentRange(answer.headers, answer.url)
  const validators = validatorsOf(answer.headers, total)
  // Many origins name no version in this answer; then it is If-Range that they have answered.
  const byDate = wanted.version?.startsWith('etag ') !== true
  const named = validators.etag !== undefined || (byDate && validators.lastModified !== undefined)
  if (named) checkVersion(answer, wanted, validators)
  const sure = named || wanted.version === undefined || ifRange(wanted.version).length > 0
  if (!sure || range !== undefined || total !== wanted.from || wanted.end !== undefined) {
    throw lies(answer.url, 'denies a range that it has')
  }
  if (total !== (knownLength(wanted) ?? total)) throw changed(answer.url)
  return { validators, skip: 0, bytes: 0, rangesSupported: true }
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
