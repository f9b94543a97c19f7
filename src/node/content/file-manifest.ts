// Makes the manifest of a file, and an entry of the store that holds the file's bytes.
import type { FileHandle } from 'node:fs/promises'
import { abortError, DragonflyError, fromSystemError } from '../../core/errors.ts'
import { Manifest, type VersionInfo } from '../../core/manifest.ts'
import { choosePieceLength, hashPiece, sha256, sha256Stream } from '../../core/piece.ts'
import { rootOf } from '../../core/root.ts'
import type { Task } from '../../core/task.ts'
import { digestVersion } from '../../core/version.ts'
import type { FileTaken, Store, StoreEntry } from '../../store/store.ts'
import { hashPieces } from '../../transfer/origin-pipeline.ts'
import { entryKey, keepDigests, keepInfo, keepSeal } from './manifest-records.ts'

/** Bytes read at a time. */
const CHUNK = 1024 * 1024

/** What a file holds. */
export interface Measured {
  length: number
  pieceLength: number
  digests: readonly Uint8Array[]
  /** Of the whole. */
  sha256: Uint8Array
  root: string
}

/** Reads an open file once. Rejects with `bad-option` for one that cannot be read, or the abort. */
export async function measureFile(
  file: FileHandle,
  { path, length }: { path: string; length: number },
  onRead: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<Measured> {
  const pieceLength = choosePieceLength(length)
  const whole = sha256Stream()
  const digests: Uint8Array[] = []
  const buffer = new Uint8Array(pieceLength)
  let read = 0
  // one byte more shows that it grows, and one that never ceases to grow ends all the same
  const bytes = file.createReadStream({
    start: 0,
    end: length,
    autoClose: false,
    highWaterMark: CHUNK,
    ...(signal && { signal }),
  })
  try {
    for await (const piece of hashPieces(bytes, { pieceLength, first: 0, length, take: () => buffer, onChunk() {} })) {
      whole.update(piece.bytes)
      digests.push(piece.digest)
      read += piece.bytes.byteLength
      onRead(read)
    }
  } catch (error) {
    if (signal?.aborted) throw abortError(signal)
    throw fromSystemError(error, 'bad-option', `cannot read ${path}`)
  }
  if (read !== length) throw changedWhileRead(path)
  return { length, pieceLength, digests, sha256: whole.digest(), root: rootOf(digests, length, pieceLength) }
}

export function measureBytes(bytes: Uint8Array): Measured {
  const length = bytes.byteLength
  const pieceLength = choosePieceLength(length)
  const digests: Uint8Array[] = []
  for (let at = 0; at < length; at += pieceLength) digests.push(sha256(bytes.subarray(at, at + pieceLength)))
  return { length, pieceLength, digests, sha256: sha256(bytes), root: rootOf(digests, length, pieceLength) }
}

/**
 * Makes the store's entry of a measured file: its bytes are read once more, from where the store has them now. Resolves to undefined where
 * the store is in memory. Rejects with `origin-changed` when they are others than were measured, with `no-space` or `store-error`.
 */
export async function keepFile(
  store: Store,
  task: Task,
  file: string,
  name: string,
  of: Measured,
): Promise<FileTaken | undefined> {
  return await keep(store, task, name, of, async (entry, manifest) => {
    const how = await entry.takeFile(file, manifest.count, of.length)
    if (how === undefined) return undefined
    const good = await entry.recover(manifest)
    if (good.firstMissing() < manifest.count) throw changedWhileRead(file)
    return how
  })
}

/** The same for bytes that are no file's. */
export async function keepBytes(
  store: Store,
  task: Task,
  bytes: Uint8Array,
  name: string,
  of: Measured,
): Promise<'copy' | undefined> {
  return await keep(store, task, name, of, async (entry, { pieceLength, count }) => {
    await entry.expect(of.length)
    for (let i = 0; i < count; i++) {
      await entry.put(hashPiece(i, bytes.slice(i * pieceLength, (i + 1) * pieceLength)), pieceLength)
    }
    return 'copy' as const
  })
}

async function keep<T>(
  store: Store,
  task: Task,
  name: string,
  { length, pieceLength, digests, sha256, root }: Measured,
  fill: (entry: StoreEntry, manifest: Manifest) => Promise<T | undefined>,
): Promise<T | undefined> {
  const info: VersionInfo = { task: task.id, version: digestVersion(sha256), pieceLength, length, fileName: name }
  const manifest = new Manifest(info)
  for (const digest of digests) manifest.append(digest)
  manifest.sealWith({ length, sha256, root })
  const entry = await openAnew(store, entryKey(task.id, info.version))
  let isKept = false
  try {
    const how = await fill(entry, manifest)
    if (how === undefined) return undefined
    await entry.describe(task.url)
    await keepInfo(entry, info, 'origin')
    await keepDigests(entry, manifest, 0, manifest.count)
    await keepSeal(entry, manifest)
    await entry.vouch(length, sha256)
    isKept = true
    return how
  } finally {
    await (isKept ? entry.close() : entry.remove())
  }
}

/** What a download has left unfinished is not gone on with. */
async function openAnew(store: Store, key: string): Promise<StoreEntry> {
  const entry = await store.open(key)
  if (await entry.isEmpty()) return entry
  await entry.remove()
  return await store.open(key)
}

function changedWhileRead(file: string): DragonflyError {
  return new DragonflyError('origin-changed', `${file} changed while it was read`, { hint: 'share it again', retryable: true })
}
