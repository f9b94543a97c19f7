// Checks single fields for all codecs; a bad one is a `protocol` error, and results share no memory with the input.
import { DragonflyError } from '../core/errors.ts'
import { cleanFileName } from '../core/file-name.ts'
import { LIMITS } from './limits.ts'

/** Says that the other side broke the protocol. */
export function malformed(what: string): DragonflyError {
  return new DragonflyError('protocol', `malformed message: ${what}`)
}

/** Runs a decoder over bytes from outside: whatever it throws becomes a `protocol` error. */
export function decoding<T>(bytes: Uint8Array, max: number, decode: (bytes: Uint8Array) => T): T {
  try {
    if (bytes.byteLength > max) throw malformed(`${bytes.byteLength} bytes, ${max} allowed`)
    return decode(bytes)
  } catch (error) {
    if (error instanceof DragonflyError) throw error
    throw new DragonflyError('protocol', `malformed message: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}

/** Runs an encoder; a value that the other side would refuse is our own mistake (`internal`) and is not sent. */
export function encoding(max: number, encode: () => Uint8Array): Uint8Array {
  try {
    const bytes = encode()
    if (bytes.byteLength > max) throw malformed(`${bytes.byteLength} bytes, ${max} allowed`)
    return bytes
  } catch (error) {
    throw new DragonflyError('internal', `will not send: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}

/** Bytes of a length within bounds, copied: a small field must not keep a large message in memory. */
export function bytesField(bytes: Uint8Array, min: number, max: number, what: string): Uint8Array<ArrayBuffer> {
  if (bytes.byteLength < min || bytes.byteLength > max) throw malformed(`${what} of ${bytes.byteLength} bytes`)
  return new Uint8Array(bytes)
}

/** Text of at most `max` bytes. Lone surrogates are refused: two texts must not have the same bytes. */
export function textField(text: string, max: number, what: string): string {
  if (text.length > max || Buffer.byteLength(text) > max) throw malformed(`${what} longer than ${max} bytes`)
  if (!text.isWellFormed()) throw malformed(`${what} is not UTF-8`)
  return text
}

/** A CID as text: never empty, visible ASCII only. Whether it is the right one is for the caller to compare. */
export function cidTextField(text: string, what: string): string {
  if (!/^[!-~]+$/.test(text) || text.length > LIMITS.cidText) throw malformed(`${what} is not a CID`)
  return text
}

export function integerField(value: number, min: number, max: number, what: string): number {
  if (!Number.isSafeInteger(value) || value < min || value > max) throw malformed(`${what} is ${value}`)
  return value
}

export function pieceIndexField(value: number): number {
  return integerField(value, 0, LIMITS.pieces - 1, 'piece index')
}

/** How many wait; what does not fit an index is as good as the largest. */
export function loadField(value: number, what = 'load'): number {
  return integerField(value, 0, LIMITS.pieces, what)
}

export function queueField(value: number): number {
  return integerField(value, 0, 0xffffffff, 'queue')
}

/** How many links; hearsay, so any number will do. */
export function linksField(value: number): number {
  return integerField(value, 0, 0xffffffff, 'links')
}

/** A list of at most `max`. */
export function listField<T>(list: readonly T[], max: number, what: string): readonly T[] {
  if (list.length > max) throw malformed(`${list.length} ${what}, ${max} allowed`)
  return list
}

/** The name if it is safe to show and to make a file of, else '': it is advice from a stranger (RFC 6266 §4.3). */
export function fileNameField(name: string): string {
  return name.length <= LIMITS.fileName && cleanFileName(name) === name ? name : ''
}
