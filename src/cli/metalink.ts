// Reads a Metalink 4 (RFC 5854): files with their lengths, digests and URLs.
import { createReadStream } from 'node:fs'
import { Parser } from 'htmlparser2'
import { UsageError, unreadable } from './errors.ts'

/** Bytes of one that is read from a file. */
const MAX_BYTES = 16 * 1024 * 1024
/** Of one file: those of the best priority are tried. */
const MAX_URLS = 16
/** What has no priority comes last (RFC 5854, 4.2.16.2). */
const LAST_PRIORITY = 999_999
const NAMESPACE = 'urn:ietf:params:xml:ns:metalink'

export interface MetaFile {
  /** As it is given: not checked for what this host may have as a name. */
  path: string[]
  /** http(s), the best first; at least one. */
  urls: string[]
  length?: number
  digest?: string
}

interface Draft {
  name: string
  size: string
  sha256: string
  urls: { url: string; priority: number }[]
}

/** In their order; a file without any URL that can be read here is left out. Throws a UsageError for what is no Metalink 4. */
export function parseMetalink(text: string): MetaFile[] {
  const drafts: Draft[] = []
  const open: string[] = []
  let isMetalink = false
  let draft: Draft | undefined
  let attributes: Record<string, string> = {}
  let value = ''
  const parser = new Parser(
    {
      onopentag: (tag, found) => {
        open.push(tag)
        value = ''
        attributes = found
        if (open.length === 1) isMetalink = tag === 'metalink' && found.xmlns === NAMESPACE
        if (open.join('/') !== 'metalink/file') return
        draft = { name: found.name ?? '', size: '', sha256: '', urls: [] }
        drafts.push(draft)
      },
      ontext: part => {
        value += part
      },
      onclosetag: tag => {
        // of a file itself, and not of its pieces
        if (open.length === 3 && draft !== undefined) take(draft, tag, attributes, value.trim())
        open.pop()
        value = ''
      },
    },
    { xmlMode: true },
  )
  parser.end(text.replace(/^\ufeff/, ''))
  if (!isMetalink) throw new UsageError('this is no Metalink 4 (RFC 5854)', 'with -o FILE it is downloaded as it is')
  const files = drafts.map(finished).filter(({ urls }) => urls.length > 0)
  if (files.length === 0) throw new UsageError('the Metalink has no file with an http(s) URL')
  return files
}

/** Rejects with a UsageError. */
export async function readMetalink(file: string): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    // a pipe or a device does not say how long it is
    for await (const chunk of createReadStream(file, { end: MAX_BYTES }) as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      length += chunk.length
    }
  } catch (error) {
    throw unreadable(file, error)
  }
  if (length > MAX_BYTES) throw new UsageError(`${file}: longer than ${MAX_BYTES} bytes`)
  return Buffer.concat(chunks).toString('utf8')
}

function take(draft: Draft, tag: string, { type, priority }: Record<string, string>, value: string): void {
  if (tag === 'size') draft.size = value
  if (tag === 'hash' && type === 'sha-256') draft.sha256 = value.toLowerCase()
  if (tag !== 'url' || !/^https?:$/.test(URL.parse(value)?.protocol ?? '')) return
  const given = Number(priority)
  draft.urls.push({ url: value, priority: Number.isInteger(given) && given >= 1 ? given : LAST_PRIORITY })
}

function finished({ name, size, sha256, urls }: Draft): MetaFile {
  const sorted = urls.sort((a, b) => a.priority - b.priority).map(({ url }) => url)
  return {
    path: name.split('/'),
    urls: [...new Set(sorted)].slice(0, MAX_URLS),
    ...(/^\d{1,15}$/.test(size) && { length: Number(size) }),
    ...(/^[0-9a-f]{64}$/.test(sha256) && { digest: `sha256:${sha256}` }),
  }
}
