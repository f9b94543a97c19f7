// The file name that an origin's answer suggests.
import { parse } from 'content-disposition'
import { cleanFileName } from '../core/file-name.ts'
import type { AnswerHeaders } from './fields.ts'
import { field, fieldText } from './fields.ts'

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
