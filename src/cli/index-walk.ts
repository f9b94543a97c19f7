// Walks the indexes of folders on an HTTP server, and finds the files below them.
import path from 'node:path'
import type { GetOptions, HeaderList } from '../index.ts'
import { printable, UsageError } from './errors.ts'
import { FileNames } from './file-names.ts'
import { type Command, type Target, withLogin } from './get-one.ts'
import { type Root, readIndex, rootOf } from './index-page.ts'

/** Bytes of one page. */
const MAX_PAGE = 16 * 1024 * 1024
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

/** What is below the URLs, to be written below the place of the command. */
export async function* below(urls: readonly string[], command: Command): AsyncGenerator<Target> {
  const { flags, place = '.' } = command
  const names = new FileNames([])
  for await (const { url, path: parts, error } of walk(urls, pageOf(command), { level: flags.level, maxFiles: flags.maxFiles })) {
    if (error !== undefined) yield { url, error }
    else yield { url, file: path.join(place, names.of(url, path.join(...parts))) }
  }
}

/** Through the node, as a content: by its proxies and limits, with what it knows of seeds; and as the origin has it now. */
function pageOf({ node, options, headers }: Command): ReadPage {
  const { filter: _filter, range: _range, trace: _trace, explain: _explain, ...rest } = options
  return async url => {
    const attempt = (some: HeaderList) => pageText(node.get(url, { ...rest, keep: false, revalidate: true, ...given(some) }))
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
    if (length > MAX_PAGE) throw new UsageError('this is no index of a folder: it is longer than 16 MiB')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
