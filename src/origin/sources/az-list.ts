// One page of the list of a container (List Blobs).
import { Parser } from 'htmlparser2'
import { lies } from '../failures.ts'
import type { Page } from './pages.ts'

/** So that a page with the longest names fits into what is read of one. */
export const BLOBS_OF_PAGE = 1000
const MAX_MARKER_CHARS = 4096

export interface AzItem {
  name: string
  /** NaN: it is not said. */
  length: number
  modified: number
}

/** Throws `origin-lies`. */
export function azPageIn(text: string, url: string): Page<AzItem> {
  const items: AzItem[] = []
  const path: string[] = []
  let item: Record<string, string> = {}
  let next = ''
  let root = ''
  let value = ''
  const parser = new Parser(
    {
      onopentag: tag => {
        path.push(tag)
        value = ''
        if (tag === 'Blob') item = {}
      },
      ontext: part => {
        value += part
      },
      onclosetag: tag => {
        if (path.length === 1) root = tag
        else if (path.length === 2 && tag === 'NextMarker') next = value
        else if (path[2] === 'Blob' && path.length === 3) items.push(itemOf(item))
        else if (path[2] === 'Blob') item[tag] = value
        path.pop()
        value = ''
      },
    },
    { xmlMode: true },
  )
  parser.end(text)
  if (root !== 'EnumerationResults') throw lies(url, 'sent no list of a container')
  if (next.length > MAX_MARKER_CHARS) throw lies(url, 'sent a malformed marker of the next page')
  if (items.length > BLOBS_OF_PAGE) throw lies(url, `sent a page of more than ${BLOBS_OF_PAGE} blobs`)
  return { files: items, next: next === '' ? undefined : next }
}

function itemOf(fields: Record<string, string>): AzItem {
  const length = fields['Content-Length'] ?? ''
  return {
    name: fields.Name ?? '',
    length: /^\d+$/.test(length) ? Number(length) : Number.NaN,
    modified: Date.parse(fields['Last-Modified'] ?? ''),
  }
}
