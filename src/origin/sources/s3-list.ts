// Lists the objects below a prefix of a bucket (ListObjectsV2).
import { Parser } from 'htmlparser2'
import { DragonflyError } from '../../core/errors.ts'
import type { HeaderList } from '../../core/headers.ts'
import { lies } from '../failures.ts'
import { type StoreAnswer, StoreClient } from './ask.ts'
import type { Credentials } from './aws-credentials.ts'
import { s3Settings } from './aws-settings.ts'
import { allPages, type Page } from './pages.ts'
import { bucketUrl, hostOf, parseS3Folder, type S3Place } from './s3-address.ts'
import { refusalOf } from './s3-refusals.ts'
import { isShown, located } from './s3-region.ts'
import { FILTER, SIGNATURE_MS, Signer, signedNow } from './s3-signer.ts'
import { encodePart, type ListedFile, type SourceReach, type SourceRequest } from './source.ts'

const NO_HEADERS: HeaderList = []
/** The most that stores give. */
const KEYS_OF_PAGE = 1000
const MAX_TOKEN_CHARS = 4096

export interface Item {
  key: string
  size: number
  etag: string
  modified: number
}

/** How the bucket is read: with whose keys, if it is not open to everybody. */
interface Entrance {
  place: S3Place
  credentials: Credentials | undefined
}

/** One request for each page of 1,000, and one or two to find out how the bucket is read. What is no key of a file is left out. */
export async function* listS3(url: string, reach: SourceReach): AsyncGenerator<ListedFile> {
  const { bucket, prefix } = parseS3Folder(url)
  await using client = new StoreClient(reach)
  const opened = await open(client, bucket, prefix)
  let first: StoreAnswer | undefined = opened.answer
  const read = async (next: string | undefined): Promise<Page<Item>> => {
    const answer = first ?? (await client.ask(() => listUrl(opened, bucket, prefix, next), NO_HEADERS, { isPage: true }))
    first = undefined
    if (!isShown(answer)) throw refusalOf(answer, { bucket, key: prefix, versionId: undefined }, { ...opened, isList: true })
    return pageIn(answer.text, url)
  }
  let count = 0
  for await (const { key, size, etag, modified } of allPages(url, read)) {
    if (!key.startsWith(prefix)) throw lies(url, 'listed a key of another prefix')
    // an empty object that stands for a folder
    if (key === prefix || key.endsWith('/')) continue
    count++
    const request = requestFor(`s3://${bucket}/${key}`, bucket, key, opened, reach)
    yield {
      path: key.slice(prefix.length).split('/'),
      url: `s3://${bucket}/${key}`,
      ...(Number.isSafeInteger(size) && size >= 0 && { length: size }),
      // of what was uploaded in one piece; of parts it is another hash, with a dash
      ...(/^[0-9a-f]{32}$/.test(etag) && { checksum: { algorithm: 'md5', hex: etag } }),
      ...(!Number.isNaN(modified) && { modified }),
      ...(request && { request }),
    }
  }
  if (count === 0) {
    const where = prefix === '' ? 'is empty' : `has nothing below ${prefix}`
    throw new DragonflyError('origin-not-found', `bucket ${bucket} ${where}`, { hint: 'check the prefix' })
  }
}

/** URL of the same list, for who has no credentials. Undefined: the bucket is not open to everybody. One small request, or two. */
export async function indexOfS3(url: string, reach: SourceReach): Promise<string | undefined> {
  const { bucket, prefix } = parseS3Folder(url)
  await using client = new StoreClient(reach)
  const entrance = (place: S3Place) => ({ place, credentials: undefined })
  const ask = (place: S3Place) =>
    client.ask(() => listUrl(entrance(place), bucket, prefix, undefined, 1), NO_HEADERS, { isPage: true })
  const { place, answer } = await located(await s3Settings(), ask)
  return isShown(answer) ? listUrl(entrance(place), bucket, prefix, undefined) : undefined
}

