// Reading the origin into an active task: origin → cutter → hasher → store, each piece known and shared as soon as it is cut.
import { pipe } from 'it-pipe'
import { DragonflyError } from '../../core/errors.ts'
import type { Manifest, VersionInfo } from '../../core/manifest.ts'
import { choosePieceLength, pieceCountOf, VerifiedPiece, verifyPiece } from '../../core/piece.ts'
import { RootBuilder } from '../../core/root.ts'
import { contentId, type Task } from '../../core/task.ts'
import { AnotherVersionError, changed } from '../../origin/failures.ts'
import type { Origin } from '../../origin/origin.ts'
import type { OriginRead } from '../../origin/read.ts'
import { now } from '../context/node-context.ts'
import type { ActiveTask } from '../session/active-task.ts'

/** Pieces that are hashed while the next ones are read: enough to keep reader and hasher busy, a bound for memory. */
const PIECES_AHEAD = 2

/** What an origin's answer says about the version that it shows. */
export function versionOf(task: Task, read: OriginRead): VersionInfo {
  const { version, length, fileName } = read
  return { task: contentId(task, version), version, length, fileName, pieceLength: choosePieceLength(length) }
}

/**
 * Reads to the end and seals. The active task must have adopted the read's version, and the read begin at a piece of it.
 * Rejects with the origin's error, `origin-changed` when bytes contradict the manifest, or what the store says.
 */
export async function ingest(active: ActiveTask, read: OriginRead): Promise<void> {
  const { pieceLength } = active.manifest as { pieceLength: number }
  const first = read.start / pieceLength
  let length = read.start
  await pipe(
    read,
    source => noted(source, active),
    source => cut(source, pieceLength, size => active.buffer(size)),
    source => hashed(source, first),
    async source => {
      for await (const piece of source) {
        await active.ingest(piece)
        length += piece.bytes.byteLength
      }
    },
  )
  active.gauge.ended()
  await sealWhenWhole(active, length)
}

/** So many bytes before the place where a read goes on are asked for again: what differs is another content under the same name. */
export const TAIL_BYTES = 16 * 1024

function tailOf(piece: Uint8Array): Uint8Array {
  return piece.slice(-TAIL_BYTES)
}

/**
 * Reads on from where an adopted manifest ends, else from byte 0: what the origin gives then, under whatever validators, is
 * the same content while it agrees with the manifest. Rejects as `ingest`.
 */
export async function ingestOn(active: ActiveTask, manifest: Manifest, origin: Origin, signal: AbortSignal): Promise<void> {
  const { count, pieceLength, length, info } = manifest
  const { url, headers, isPrivate } = active.task
  const tail = active.hasPiece(count - 1) ? tailOf(await active.readPiece(count - 1)) : undefined
  const want = { from: count * pieceLength, version: info.version, signal, ...(tail !== undefined && { tail }) }
  const read = await origin.open({ url, headers }, want)
  const hasOtherLength = length !== undefined && read.length !== undefined && read.length !== length
  // who may read a private content was told by its version
  if (hasOtherLength || (isPrivate && read.version !== info.version)) {
    await read.cancel()
    throw changed(url)
  }
  await ingest(active, read).catch(error => {
    const differs = error instanceof DragonflyError && error.code === 'origin-changed' && !(error instanceof AnotherVersionError)
    throw differs && read.version !== info.version ? changed(url) : error
  })
}

/** Tells the active task of every chunk, and how long we waited for it and worked on the one before. */
async function* noted(source: AsyncIterable<Uint8Array>, active: ActiveTask): AsyncGenerator<Uint8Array> {
  let [takenAt, askedAt] = [now(), now()]
  for await (const chunk of source) {
    const cameAt = now()
    active.read(chunk.byteLength)
    active.gauge.came(chunk.byteLength, cameAt - askedAt, askedAt - takenAt)
    takenAt = cameAt
    yield chunk
    askedAt = now()
  }
}

/** Cuts chunks of any size into pieces; the last one may be shorter. Each piece is memory of its own, from `take`. */
export async function* cut(
  source: AsyncIterable<Uint8Array>,
  pieceLength: number,
  take: (size: number) => Uint8Array,
): AsyncGenerator<Uint8Array> {
  let piece = take(pieceLength)
  let filled = 0
  for await (const chunk of source) {
    for (let taken = 0; taken < chunk.byteLength; ) {
      const part = chunk.subarray(taken, taken + pieceLength - filled)
      piece.set(part, filled)
      filled += part.byteLength
      taken += part.byteLength
      if (filled < pieceLength) continue
      yield piece
      piece = take(pieceLength)
      filled = 0
    }
  }
  if (filled > 0) yield piece.subarray(0, filled)
}

/**
 * In order, each as soon as it is hashed: a slow origin must not keep a finished piece waiting for the next one. When the
 * source fails, what it gave before still comes.
 */
async function* hashed(source: AsyncIterable<Uint8Array>, first: number): AsyncGenerator<VerifiedPiece> {
  const pieces = source[Symbol.asyncIterator]()
  const ahead: Promise<VerifiedPiece>[] = []
  let index = first
  let reading: Promise<Read> | undefined = read(pieces)
  let failure: unknown
  try {
    while (reading !== undefined || ahead.length > 0) {
      const mayRead: Promise<Read>[] = reading !== undefined && ahead.length < PIECES_AHEAD ? [reading] : []
      const next: Read | VerifiedPiece = await Promise.race([...mayRead, ...ahead.slice(0, 1)])
      if (next instanceof VerifiedPiece) {
        ahead.shift()
        yield next
        continue
      }
      if ('failure' in next) failure = next.failure
      else ahead.push(verifyPiece(index++, next.bytes))
      reading = 'bytes' in next ? read(pieces) : undefined
    }
  } finally {
    // not waited for: a read that is under way ends when the origin says something, or its signal does
    void pieces.return?.().catch(() => {})
  }
  if (failure !== undefined) throw failure
}

type Read = { bytes: Uint8Array } | { failure: unknown }

/** The next one; no failure and no bytes at the end. */
async function read(pieces: AsyncIterator<Uint8Array>): Promise<Read> {
  try {
    const { done, value } = await pieces.next()
    return done === true ? { failure: undefined } : { bytes: value }
  } catch (failure) {
    return { failure }
  }
}

/** Pieces before our own read may still be on their way from others. */
export async function sealWhenWhole(active: ActiveTask, length: number): Promise<void> {
  const { manifest } = active
  if (manifest === undefined) throw new DragonflyError('internal', 'nothing was adopted')
  if (manifest.count !== pieceCountOf(length, manifest.pieceLength)) {
    throw new DragonflyError('origin-changed', 'the origin ended elsewhere than its version says')
  }
  while (!active.hasAllKnown) await active.changed()
  const builder = new RootBuilder()
  for (let i = 0; i < manifest.count; i++) {
    builder.add(manifest.digest(i) as Uint8Array, Math.min(manifest.pieceLength, length - i * manifest.pieceLength))
  }
  await active.seal(length, builder.root().toString())
}
