// The URL of a content of IPFS: ipfs://CID or ipfs://CID/path. One content has one URL, whichever way its CID is written.

import { base36 } from 'multiformats/bases/base36'
import { CID } from 'multiformats/cid'
import { DragonflyError } from './errors.ts'

export const IPFS_SCHEME = 'ipfs:'
export const RAW = 0x55
export const DAG_PB = 0x70
const IPNS_KEY = 0x72
const IDENTITY = 0x00
/** Code of a hash → bytes of its digest. */
const HASHES: Readonly<Record<number, number>> = { 18: 32, 19: 64 }
/** Bytes that a CID may hold in place of a digest, as in kubo. */
const MAX_INLINE_BYTES = 128
/** Folders and a file, one in the other. */
const MAX_PATH_PARTS = 64

export interface IpfsUrl {
  /** Version 1, of a raw block or a UnixFS node. */
  cid: CID
  /** Names below it, decoded. */
  path: readonly string[]
  /** It ends in a slash. */
  namesFolder: boolean
}

export function isIpfsUrl(text: string): boolean {
  return text.slice(0, IPFS_SCHEME.length).toLowerCase() === IPFS_SCHEME
}

/** Throws `bad-url`. */
export function parseIpfsUrl(text: string): IpfsUrl {
  const [, root = '', below = ''] = /^ipfs:\/\/([^/?#]+)([^?#]*)(?:#.*)?$/is.exec(text) ?? []
  if (root === '') throw refused(text, 'not a URL of IPFS', 'write ipfs://CID or ipfs://CID/path/file')
  const cid = readable(parseCid(root, text), text)
  const parts = below.split('/').slice(1)
  const namesFolder = parts.at(-1) === ''
  const path = (namesFolder ? parts.slice(0, -1) : parts).map(part => decoded(part, text))
  if (path.length > MAX_PATH_PARTS) throw refused(text, `more than ${MAX_PATH_PARTS} names in its path`)
  if (path.some(name => name === '' || name === '.' || name === '..' || name.includes('/'))) {
    throw refused(text, 'an empty name, . or .. in its path')
  }
  return { cid, path, namesFolder }
}

/** The one URL of this content; with names below it. */
export function ipfsUrl(cid: CID, path: readonly string[] = []): string {
  return [`${IPFS_SCHEME}//${cid.toV1()}`, ...path.map(encodeURIComponent)].join('/')
}

/** What is wrong with a CID that cannot be read here; undefined: nothing is. */
export function unreadable({ code, multihash }: CID): string | undefined {
  if (code !== RAW && code !== DAG_PB) return `data of codec 0x${code.toString(16)}, not a file or folder`
  const { code: hash, digest } = multihash
  if (hash === IDENTITY) return digest.byteLength <= MAX_INLINE_BYTES ? undefined : 'more bytes in its CID than a CID may hold'
  return HASHES[hash] === digest.byteLength ? undefined : `hashed by a function (0x${hash.toString(16)}) that is not known here`
}

function parseCid(root: string, text: string): CID {
  try {
    return (root.startsWith('k') ? CID.parse(root, base36) : CID.parse(asMultibase(root))).toV1()
  } catch {
    const hint = 'copy the CID whole: it begins with bafy, bafk or Qm'
    throw refused(text, /[.]/.test(root) ? 'a name, not a CID' : 'a malformed CID', hint)
  }
}

/** Base32 is often written in capitals where case is lost, and means the same. */
function asMultibase(root: string): string {
  return /^b[a-z2-7]+$/i.test(root) ? root.toLowerCase() : root
}

function readable(cid: CID, text: string): CID {
  if (cid.code === IPNS_KEY)
    throw refused(text, 'an IPNS name, which may change', 'resolve it, and give the CID that it names now')
  const why = unreadable(cid)
  if (why !== undefined) throw refused(text, why)
  return cid
}

function decoded(part: string, text: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw refused(text, 'a malformed % in its path')
  }
}

function refused(text: string, why: string, hint?: string): DragonflyError {
  const shown = JSON.stringify(text.replace(/[?#].*$/s, '').slice(0, 120))
  return new DragonflyError('bad-url', `cannot read ${shown}: ${why}`, { ...(hint !== undefined && { hint }) })
}
