// Reads one page of a folder's index: HTML with links (nginx, Apache, python -m http.server), or an S3 list of keys (XML).
import { Parser } from 'htmlparser2'
import { MAX_URL_BYTES } from '../../core/asked-url.ts'
import type { DragonflyError } from '../../core/errors.ts'
import { isFileName } from '../../core/file-name.ts'
import { Completeness, checkDepth, cutOff, MAX_LINKS, tooManyLinks } from './whole-page.ts'

/** Some pages have two links to each file, and others in every order. */
const MAX_LOOKS = 3 * MAX_LINKS
/** Characters of what a page says beside one link. */
const MAX_STAMP = 200

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
  /** What the page says of it besides: time and size as they are written there. Empty: nothing. */
  stamp: string
  /** Of a list of keys: the ETag, without quotes. */
  etag?: string
  /** Bytes, where the page says so; HTML may mean something else by its last number. */
  length?: number
  /** Of a list of keys: milliseconds since 1970. */
  modified?: number
}

export interface IndexPage {
  files: Found[]
  /** Indexes of folders. */
  folders: string[]
  /** The next page of the same list. */
  next: string | undefined
  /** The first name below the root that cannot be the name of a file. */
  hostile: string | undefined
  /** Why there may be more than is on the page, and on those behind it. */
  flaw: DragonflyError | undefined
}

/** A URL with neither query nor a slash at its end is a folder all the same. */
export function rootOf(text: string): Root {
  const url = new URL(text)
  url.hash = ''
  if (url.search === '' && !url.pathname.endsWith('/')) url.pathname += '/'
  const prefix = url.searchParams.get('prefix') ?? ''
  return { url, prefix: prefix.slice(0, prefix.lastIndexOf('/') + 1) }
}

/** Throws `bad-option` for what is no index. */
export function readIndex(text: string, url: string, root: Root): IndexPage {
  return /^\s*(?:<\?xml[^>]*\?>\s*)?<ListBucketResult\b/.test(text.replace(/^\ufeff/, ''))
    ? readBucket(text, url, root)
    : readLinks(text, url, root)
}

function readLinks(text: string, url: string, root: Root): IndexPage {
  const page: IndexPage = { files: [], folders: [], next: undefined, hostile: undefined, flaw: undefined }
  const seen = new Set<string>()
  const whole = new Completeness()
  let isInLink = false
  let looked = 0
  let last: Found | undefined
  const parser = new Parser({
    onopentag: (tag, { href }) => {
      whole.opened(tag)
      if (tag !== 'a') return
      isInLink = true
      last = undefined
      if (++looked > MAX_LOOKS) page.flaw ??= tooManyLinks()
      const link = href === undefined || page.flaw !== undefined ? undefined : linkBelow(href, url, root)
      if (link === undefined || seen.has(link.href)) return
      if (seen.size >= MAX_LINKS) {
        page.flaw ??= tooManyLinks()
        return
      }
      seen.add(link.href)
      const rest = link.pathname.slice(root.url.pathname.length)
      const path = link.href.length > MAX_URL_BYTES ? undefined : pathOf(rest.replace(/\/$/, '').split('/').map(decoded))
      if (path === undefined) page.hostile ??= rest
      else if (rest.endsWith('/')) page.folders.push(link.href)
      else {
        last = { url: link.href, path, stamp: '' }
        page.files.push(last)
      }
    },
    ontext: part => {
      whole.said(part)
      if (last !== undefined && !isInLink && last.stamp.length < MAX_STAMP) last.stamp += `${part.slice(0, MAX_STAMP)} `
    },
    onclosetag: tag => {
      whole.closed(tag)
      if (tag === 'a') isInLink = false
    },
  })
  parser.write(text)
  whole.ended()
  parser.end()
  page.flaw ??= whole.check(page.files.length + page.folders.length > 0 || page.hostile !== undefined)
  for (const file of page.files) stampHtml(file)
  return page
}