/** Without credentials first: what anybody may read is shared with anybody. */
async function open(client: StoreClient, bucket: string, prefix: string): Promise<Entrance & { answer: StoreAnswer }> {
  const ask = (credentials: Credentials | undefined) => (place: S3Place) =>
    client.ask(() => listUrl({ place, credentials }, bucket, prefix, undefined), NO_HEADERS, { isPage: true })
  const plain = await located(await s3Settings(), ask(undefined))
  if (![400, 401, 403].includes(plain.answer.status)) return { ...plain, credentials: undefined }
  // loading it takes 100 ms
  const credentials = await (await import('./aws-credentials.ts')).findCredentials()
  if (credentials === undefined) return { ...plain, credentials }
  return { ...(await located(plain.place, ask(credentials))), credentials }
}

function listUrl(
  { place, credentials }: Entrance,
  bucket: string,
  prefix: string,
  token: string | undefined,
  keys: number = KEYS_OF_PAGE,
): string {
  const named = { 'list-type': '2', 'max-keys': String(keys), 'encoding-type': 'url', prefix }
  const query = Object.entries({ ...named, ...(token !== undefined && { 'continuation-token': token }) })
  const plain = `${bucketUrl(place, bucket)}/?${query.map(([name, value]) => `${name}=${encoded(value)}`).join('&')}`
  return credentials === undefined ? plain : signedNow(plain, place.region, credentials)
}

function encoded(value: string): string {
  return value === '.' || value === '..' ? value : encodePart(value)
}

/** Undefined: no URL can have this key. */
function requestFor(
  shown: string,
  bucket: string,
  key: string,
  { place, credentials }: Entrance,
  { signatureMs = SIGNATURE_MS }: SourceReach,
): (() => SourceRequest) | undefined {
  const object = { bucket, key, versionId: undefined }
  if (key.split('/').some(part => part === '.' || part === '..')) return undefined
  if (credentials === undefined) return () => ({ url: hostOf(place, object), shown })
  return () => {
    const signer = new Signer(place, object, credentials, signatureMs)
    const renew = () => signer.url()
    return { url: renew(), shown, filter: FILTER, scope: signer.scope(), renew }
  }
}

/** Throws `origin-lies`. */
export function pageIn(text: string, url: string): Page<Item> {
  const items: Record<string, string>[] = []
  const top: Record<string, string> = {}
  const open: string[] = []
  let item: Record<string, string> = {}
  let value = ''
  const parser = new Parser(
    {
      onopentag: tag => {
        open.push(tag)
        value = ''
        if (open.length === 2 && tag === 'Contents') item = {}
      },
      ontext: part => {
        value += part
      },
      onclosetag: tag => {
        if (open.length === 3 && open[1] === 'Contents') item[tag] = value
        else if (open.length === 2 && tag === 'Contents') items.push(item)
        else if (open.length === 2) top[tag] = value
        if (open.length === 1) top.root = tag
        open.pop()
        value = ''
      },
    },
    { xmlMode: true },
  )
  parser.end(text)
  if (top.root !== 'ListBucketResult') throw lies(url, 'sent no list of a bucket')
  const token = top.IsTruncated?.trim() === 'true' ? (top.NextContinuationToken ?? '') : undefined
  if (token === '' || (token?.length ?? 0) > MAX_TOKEN_CHARS) throw lies(url, 'sent a malformed token for the next page')
  if (items.length > KEYS_OF_PAGE) throw lies(url, `sent a page of more than ${KEYS_OF_PAGE} keys`)
  return { files: items.map(item => itemOf(item, top.EncodingType?.trim() === 'url')), next: token }
}

function itemOf({ Key = '', Size = '', ETag = '', LastModified = '' }: Record<string, string>, isEncoded: boolean): Item {
  return {
    key: isEncoded ? decoded(Key) : Key,
    size: /^\d+$/.test(Size.trim()) ? Number(Size) : Number.NaN,
    etag: ETag.trim().replace(/^"|"$/g, '').toLowerCase(),
    modified: Date.parse(LastModified.trim()),
  }
}

/** What is not UTF-8 stays as it is written. */
function decoded(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', '%20'))
  } catch {
    return key
  }
}
