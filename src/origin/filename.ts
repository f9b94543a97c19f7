// Derives a safe file name from an origin's answer or a URL.
import { parse } from 'content-disposition'
import type { AnswerHeaders } from './fields.ts'
import { field, fieldText } from './fields.ts'

/** The usual limit of file systems (NAME_MAX). */
export const MAX_FILE_NAME_BYTES = 255

/** Control characters, and the marks that let a name read differently from what it is (Unicode bidi controls). */
const INVISIBLE = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/**
 * Only the last part of a path, without control characters and leading dots (so that no origin writes a `.bashrc`),
 * at most 255 bytes of UTF-8. Empty if nothing is left.
 */
export function cleanFileName(name: string): string {
  const base = name.toWellFormed().split(/[/\\]/).at(-1) ?? ''
  return cut(base.replace(INVISIBLE, '').trim().replace(/^\.+/, '').trim(), MAX_FILE_NAME_BYTES).trim()
}

/** The last segment of the URL's path, decoded and cleaned; empty if it has none. */
export function fileNameFromUrl(url: string): string {
  const segment = URL.parse(url)?.pathname.split('/').at(-1) ?? ''
  try {
    return cleanFileName(decodeURIComponent(segment))
  } catch {
    return cleanFileName(segment)
  }
}

/** The cleaned name of Content-Disposition (RFC 6266); empty if the answer has none. */
export function fileNameFromHeaders(headers: AnswerHeaders): string {
  const disposition = field(headers, 'content-disposition')
  if (disposition === undefined) return ''
  try {
    return cleanFileName(parse(fieldText(disposition)).parameters.filename ?? '')
  } catch {
    return ''
  }
}

/** The longest beginning of `text` that fits, never half a character. */
function cut(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text
  let kept = ''
  let bytes = 0
  for (const character of text) {
    bytes += Buffer.byteLength(character)
    if (bytes > maxBytes) break
    kept += character
  }
  return kept
}
