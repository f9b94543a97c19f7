// Reads one page of a folder's index: HTML with links (nginx, Apache, python -m http.server), or an S3 list of keys (XML).
import { Parser } from 'htmlparser2'
import { UsageError } from './errors.ts'
import { isFileName } from './tree-names.ts'

/** Links of one page; S3 has at most 1,000 keys on one. */
const MAX_LINKS = 100_000

/** Where a walk began. */
export interface Root {
  url: URL
  /** Of S3 keys: as far as the last slash of the prefix that was asked for. Else empty. */
  prefix: string
}

export interface Found {
  url: string
  /** Below the root: names of folders, and of the file. Each is the name of one file and nothing else. */
  path: string[]
}

export interface IndexPage {
  files: Found[]
  /** Indexes of folders. */
  folders: string[]
  /** The next page of the same list. */
  next: string | undefined
  /** The first name below the root that cannot be the name of a file. */
  hostile: string | undefined
}

/** A URL with neither query nor a slash at its end is a folder all the same. */
export function rootOf(text: string): Root {
  const url = new URL(text)
  url.hash = ''
  if (url.search === '' && !url.pathname.endsWith('/')) url.pathname += '/'
  const prefix = url.searchParams.get('prefix') ?? ''
  return { url, prefix: prefix.slice(0, prefix.lastIndexOf('/') + 1) }
}

/** Throws a UsageError for what is no index. */
export function readIndex(text: string, url: string, root: Root): IndexPage {
  return /^\s*(?:<\?xml[^>]*\?>\s*)?<ListBucketResult\b/.test(text.replace(/^\ufeff/, ''))
    ? readBucket(text, url, root)
    : readLinks(text, url, root)
}

function readLinks(text: string, url: string, root: Root): IndexPage {
  const page: IndexPage = { files: [], folders: [], next: undefined, hostile: undefined }
  const seen = new Set<string>()
  let isMarkup = false
  const parser = new Parser({
    onopentag: (tag, { href }) => {
      isMarkup = true
      const link = tag === 'a' && href !== undefined && seen.size < MAX_LINKS ? linkBelow(href, url, root) : undefined
      if (link === undefined || seen.has(link.href)) return
      seen.add(link.href)
      const rest = link.pathname.slice(root.url.pathname.length)
      const path = pathOf(rest.replace(/\/$/, '').split('/').map(decoded))
      if (path === undefined) page.hostile ??= rest
      else if (rest.endsWith('/')) page.folders.push(link.href)
      else page.files.push({ url: link.href, path })
    },
  })
  parser.end(text)
  if (!isMarkup) throw new UsageError('this is no index of a folder', 'without --recursive it is downloaded as it is')
  return page
}

/** Undefined: it leads elsewhere, or sorts the page in another order. */
function linkBelow(href: string, page: string, { url: root }: Root): URL | undefined {
  const link = URL.parse(href, page)
  if (link === null || link.search !== '' || link.protocol !== root.protocol || link.host !== root.host) return undefined
  if (!link.pathname.startsWith(root.pathname) || link.pathname === root.pathname) return undefined
  link.hash = ''
  link.username = root.username
  link.password = root.password
  return link
}

interface Bucket {
  keys: string[]
  prefixes: string[]
  isTruncated: boolean
  token: string | undefined
  marker: string | undefined
  isEncoded: boolean
}

function readBucket(text: string, url: string, root: Root): IndexPage {
  const bucket = bucketOf(text)
  const plain = (name: string) => (bucket.isEncoded ? decoded(name.replaceAll('+', '%20')) : name)
  const page: IndexPage = { files: [], folders: [], next: nextOf(bucket, url, plain), hostile: undefined }
  for (const key of bucket.keys.map(plain)) {
    // an empty object that stands for a folder
    if (key.endsWith('/')) continue
    const path = key.startsWith(root.prefix) ? pathOf(key.slice(root.prefix.length).split('/')) : undefined
    if (path === undefined) page.hostile ??= key
    else page.files.push({ url: urlOfKey(key, root), path })
  }
  for (const prefix of bucket.prefixes.map(plain)) {
    if (!prefix.startsWith(root.prefix) || prefix === root.prefix) continue
    const below = new URL(url)
    below.searchParams.set('prefix', prefix)
    for (const name of ['continuation-token', 'marker', 'start-after']) below.searchParams.delete(name)
    page.folders.push(below.href)
  }
  return page
}

function bucketOf(text: string): Bucket {
  const bucket: Bucket = { keys: [], prefixes: [], isTruncated: false, token: undefined, marker: undefined, isEncoded: false }
  const open: string[] = []
  let value = ''
  const parser = new Parser(
    {
      onopentag: tag => {
        open.push(tag)
        value = ''
      },
      ontext: part => {
        value += part
      },
      onclosetag: () => {
        const place = open.slice(1).join('/')
        if (place === 'Contents/Key' && bucket.keys.length < MAX_LINKS) bucket.keys.push(value)
        else if (place === 'CommonPrefixes/Prefix' && bucket.prefixes.length < MAX_LINKS) bucket.prefixes.push(value)
        else if (place === 'IsTruncated') bucket.isTruncated = value.trim() === 'true'
        else if (place === 'NextContinuationToken') bucket.token = value
        else if (place === 'NextMarker') bucket.marker = value
        else if (place === 'EncodingType') bucket.isEncoded = value.trim() === 'url'
        open.pop()
        value = ''
      },
    },
    { xmlMode: true },
  )
  parser.end(text)
  return bucket
}

/** Lists of version 2 have a token; those of version 1 go on behind a key. */
function nextOf({ isTruncated, token, marker, keys }: Bucket, url: string, plain: (name: string) => string): string | undefined {
  if (!isTruncated) return undefined
  const next = new URL(url)
  const last = marker ?? keys.at(-1)
  if (token !== undefined) next.searchParams.set('continuation-token', token)
  else if (last !== undefined) next.searchParams.set('marker', plain(last))
  else return undefined
  return next.href
}

function urlOfKey(key: string, { url: root }: Root): string {
  const url = new URL(root)
  url.search = ''
  const folder = url.pathname.endsWith('/') ? url.pathname : `${url.pathname}/`
  url.pathname = folder + key.split('/').map(encodeURIComponent).join('/')
  return url.href
}

/** Undefined: not every part is the name of one file. */
function pathOf(names: readonly string[]): string[] | undefined {
  return names.every(isFileName) ? [...names] : undefined
}

/** What is not UTF-8 stays as it is written. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
