// The address of a content that has no origin: dragonfly:CID?name=NAME. The CID is all there is to trust; the name is a hint.
import { CID } from 'multiformats/cid'
import { DragonflyError } from './errors.ts'
import { cleanFileName } from './file-name.ts'
import { rawCid, rootOf } from './root.ts'

export const SHARED_SCHEME = 'dragonfly:'
const DAG_PB = 0x70
const RAW = 0x55
const SHA2_256 = 0x12

/** What an address says. */
export interface SharedUrl {
  /** Root of the content, CIDv1 in base32. */
  root: string
  /** Safe to write; undefined: the address names none. */
  name: string | undefined
  /** The content lists a folder (core/tree.ts). */
  isTree: boolean
}

export function isSharedUrl(text: string): boolean {
  return text.slice(0, SHARED_SCHEME.length).toLowerCase() === SHARED_SCHEME
}

/** Throws `bad-url`. */
export function parseSharedUrl(text: string): SharedUrl {
  const url = URL.parse(text)
  const root = url === null || !isSharedUrl(text) ? undefined : rootIn(url.pathname)
  if (url === null || root === undefined) {
    throw new DragonflyError('bad-url', `not an address of a shared content: ${JSON.stringify(text.slice(0, 100))}`, {
      hint: 'copy the whole line that df share printed: dragonfly:CID?name=NAME',
    })
  }
  const name = cleanFileName(url.searchParams.get('name') ?? '')
  return { root, name: name === '' ? undefined : name, isTree: url.searchParams.get('tree') === '1' }
}

export function sharedUrl({ root, name, isTree }: SharedUrl): string {
  const hints = new URLSearchParams({ ...(name !== undefined && { name }), ...(isTree && { tree: '1' }) }).toString()
  return `${SHARED_SCHEME}${root}${hints === '' ? '' : `?${hints}`}`
}

/** Only what the root of a content of ours can be: sha2-256, of one piece or of a UnixFS node. */
function rootIn(text: string): string | undefined {
  try {
    const cid = CID.parse(text)
    const isOurs = cid.version === 1 && (cid.code === RAW || cid.code === DAG_PB) && cid.multihash.code === SHA2_256
    return isOurs && cid.multihash.digest.byteLength === 32 ? cid.toString() : undefined
  } catch {
    return undefined
  }
}

/** Whether it is the root of a content, written as we do. */
export function isRoot(text: string): boolean {
  return rootIn(text) === text
}

/** Whether pieces of these digests make the content of this root. */
export function isOfRoot(root: string, digests: readonly Uint8Array[], length: number, pieceLength: number): boolean {
  if (digests.length === 1 && digests[0] !== undefined) return rawCid(digests[0]).toString() === root
  return rootOf(digests, length, pieceLength) === root
}
