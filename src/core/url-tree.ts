// The list of what is below a URL: each file by its URL, small ones by their place in a pack too. Bounded; whoever signed it is trusted for what it says.
import * as dagCbor from '@ipld/dag-cbor'
import { DragonflyError } from './errors.ts'
import { sameBytes, sha256 } from './piece.ts'
import { isRoot } from './shared-url.ts'
import type { TreePack } from './tree.ts'

/** Longest encoding, bytes: it is read into memory whole. */
export const MAX_URL_TREE_BYTES = 32 * 1024 * 1024
export const MAX_URL_TREE_FILES = 100_000
/** Files up to this size lie in packs, bytes. */
export const MAX_URL_TREE_PACKED = 64 * 1024
/** Longest pack, bytes: who wants one file of it fetches all of it. */
export const MAX_URL_TREE_PACK = 4 * 1024 * 1024
/** Bytes of a path, and of a URL below the one that was listed. */
const MAX_TEXT_BYTES = 8 * 1024
/** The last time that a Date can be. */
const MAX_TIME = 8_640_000_000_000_000
const VERSION = 1

/** Where a small file lies, and what it is. */
export interface PackedFile {
  /** Index into the packs. */
  pack: number
  offset: number
  /** Bytes. */
  size: number
  /** Of all its bytes. */
  sha256: Uint8Array
  /** As its origin said when it was read; milliseconds since 1970. */
  modified: number | undefined
}

/** What a list of keys says of a file that lies in no pack: enough to tell whether it is here. */
export interface ListedFacts {
  /** Bytes. */
  length: number | undefined
  /** Milliseconds since 1970. */
  modified: number | undefined
  /** Of all its bytes, 32 hexadecimal digits; no reason to believe a download. */
  md5: string | undefined
}

export const NO_FACTS: ListedFacts = { length: undefined, modified: undefined, md5: undefined }

export interface UrlTreeFile {
  /** Names with slashes between. Not checked for what a host may have as one, nor whether it comes twice. */
  path: string
  /** Its URL, behind the origin (scheme, host and port) of the one that was listed. */
  ref: string
  /** Undefined: it is to be fetched by its URL. */
  packed: PackedFile | undefined
  facts: ListedFacts
}

export interface UrlTree {
  files: readonly UrlTreeFile[]
  packs: readonly TreePack[]
}

/** dag-cbor. Throws `bad-option` for what `decodeUrlTree` refuses. */
export function encodeUrlTree(tree: UrlTree): Uint8Array {
  checkTree(tree)
  const bytes = dagCbor.encode({
    v: VERSION,
    files: tree.files.map(({ path, ref, packed, facts: { length, modified, md5 } }) =>
      packed === undefined
        ? [path, ref, length ?? null, modified ?? null, md5 ?? null]
        : [path, ref, packed.pack, packed.offset, packed.size, packed.sha256, packed.modified ?? null],
    ),
    packs: tree.packs.map(({ root, size }) => [root, size]),
  })
  if (bytes.byteLength > MAX_URL_TREE_BYTES) throw refused(`it takes more than ${MAX_URL_TREE_BYTES} bytes`)
  return bytes
}

/** Throws `bad-option`. */
export function decodeUrlTree(bytes: Uint8Array): UrlTree {
  if (bytes.byteLength > MAX_URL_TREE_BYTES) throw refused(`it takes more than ${MAX_URL_TREE_BYTES} bytes`)
  let tree: UrlTree
  try {
    tree = treeOf(dagCbor.decode(bytes))
  } catch (cause) {
    if (cause instanceof DragonflyError) throw cause
    throw refused('it is no list of a tree', cause)
  }
  checkTree(tree)
  return tree
}

/** A file out of its pack. Throws `digest-mismatch` when it is not what the list says. */
export function unpack(pack: Uint8Array, { offset, size, sha256: expected }: PackedFile): Uint8Array {
  const bytes = pack.subarray(offset, offset + size)
  if (bytes.byteLength === size && sameBytes(sha256(bytes), expected)) return bytes
  throw new DragonflyError('digest-mismatch', 'the list of a tree and its pack differ')
}

function treeOf(value: unknown): UrlTree {
  const { v, files, packs, ...rest } = value as Record<string, unknown>
  if (v !== VERSION || Object.keys(rest).length > 0) throw refused('it is of a version that is not known here')
  return {
    files: list(files).map(row => fileOf(list(row))),
    packs: list(packs).map(row => {
      const [root, size, ...more] = list(row)
      if (more.length > 0) throw refused('a pack in it makes no sense')
      return { root: text(root), size: whole(size) }
    }),
  }
}

function fileOf(row: unknown[]): UrlTreeFile {
  if (row.length === 5) {
    const [path, ref, length, modified, md5] = row
    const facts = { length: wholeOrNone(length), modified: wholeOrNone(modified), md5: md5 === null ? undefined : md5Of(md5) }
    return { path: text(path), ref: text(ref), packed: undefined, facts }
  }
  const [path, ref, pack, offset, size, digest, modified] = row
  if (row.length !== 7) throw refused('a file in it makes no sense')
  if (!(digest instanceof Uint8Array) || digest.byteLength !== 32) throw refused('a digest in it makes no sense')
  const place = { pack: whole(pack), offset: whole(offset), size: whole(size) }
  return {
    path: text(path),
    ref: text(ref),
    packed: { ...place, sha256: digest, modified: wholeOrNone(modified) },
    facts: NO_FACTS,
  }
}

/** Throws `bad-option`. */
function checkTree({ files, packs }: UrlTree): void {
  if (files.length > MAX_URL_TREE_FILES) throw refused(`it has more than ${MAX_URL_TREE_FILES} files`)
  if (packs.length > files.length) throw refused('it has more packs than files')
  for (const { root, size } of packs) {
    if (!isRoot(root) || size > MAX_URL_TREE_PACK) throw refused('a pack in it is none')
  }
  const left = packs.map(({ size }) => size)
  for (const { path, ref, packed, facts } of files) {
    text(path)
    text(ref)
    if (((packed ?? facts).modified ?? 0) > MAX_TIME) throw refused('a time in it makes no sense')
    if (packed === undefined) continue
    const { pack, offset, size } = packed
    const room = packs[pack]?.size ?? -1
    if (size > MAX_URL_TREE_PACKED || offset + size > room) throw refused('a file in it lies nowhere')
    left[pack] = (left[pack] as number) - size
    if ((left[pack] as number) < 0) throw refused('its files are more than their pack')
  }
}

function list(value: unknown): unknown[] {
  if (!Array.isArray(value) || value.length > MAX_URL_TREE_FILES) throw refused('a list in it makes no sense')
  return value
}

function text(value: unknown): string {
  if (typeof value !== 'string' || value.length > MAX_TEXT_BYTES || !value.isWellFormed())
    throw refused('a name in it makes no sense')
  return value
}

function whole(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw refused('a number in it makes no sense')
  return value
}

function wholeOrNone(value: unknown): number | undefined {
  return value === null ? undefined : whole(value)
}

function md5Of(value: unknown): string {
  if (typeof value !== 'string' || !/^[0-9a-f]{32}$/.test(value)) throw refused('a digest in it makes no sense')
  return value
}

function refused(why: string, cause?: unknown): DragonflyError {
  return new DragonflyError('bad-option', `the list of a tree is of no use: ${why}`, { ...(cause !== undefined && { cause }) })
}
