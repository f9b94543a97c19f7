// The URL that is asked for, as the WHATWG parser reads it; and as people may be shown it.
import { DragonflyError } from './errors.ts'
import { IPFS_SCHEME, ipfsUrl, isIpfsUrl, parseIpfsUrl } from './ipfs-url.ts'
import { SCHEMES_TEXT, sourceSchemeOf } from './source-schemes.ts'

export const MAX_URL_BYTES = 8 * 1024
const FETCHED = new Set(['http:', 'https:', IPFS_SCHEME])

/** The one URL of a file. What lies below a folder has a CID of its own. */
function ipfsFile(text: string): string {
  const { cid, path, namesFolder } = parseIpfsUrl(text)
  if (path.length === 0 && !namesFolder) return ipfsUrl(cid)
  throw new DragonflyError('bad-url', 'not the CID of a file, but a path below one', { hint: 'resolveSource finds its CID' })
}

export function refusedOfIpfs(): DragonflyError {
  return new DragonflyError('bad-option', 'an ipfs: URL takes no headers and no filter: what it names is public')
}

/** http:, https: or ipfs:. Throws `bad-url` or `bad-scheme`. */
export function parseUrl(text: string): URL {
  if (Buffer.byteLength(text) > MAX_URL_BYTES) throw new DragonflyError('bad-url', `URL longer than ${MAX_URL_BYTES} bytes`)
  const url = URL.parse(isIpfsUrl(text) ? ipfsFile(text) : text)
  if (url === null) {
    throw new DragonflyError('bad-url', `not a URL: ${JSON.stringify(withoutSecrets(text.replace(/^.*@/s, '…@')))}`, {
      hint: 'write a complete URL, such as https://example.org/file.iso',
    })
  }
  if (!FETCHED.has(url.protocol)) {
    const isSource = sourceSchemeOf(text) !== undefined
    const hint = isSource ? 'resolveSource makes an https request of it' : `use an ${SCHEMES_TEXT} URL, or a dragonfly: address`
    throw new DragonflyError('bad-scheme', `cannot fetch ${url.protocol}//…`, { hint })
  }
  return url
}

/** For messages: no user, no password, no query, no more than 200 characters. */
export function withoutSecrets(text: string): string {
  return text
    .replace(/\/\/[^/?#]*@/, '//')
    .replace(/[?#].*$/s, '')
    .slice(0, 200)
}
