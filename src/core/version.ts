// A version: one state of the origin's content, named by its validators. Pieces of different versions are never mixed.
import { hex } from './digest.ts'
import { sha256 } from './piece.ts'

/** What an HTTP answer says about the state that it shows (RFC 9110 §8.8). */
export interface Validators {
  etag: string | undefined
  lastModified: string | undefined
  /** Bytes of the whole content. */
  length: number | undefined
  /** Whether Last-Modified is too near to the answer's date to tell two states apart (RFC 9110 §8.8.2.2). Default false. */
  isDateWeak?: boolean
  /** Content-Encoding in lower case; undefined without. One ETag may stand for several codings of a content. */
  coding?: string | undefined
}

/**
 * The version's name: the strong ETag, else a strong Last-Modified with the length, else what is weak with the length, else
 * `once` (a name that only this read has): without any validator two reads cannot be told to show the same state.
 */
export function versionName(v: Validators, once: string): string {
  return namesOf(v)[0] ?? bounded('once', once, v)
}

/** All names that a state with these validators may have been given, the best first. */
function namesOf(v: Validators): string[] {
  const { etag, lastModified, length, isDateWeak = false } = v
  if (etag !== undefined && isStrong(etag)) return [bounded('etag', etag, v)]
  if (length === undefined) return []
  return [
    ...(lastModified !== undefined && !isDateWeak ? [bounded('modified', `${lastModified} ${length}`, v)] : []),
    ...(etag !== undefined ? [bounded('weak', `${etag} ${length}`, v)] : []),
    ...(lastModified !== undefined ? [bounded('weak', `${lastModified} ${length}`, v)] : []),
  ]
}

/** Whether these validators name a state at all. */
export function hasName(v: Validators): boolean {
  return namesOf(v).length > 0
}

/** Whoever makes validators of more than a few hundred bytes gets their digest as name: equal names stay equal states. */
function bounded(kind: string, validator: string, { coding }: Validators): string {
  const text = coding === undefined ? validator : `${validator} +${coding}`
  return text.length <= 256 ? `${kind} ${text}` : `${kind} sha256:${hex(sha256(Buffer.from(text)))}`
}

/**
 * The version of a content that its digest names: whatever validators an origin gives with these bytes, the digest of the whole
 * decides in the end.
 */
export function digestVersion(sha256: Uint8Array): string {
  return `digest sha256:${hex(sha256)}`
}

function isNamedByDigest(name: string): boolean {
  return name.startsWith('digest ')
}

/** Whether an answer with these validators shows the version of this name. A `once` version is never seen again. */
export function isVersion(name: string, v: Validators): boolean {
  // a coding makes other bytes of it
  if (isNamedByDigest(name)) return v.coding === undefined
  return namesOf(v).includes(name)
}

/** Whether byte ranges of two answers of this version may be put together (RFC 9110 §13.1.5: a strong validator; or a digest). */
export function isResumable(name: string): boolean {
  return isNamedByDigest(name) || name.startsWith('etag ') || name.startsWith('modified ')
}

/** Whether the version is named by a strong ETag or a digest, which no other state of the URL has. */
export function isOneState(name: string): boolean {
  return isNamedByDigest(name) || name.startsWith('etag ')
}

/** The validators that a version's name holds, to ask the origin whether it is still there. */
export function validatorsOf(name: string): Validators {
  const [, etag] = /^(?:etag|weak) ((?:W\/)?"[^"]*")/.exec(name) ?? []
  const [, lastModified, length, coding] = /^(?:modified|weak) ([A-Z][a-z]{2,8}[, ].*) (\d{1,16})(?: \+(\S+))?$/.exec(name) ?? []
  const bytes = length === undefined ? undefined : Number(length)
  return { etag, lastModified, length: bytes, ...(coding !== undefined && { coding }) }
}

/** The Content-Encoding that a version's name holds; undefined without, or behind a digest. */
export function codingInName(name: string): string | undefined {
  return / \+(\S+)$/.exec(name)?.[1]
}

/** Quoted, as RFC 9110 §8.8.3 has it. Servers that forget the quotes are no better at promising bytes. */
function isStrong(etag: string): boolean {
  return /^"[^"]*"$/.test(etag)
}
