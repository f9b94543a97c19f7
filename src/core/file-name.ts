// A file name that is safe to write and to show, from what an origin, a seed or a URL suggests.
import { MAX_FILE_NAME_BYTES } from './manifest.ts'

/** Name of a file whose URL and origin suggest none, as wget has it. */
export const NAMELESS = 'index.html'

/**
 * What nobody sees, or what makes a name read differently from what it is: control characters, line separators, zero-width
 * characters, bidi marks, fillers, variation selectors.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

/** So that no name is hidden (`.bashrc`), or a flag of the program that a shell gives it to (`-rf`). */
const BEGINNING = /^[\s.-]+/u

/**
 * Only the last part of a path, without invisible characters and leading dots and hyphens, at most 255 bytes of UTF-8. Empty if
 * nothing is left.
 */
export function cleanFileName(name: string): string {
  const base = name.toWellFormed().split(/[/\\]/).at(-1) ?? ''
  return cutText(base.replace(INVISIBLE, '').replace(BEGINNING, '').trim(), MAX_FILE_NAME_BYTES).trim()
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

/** The longest beginning of `text` that has at most so many bytes of UTF-8, never half a character. */
export function cutText(text: string, maxBytes: number): string {
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

/** Whether it is the name of one file and nothing else. */
export function isFileName(name: string): boolean {
  if (name === '' || name === '.' || name === '..' || /[/\\\p{Cc}]/u.test(name)) return false
  if (process.platform === 'win32' && (/[<>:"|?*]|[ .]$/.test(name) || /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(name)))
    return false
  return Buffer.byteLength(name) <= MAX_FILE_NAME_BYTES
}
