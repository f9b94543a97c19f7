// A folder as a content: the list of its files, folders and links, each named by what it holds. Encoded in one way only, and bounded.
import * as dagCbor from '@ipld/dag-cbor'
import { DragonflyError } from './errors.ts'
import { isRoot } from './shared-url.ts'

/** Longest encoding, bytes: it is read into memory whole. */
export const MAX_TREE_BYTES = 64 * 1024 * 1024
/** Files, links and empty folders together. */
export const MAX_TREE_ENTRIES = 200_000
/** Longest path, bytes of UTF-8: with a folder before it, it stays below PATH_MAX of Linux. */
export const MAX_TREE_PATH_BYTES = 1024
/** Folders one in the other. */
export const MAX_TREE_DEPTH = 64
/** NAME_MAX of common file systems, bytes of UTF-8. */
const MAX_NAME_BYTES = 255
/** Files up to this size lie in packs, bytes: a search for each of them would take longer than its bytes. */
export const MAX_PACKED_BYTES = 64 * 1024
/** Longest pack, bytes: it is taken apart in memory. */
export const MAX_PACK_BYTES = 16 * 1024 * 1024
const VERSION = 1

/** Where the bytes of a file are: a content of its own, or part of a pack. */
export type TreePlace = { root: string } | { pack: number; offset: number }

export interface TreeFile {
  /** Names with slashes between, below the folder. */
  path: string
  /** Bytes. */
  size: number
  isExecutable: boolean
  /** Of all its bytes. */
  sha256: Uint8Array
  place: TreePlace
}

export interface TreeLink {
  path: string
  /** Relative; leads to somewhere in the tree. */
  target: string
}

/** A content of the small files one behind the other. */
export interface TreePack {
  root: string
  /** Bytes. */
  size: number
}

export interface Tree {
  files: readonly TreeFile[]
  links: readonly TreeLink[]
  /** Folders with nothing in them. */
  folders: readonly string[]
  packs: readonly TreePack[]
}

/** dag-cbor, each list sorted by path. Throws `bad-option` for a tree that could not be written everywhere, or is too large. */
export function encodeTree({ files, links, folders, packs }: Tree): Uint8Array {
  const tree: Tree = {
    files: files.toSorted(byPath),
    links: links.toSorted(byPath),
    folders: folders.toSorted(compare),
    packs,
  }
  checkTree(tree)
  const bytes = dagCbor.encode({
    v: VERSION,
    files: tree.files.map(({ path, size, isExecutable, sha256, place }) => [
      ...[path, size, isExecutable, sha256],
      'root' in place ? place.root : [place.pack, place.offset],
    ]),
    links: tree.links.map(({ path, target }) => [path, target]),
    folders: [...tree.folders],
    packs: packs.map(({ root, size }) => [root, size]),
  })
  if (bytes.byteLength > MAX_TREE_BYTES) throw refused(`its list takes more than ${MAX_TREE_BYTES} bytes`)
  return bytes
}

/** Throws `bad-option` for whatever `encodeTree` would not have made. */
export function decodeTree(bytes: Uint8Array): Tree {
  if (bytes.byteLength > MAX_TREE_BYTES) throw refused(`its list takes more than ${MAX_TREE_BYTES} bytes`)
  let tree: Tree
  try {
    tree = treeOf(dagCbor.decode(bytes))
  } catch (cause) {
    if (cause instanceof DragonflyError) throw cause
    throw refused('it is no list of a folder', cause)
  }
  if (Buffer.compare(encodeTree(tree), bytes) !== 0) throw refused('its list is not in the one order that there is')
  return tree
}

function treeOf(value: unknown): Tree {
  const { v, files, links, folders, packs, ...rest } = value as Record<string, unknown>
  if (v !== VERSION || Object.keys(rest).length > 0) throw refused('its list is of a version that is not known here')
  return {
    files: rows(files, 5).map(([path, size, isExecutable, sha256, place]) => ({
      path: text(path),
      size: whole(size),
      isExecutable: truth(isExecutable),
      sha256: digest(sha256),
      place: placeOf(place),
    })),
    links: rows(links, 2).map(([path, target]) => ({ path: text(path), target: text(target) })),
    folders: list(folders).map(text),
    packs: rows(packs, 2).map(([root, size]) => ({ root: text(root), size: whole(size) })),
  }
}

function placeOf(value: unknown): TreePlace {
  if (typeof value === 'string') return { root: value }
  const [pack, offset, ...rest] = list(value)
  if (rest.length > 0) throw refused('a place in it makes no sense')
  return { pack: whole(pack), offset: whole(offset) }
}

