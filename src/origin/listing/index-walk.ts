// Walks the indexes of folders on an HTTP server, and finds the files below them.
import { DragonflyError } from '../../core/errors.ts'
import { type Found, type Root, readIndex, rootOf } from './index-page.ts'
import { cutOff } from './whole-page.ts'

/** Bytes of one page. */
export const MAX_INDEX_PAGE = 16 * 1024 * 1024
/** For one page: a server that sends it drop by drop must not keep anybody for ever. Milliseconds; 16 MiB take 28 KiB/s. */
export const INDEX_PAGE_MS = 600_000
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
export interface WalkStep extends Omit<Found, 'stamp'> {
  /** As in `Found`; only of a file. */
  stamp?: string
  error?: unknown
}

/**
 * All files below the URLs, folder by folder, each once. Nothing above the URLs is looked at. Whatever an index says, it ends: at
 * so many files, pages and folders deep.
 */
export async function* walkIndex(
  urls: readonly string[],
  read: ReadPage,
  { level, maxFiles }: WalkLimits,
): AsyncGenerator<WalkStep> {
  const roots = urls.map(rootOf)
  const pages: Page[] = roots.map(root => ({ url: root.url.href, root, level: 0 }))
  const seen = new Set(pages.map(({ url }) => url))
  const files = new Set<string>()
  let isTooDeep = false
  for (let page = pages.shift(); page !== undefined; page = pages.shift()) {
    const { url, root } = page
    try {
      const { files: found, folders, next, hostile, flaw } = readIndex(await read(url), url, root)
      for (const file of found) {
        if (files.has(file.url)) continue
        if (files.size >= maxFiles) return yield failed(url, tooMany(`files`, maxFiles, 'raise it with --max-files'))
        files.add(file.url)
        yield file
      }
      if (flaw !== undefined) yield failed(url, flaw)
      if (hostile !== undefined) yield failed(url, notAName(hostile))
      if (page.level >= (level ?? DEFAULT_LEVEL)) isTooDeep ||= folders.length > 0
      else pages.push(...fresh(folders, seen).map(url => ({ url, root, level: (page as Page).level + 1 })))
      const [again] = next === undefined ? [] : fresh([next], seen)
      // a cache that does not look at the query: the rest of the list is not known
      if (again === undefined && next !== undefined) throw cutOff()
      if (again !== undefined) pages.unshift({ ...page, url: again })
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

function tooMany(what: string, most: number, hint: string): DragonflyError {
  return new DragonflyError('bad-option', `more than ${most} ${what}; the rest was left out`, { hint })
}

function notAName(name: string): DragonflyError {
  const shown = JSON.stringify(
    name
      .slice(0, 100)
      .replace(/\p{Cc}/gu, ' ')
      .toWellFormed(),
  )
  return new DragonflyError('bad-url', `the index has a name that no file can have here: ${shown}`, {
    hint: 'such names were left out',
  })
}
