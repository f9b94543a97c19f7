// Reads the path of a request below /s3: a bucket, an object in it, and what is asked of it.

/** What clients have at the end of their endpoint URL. */
export const S3_PREFIX = '/s3'
/** Longest request target, bytes: a key of 1,024 bytes, each written as three, and a page's token. */
export const MAX_TARGET = 8 * 1024
/** As S3 has it, bytes. */
const MAX_KEY = 1024

/** Of the client's own signature, or without a meaning to the store. */
const IGNORED =
  /^(?:x-amz-(?:algorithm|credential|date|expires|signedheaders|signature|security-token|content-sha256|user-agent|checksum-mode)|x-id|awsaccesskeyid|signature|expires)$/i
const OF_LIST = new Set([
  'list-type',
  'prefix',
  'delimiter',
  'marker',
  'max-keys',
  'continuation-token',
  'start-after',
  'encoding-type',
  'fetch-owner',
  'location',
  'versions',
  'key-marker',
  'version-id-marker',
])
const OF_OBJECT = /^(?:versionId|partNumber|response-(?:content-(?:type|language|disposition|encoding)|cache-control|expires))$/

export interface S3Target {
  /** Undefined: the list of buckets. */
  bucket: string | undefined
  /** Without escapes. Undefined: the bucket itself. */
  key: string | undefined
  /** For the store. */
  query: readonly (readonly [string, string])[]
}

export type Parsed = S3Target | 'malformed' | 'not-offered'

export function isS3Path(target: string): boolean {
  return /^\/s3(?:[/?]|$)/.test(target)
}

/** `not-offered`: something else than reading objects and lists. */
export function parseS3Target(target: string): Parsed {
  if (Buffer.byteLength(target) > MAX_TARGET) return 'malformed'
  const [whole, bucket, path, search = ''] = /^\/s3(?:\/([^/?#]*)(?:\/([^?#]*))?)?(?:\?([^#]*))?$/.exec(target) ?? []
  const key = path === undefined || path === '' ? undefined : unescaped(path)
  if (whole === undefined || !isBucket(bucket, key) || (path && !isKey(key))) return 'malformed'
  const query = [...new Map(new URLSearchParams(search))].filter(([name]) => !IGNORED.test(name))
  if (query.some(([name, value]) => name === 'versionId' && /^\.{0,2}$/.test(value))) return 'malformed'
  const isOffered = (name: string) => (key === undefined ? OF_LIST.has(name) && !!bucket : OF_OBJECT.test(name))
  return query.every(([name]) => isOffered(name)) ? { bucket: bucket || undefined, key, query } : 'not-offered'
}

function isBucket(bucket: string | undefined, key: string | undefined): boolean {
  return bucket ? /^[a-z0-9][\w.-]{1,254}$/i.test(bucket) : key === undefined
}

/** A key with `.` or `..` between slashes is one that no URL can have. */
function isKey(key: string | undefined): boolean {
  return key !== undefined && Buffer.byteLength(key) <= MAX_KEY && !/(?:^|\/)\.{1,2}(?:\/|$)/.test(key)
}

function unescaped(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}
