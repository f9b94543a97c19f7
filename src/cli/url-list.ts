// Collects URLs from the command line and from a list, each once and in order.
import { createReadStream } from 'node:fs'
import { addAbortSignal } from 'node:stream'
import { UsageError } from './errors.ts'
import { linesOf } from './lines.ts'

/** Characters; no URL may be longer. */
const MAX_LINE = 8 * 1024
const MAX_URLS = 100_000
/** Characters of a list, comments included. */
const MAX_LIST = 32 * 1024 * 1024

/**
 * The URLs named, then those of the list. Rejects with a UsageError when there is none, when the list cannot be read or is
 * too large, and when `signal` is aborted before its end.
 */
export async function urlsOf(named: readonly string[], list: string | undefined, signal: AbortSignal): Promise<string[]> {
  const urls = new Set(named)
  if (list !== undefined) await readList(list, urls, signal)
  if (urls.size === 0) throw new UsageError('no URL given', 'give URLs, or a list of them with -i FILE')
  if (urls.size > MAX_URLS) throw new UsageError(`more than ${MAX_URLS} URLs`, 'split the list')
  return [...urls]
}

/** One URL a line; what begins with # is a comment. `-` is standard input. */
async function readList(file: string, urls: Set<string>, signal: AbortSignal): Promise<void> {
  const isStdin = file === '-'
  const stream = isStdin ? process.stdin.setEncoding('utf8') : createReadStream(file, 'utf8')
  addAbortSignal(signal, stream)
  const name = isStdin ? 'standard input' : file
  let length = 0
  for await (const line of linesOf(name, MAX_LINE, stream)) {
    length += line.length + 1
    const url = line.trim()
    if (url !== '' && !url.startsWith('#')) urls.add(url)
    if (length > MAX_LIST) throw new UsageError(`${name}: longer than ${MAX_LIST} characters`)
    if (urls.size > MAX_URLS) throw new UsageError(`${name}: more than ${MAX_URLS} URLs`, 'split the list')
  }
}

/** The URL without user and password; undefined when the text is not a URL. */
export function withoutUser(text: string): string | undefined {
  const url = URL.parse(text)
  if (url === null) return undefined
  if (url.username === '' && url.password === '') return text
  url.username = ''
  url.password = ''
  return url.href
}