function stampHtml(file: Found): void {
  file.stamp = copied(file.stamp.replace(/\s+/g, ' ').trim().slice(0, MAX_STAMP))
  const size = /(?:^| )(\d{1,15})$/.exec(file.stamp)?.[1]
  if (size !== undefined) file.length = Number(size)
}

/** A part of a string keeps all of it in memory: a page, for one line of it. */
function copied(part: string): string {
  return Buffer.from(part).toString()
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

interface Key {
  key: string
  etag: string
  size: string
  modified: string
}

interface Bucket {
  keys: Key[]
  prefixes: string[]
  isTruncated: boolean
  token: string | undefined
  marker: string | undefined
  isEncoded: boolean
  isWhole: boolean
  isTooLong: boolean
}

function readBucket(text: string, url: string, root: Root): IndexPage {
  const bucket = bucketOf(text)
  const plain = (name: string) => (bucket.isEncoded ? decoded(name.replaceAll('+', '%20')) : name)
  const next = nextOf(bucket, url, plain)
  const isCut = !bucket.isWhole || (bucket.isTruncated && next === undefined)
  const flaw = bucket.isTooLong ? tooManyLinks() : isCut ? cutOff() : undefined
  const page: IndexPage = { files: [], folders: [], next, hostile: undefined, flaw }
  for (const { key: name, etag, size, modified } of bucket.keys) {
    const key = plain(name)
    // an empty object that stands for a folder
    if (key.endsWith('/')) continue
    const path =
      key.length <= MAX_URL_BYTES && key.startsWith(root.prefix) ? pathOf(key.slice(root.prefix.length).split('/')) : undefined
    if (path === undefined) page.hostile ??= key
    else {
      page.files.push({ url: urlOfKey(key, root), path, ...factsOf({ key, etag, size, modified }) })
    }
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

function factsOf({ etag, size, modified }: Key): Omit<Found, 'url' | 'path'> {
  const at = Date.parse(modified)
  return {
    stamp: [etag, size, modified].join(' ').slice(0, MAX_STAMP),
    etag: etag.slice(0, MAX_STAMP),
    ...(/^\d{1,15}$/.test(size) && { length: Number(size) }),
    ...(at >= 0 && { modified: at }),
  }
}

function bucketOf(text: string): Bucket {
  const bucket: Bucket = {
    ...{ keys: [], prefixes: [], isTruncated: false, token: undefined, marker: undefined },
    ...{ isEncoded: false, isWhole: false, isTooLong: false },
  }
  const add = <T>(list: T[], item: T) => {
    if (list.length < MAX_LINKS) list.push(item)
    else bucket.isTooLong = true
  }
  const open: string[] = []
  let value = ''
  let item: Key = { key: '', etag: '', size: '', modified: '' }
  const parser = new Parser(
    {
      onopentag: tag => {
        checkDepth(open.push(tag))
        if (open.length === 2) item = { key: '', etag: '', size: '', modified: '' }
        value = ''
      },
      ontext: part => {
        value += part
      },
      onclosetag: () => {
        const place = open.slice(1).join('/')
        if (place === 'Contents/Key') item.key = value
        else if (place === 'Contents/ETag') item.etag = value.trim().replace(/^"|"$/g, '')
        else if (place === 'Contents/Size') item.size = value.trim()
        else if (place === 'Contents/LastModified') item.modified = value.trim()
        else if (place === 'Contents') add(bucket.keys, item)
        else if (place === 'CommonPrefixes/Prefix') add(bucket.prefixes, value)
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
  parser.write(text)
  bucket.isWhole = open.length === 0
  parser.end()
  return bucket
}

/** Lists of version 2 have a token; those of version 1 go on behind a key. */
function nextOf({ isTruncated, token, marker, keys }: Bucket, url: string, plain: (name: string) => string): string | undefined {
  if (!isTruncated) return undefined
  const next = new URL(url)
  const last = marker ?? keys.at(-1)?.key
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
