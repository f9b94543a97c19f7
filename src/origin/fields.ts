// Reads header fields of an answer as undici delivers them.
import { isUtf8 } from 'node:buffer'

/** No media type that is in use is longer; it may have parameters. */
const MAX_TYPE_CHARS = 255

export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>

/** A field's value. A field that comes twice with different values says nothing: undefined. */
export function field(headers: AnswerHeaders, name: string): string | undefined {
  const value = headers[name]
  if (!Array.isArray(value)) return value
  return value.every(other => other === value[0]) ? value[0] : undefined
}

/** A value as text: undici gives one character per byte, servers often mean UTF-8. */
export function fieldText(value: string): string {
  const bytes = Buffer.from(value, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : value
}

/** Content-Type; undefined without one that can be sent on. */
export function typeOf(headers: AnswerHeaders): string | undefined {
  const type = field(headers, 'content-type')?.trim() ?? ''
  return /^[\x20-\x7e]+$/.test(type) && type.length <= MAX_TYPE_CHARS ? type : undefined
}
