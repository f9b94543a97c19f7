// A version: one state of the origin's content. Different versions never mix.
import { hex } from './digest.ts'
import { sha256 } from './piece.ts'

/** What an HTTP answer says about the state that it shows (RFC 9110 §8.8). */
export interface Validators {
  etag: string | undefined
  lastModified: string | undefined
  /** Bytes of the whole content. */
  length: number | undefined
}

/**
 * The version's name: the strong ETag, else Last-Modified with the length, else the weak ETag with the length, else
 * `once` (a name that only this read has): without any validator two reads cannot be told to show the same state.
 */
export function versionName(v: Validators, once: string): string {
  if (v.etag !== undefined && isStrong(v.etag)) return bounded('etag', v.etag)
  if (v.lastModified !== undefined && v.length !== undefined) return bounded('modified', `${v.lastModified} ${v.length}`)
  if (v.etag !== undefined && v.length !== undefined) return bounded('weak', `${v.etag} ${v.length}`)
  return `once ${once}`
}

/** Whoever makes validators of more than a few hundred bytes gets their digest as name: equal names stay equal states. */
function bounded(kind: string, text: string): string {
  return text.length <= 256 ? `${kind} ${text}` : `${kind} sha256:${hex(sha256(Buffer.from(text)))}`
}

/** Whether an answer with these validators shows the version of this name. A `once` version is never seen again. */
export function isVersion(name: string, v: Validators): boolean {
  return versionName(v, '') === name
}

/** Whether byte ranges of two answers of this version may be put together (RFC 9110 §13.1.5: a strong validator). */
export function isResumable(name: string): boolean {
  return name.startsWith('etag ') || name.startsWith('modified ')
}

/** Whether the version is named by a strong ETag, which no other state of the URL has. */
export function hasStrongEtag(name: string): boolean {
  return name.startsWith('etag ')
}

/** The validators that a version's name holds, to ask the origin whether it is still there. */
export function validatorsOf(name: string): Validators {
  const [, etag] = /^(?:etag|weak) ((?:W\/)?"[^"]*")/.exec(name) ?? []
  const [, lastModified, length] = /^modified (.*) (\d+)$/.exec(name) ?? []
  return { etag, lastModified, length: length === undefined ? undefined : Number(length) }
}

function isStrong(etag: string): boolean {
  return etag.startsWith('"')
}