/** Throws `bad-option`. */
function checkTree({ files, links, folders, packs }: Tree): void {
  if (files.length + links.length + folders.length > MAX_TREE_ENTRIES)
    throw refused(`it has more than ${MAX_TREE_ENTRIES} entries`)
  if (packs.length > files.length) throw refused('it has more packs than files')
  for (const { root, size } of packs) if (!isRoot(root) || size > MAX_PACK_BYTES) throw refused('a pack in it is none')
  for (const { path, size, place } of files) {
    if (
      'root' in place ? !isRoot(place.root) : size > MAX_PACKED_BYTES || place.offset + size > (packs[place.pack]?.size ?? -1)
    ) {
      throw refused(`${quoted(path)} lies nowhere`)
    }
  }
  const names = new Names()
  for (const { path } of files) names.add(path)
  for (const { path } of links) names.add(path)
  for (const path of folders) names.add(path)
  for (const { path, target } of links) checkTarget(path, target)
}

/** Names that a tree takes, so that no two of them are one on a file system that folds case or composes characters. */
class Names {
  /** Folded path → as it is written; of folders with a slash at the end. */
  readonly #taken = new Map<string, string>()

  /** An entry: nothing else has its name, nor lies in it. */
  add(path: string): void {
    const parts = path.split('/')
    checkPath(path, parts)
    for (let depth = 1; depth < parts.length; depth++) {
      const folder = parts.slice(0, depth).join('/')
      const known = this.#taken.get(folded(folder))
      if (known !== undefined && known !== `${folder}/`) throw clash(known, path)
      this.#taken.set(folded(folder), `${folder}/`)
    }
    const known = this.#taken.get(folded(path))
    if (known !== undefined) throw clash(known, path)
    this.#taken.set(folded(path), path)
  }
}

function checkPath(path: string, parts: readonly string[]): void {
  if (!isTreePath(path, parts)) throw refused(`${quoted(path)} is no path that can be written everywhere`)
}

/** Whether a tree may have it. */
export function isTreePath(path: string, parts: readonly string[] = path.split('/')): boolean {
  const isSound = path.isWellFormed() && Buffer.byteLength(path) <= MAX_TREE_PATH_BYTES && parts.length <= MAX_TREE_DEPTH
  return isSound && parts.every(isName)
}

/** A backslash or a colon would lead elsewhere on Windows; a control character is never meant. */
function isName(part: string): boolean {
  return part !== '' && part !== '.' && part !== '..' && !/[\p{Cc}\\:]/u.test(part) && Buffer.byteLength(part) <= MAX_NAME_BYTES
}

function checkTarget(path: string, target: string): void {
  if (!staysInside({ path, target })) throw refused(`the link ${quoted(path)} leads out of it`)
}

/**
 * Up first, then down: so a link leads from its own folder, which is no link, to somewhere in the tree, whatever links lie on the way down.
 * `..` behind a name could lead out, where that name is a link.
 */
export function staysInside({ path, target }: TreeLink): boolean {
  const parts = target.split('/')
  const ups = parts.findIndex(part => part !== '..')
  const down = ups === -1 ? [] : parts.slice(ups)
  const up = parts.length - down.length
  const isInside = up < path.split('/').length && down.every(isName) && target.isWellFormed()
  return isInside && Buffer.byteLength(target) <= MAX_TREE_PATH_BYTES
}

function folded(path: string): string {
  return path.normalize('NFC').toLowerCase().toUpperCase()
}

function byPath(a: { path: string }, b: { path: string }): number {
  return compare(a.path, b.path)
}

/** By bytes of UTF-8, as every language can. */
function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

function list(value: unknown): unknown[] {
  if (!Array.isArray(value) || value.length > MAX_TREE_ENTRIES) throw refused('a list in it makes no sense')
  return value
}

function rows(value: unknown, width: number): unknown[][] {
  return list(value).map(row => {
    const fields = list(row)
    if (fields.length !== width) throw refused('an entry in it makes no sense')
    return fields
  })
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw refused('a name in it makes no sense')
  return value
}

function whole(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw refused('a size in it makes no sense')
  return value
}

function truth(value: unknown): boolean {
  if (typeof value !== 'boolean') throw refused('a mode in it makes no sense')
  return value
}

function digest(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array) || value.byteLength !== 32) throw refused('a digest in it makes no sense')
  return value
}

function clash(one: string, other: string): DragonflyError {
  return refused(`${quoted(one)} and ${quoted(other)} are one name on file systems that fold case`)
}

function quoted(path: string): string {
  return JSON.stringify(path.slice(0, 200))
}

function refused(why: string, cause?: unknown): DragonflyError {
  return new DragonflyError('bad-option', `the folder cannot be shared: ${why}`, { ...(cause !== undefined && { cause }) })
}
