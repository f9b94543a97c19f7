// Walks the indexes of folders on an HTTP server, and finds the files below them.
import type { GetOptions, HeaderList } from '../index.ts'
import { printable, UsageError } from './errors.ts'
import { type Command, withLogin } from './get-one.ts'
import { type Root, readIndex, rootOf } from './index-page.ts'

/** Bytes of one page. */
const MAX_PAGE = 16 * 1024 * 1024
/** For one page: a server that sends it drop by drop must not keep the command for ever. Milliseconds; 16 MiB take 28 KiB/s. */
const PAGE_MS = 600_000
const MAX_PAGES = 10_000
/** Folders below the first one, unless --level says otherwise. */
const DEFAULT_LEVEL = 16

export interface WalkLimits {
  /** Undefined: 16, and deeper is a failure. */
  level: number | undefined
  maxFiles: number
}

interface Page {
  url: string
  root: Root
  level: number
}

/** Resolves to the text of the page; rejects when it cannot be had. */
export type ReadPage = (url: string) => Promise<string>

/** A file below an index, or what went wrong with a page. */
export interface WalkStep {
  url: string
  path: string[]
  error?: unknown
}

/**
 * All files below the URLs, folder by folder, each once. Nothing above the URLs is looked at. Whatever an index says, it ends: at
 * so many files, pages and folders deep.
 */
export async function* walk(urls: readonly string[], read: ReadPage, { level, maxFiles }: WalkLimits): AsyncGenerator<WalkStep> {
  const roots = urls.map(rootOf)
  const pages: Page[] = roots.map(root => ({ url: root.url.href, root, level: 0 }))
  const seen = new Set(pages.map(({ url }) => url))
  const files = new Set<string>()
  let isTooDeep = false
  for (let page = pages.shift(); page !== undefined; page = pages.shift()) {
    const { url, root } = page
    try {
      const { files: found, folders, next, hostile } = readIndex(await read(url), url, root)
      for (const file of found) {
        if (files.has(file.url)) continue
        if (files.size >= maxFiles) return yield failed(url, tooMany(`files`, maxFiles, 'raise it with --max-files'))
        files.add(file.url)
        yield file
      }
      if (hostile !== undefined) yield failed(url, notAName(hostile))
      if (page.level >= (level ?? DEFAULT_LEVEL)) isTooDeep ||= folders.length > 0
      else pages.push(...fresh(folders, seen).map(url => ({ url, root, level: (page as Page).level + 1 })))
      if (next !== undefined) pages.unshift(...fresh([next], seen).map(url => ({ ...(page as Page), url })))
    } catch (error) {
      yield failed(url, error)
    }
    if (seen.size > MAX_PAGES) return yield failed(url, tooMany('folders', MAX_PAGES, 'give a URL further down'))
  }
  const [first] = roots
  if (isTooDeep && level === undefined && first !== undefined) {
    yield failed(first.url.href, tooMany('folders one in the other', DEFAULT_LEVEL, 'raise it with --level'))
  }
}

function fresh(urls: readonly string[], seen: Set<string>): string[] {
  return urls.filter(url => !seen.has(url) && seen.add(url))
}

function failed(url: string, error: unknown): WalkStep {
  return { url, path: [], error }
}

function tooMany(what: string, most: number, hint: string): UsageError {
  return new UsageError(`more than ${most} ${what}; the rest was left out`, hint)
}

function notAName(name: string): UsageError {
  const shown = JSON.stringify(printable(name).slice(0, 100))
  return new UsageError(`the index has a name that no file can have here: ${shown}`, 'such names were left out', 'bad-url')
}

/** What is below a URL, as its server has it now. */
export function below(url: string, command: Command): AsyncGenerator<WalkStep> {
  const { level, maxFiles } = command.flags
  return walk([url], pageOf(command), { level, maxFiles })
}

/** Through the node, as a content: by its proxies and limits, with what it knows of seeds; and as the origin has it now. */
export function pageOf({ node, options, headers }: Command): ReadPage {
  const { filter: _filter, range: _range, trace: _trace, explain: _explain, ...rest } = options
  return async url => {
    const signal = AbortSignal.any([...(rest.signal ? [rest.signal] : []), AbortSignal.timeout(PAGE_MS)])
    const attempt = (some: HeaderList) =>
      pageText(node.get(url, { ...rest, signal, keep: false, revalidate: true, ...given(some) }))
    return await withLogin(url, headers, attempt)
  }
}

function given(headers: HeaderList): Pick<GetOptions, 'headers'> {
  return headers.length === 0 ? {} : { headers }
}

async function pageText(stream: AsyncIterable<Uint8Array> & { receipt: Promise<unknown> }): Promise<string> {
  // the iteration throws the same error, and comes first
  stream.receipt.catch(() => {})
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of stream) {
    length += chunk.byteLength
    if (length > MAX_PAGE) throw new UsageError('longer than 16 MiB: no index of a folder, and no Metalink')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
