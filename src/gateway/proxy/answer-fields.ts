// Header fields of an answer from the swarm.
import { create } from 'content-disposition'
import { fileNameFromUrl } from '../../core/file-name.ts'
import type { StreamHead } from '../../node/api/content-head.ts'
import type { Answer } from './conditions.ts'

/** What is known of a content. */
export type Described = Pick<StreamHead, 'length' | 'etag' | 'lastModified' | 'type' | 'fileName'>

export function fieldsOf({ etag, lastModified, type, length, fileName }: Described, answer: Answer, url: string) {
  const fields: Record<string, string> = {
    ...(etag !== undefined && { etag }),
    ...(lastModified !== undefined && { 'last-modified': lastModified }),
  }
  if (answer.type === 'not-modified') return fields
  if (type !== undefined) fields['content-type'] = type
  if (isSuggested(fileName, url)) fields['content-disposition'] = create(fileName)
  if (length !== undefined) fields['accept-ranges'] = 'bytes'
  if (answer.type === 'part') {
    fields['content-range'] = `bytes ${answer.start}-${answer.end - 1}/${length}`
    fields['content-length'] = String(answer.end - answer.start)
  } else if (length !== undefined) fields['content-length'] = String(length)
  return fields
}

/** A name that the URL does not say: it is the origin's. */
function isSuggested(fileName: string, url: string): boolean {
  const named = fileNameFromUrl(url)
  return named !== '' && named !== fileName
}
