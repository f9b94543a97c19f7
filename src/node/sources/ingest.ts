// Reads the origin into an active task, and seals the manifest when the whole content is here.
import { hex } from '../../core/digest.ts'
import { DragonflyError } from '../../core/errors.ts'
import type { Manifest, VersionInfo } from '../../core/manifest.ts'
import { choosePieceLength, pieceCountOf, sameBytes } from '../../core/piece.ts'
import { RootBuilder } from '../../core/root.ts'
import { contentId, type Task } from '../../core/task.ts'
import { codingInName, digestVersion } from '../../core/version.ts'
import { AnotherVersionError, changed, OtherCodingError, StatedDigestError } from '../../origin/failures.ts'
import type { Origin } from '../../origin/origin.ts'
import type { OriginRead } from '../../origin/read.ts'
import type { StatedDigest } from '../../origin/stated-digest.ts'
import { TAIL_BYTES } from '../../origin/tail.ts'
import { digestMismatch } from '../content/stored-version.ts'
import type { ActiveTask } from '../session/active-task.ts'
import { originRequest } from '../session/origin-request.ts'
import { inParallel } from './parallel-read.ts'

/** What an origin's answer says about the version that it shows. */
export function versionOf(task: Task, read: OriginRead): VersionInfo {
  const { length, fileName } = read
  const version = task.digest === undefined ? read.version : digestVersion(task.digest)
  return { task: contentId(task, version), version, length, fileName, pieceLength: choosePieceLength(length) }
}

/**
 * Reads to the end and seals. The active task must have adopted the read's version, and the read begin at a piece of it.
 * `bytes`: what the read gives, where it has been begun. Rejects with the origin's error, `origin-changed` when bytes
 * contradict the manifest, or what the store says.
 */
export async function ingest(active: ActiveTask, read: OriginRead, bytes: AsyncIterable<Uint8Array> = read): Promise<void> {
  const { manifest } = active
  if (manifest === undefined) throw new DragonflyError('internal', 'nothing was adopted')
  active.sharing.begun(read.stated)
  const length = await active.ingest(bytes, read.start / manifest.pieceLength)
  active.sharing.end()
  active.gauge.ended()
  await sealWhenWhole(active, length, read.stated)
}

/**
 * The bytes of a content that is no longer than a piece are all read before anything is adopted: nobody can share less, and
 * where the origin breaks off whatever it gives next will do. Throws what the read throws.
 */
export async function readAhead(read: OriginRead): Promise<AsyncIterable<Uint8Array>> {
  if (read.length === undefined || read.length > choosePieceLength(read.length)) return read
  const chunks: Uint8Array[] = []
  for await (const chunk of read) chunks.push(chunk)
  return inOrder(chunks)
}

async function* inOrder(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}

function tailOf(piece: Uint8Array): Uint8Array {
  return piece.slice(-TAIL_BYTES)
}

export interface ReadOn {
  /** From byte 0, whatever is there. */
  whole: boolean
  /** What is read now names another version; it is compared with the pieces that are there, and may add more. */
  onOtherName(): void
  /** See OpenOptions. */
  isDoubted: boolean
  signal: AbortSignal
}

/** The end of a content. */
export interface Reached {
  length: number
  stated: StatedDigest | undefined
}

/**
 * Reads on from where an adopted manifest ends, else (or if `how` is `whole`) from byte 0: what the origin gives then, under
 * whatever validators, is the same content while it agrees with the manifest. Resolves to its length and the digest that the
 * origin states; rejects as `ingest`.
 */
export async function ingestOn(active: ActiveTask, manifest: Manifest, origin: Origin, how: ReadOn): Promise<Reached> {
  const { signal, isDoubted } = how
  const { count, pieceLength, info } = manifest
  const { url, isPrivate, digest } = active.task
  const tail = !how.whole && active.hasPiece(count - 1) ? tailOf(await active.readPiece(count - 1)) : undefined
  // every digest may be known, and only the end of the content not: then nothing is asked for but what lies there
  const from = Math.min(count * pieceLength, manifest.length ?? Infinity)
  const rest = { from, version: info.version, isDoubted, signal, ...(tail !== undefined && { tail }) }
  const want = how.whole ? { signal } : rest
  const request = originRequest(active)
  const read = await origin.open(request, want)
  const hasOtherLength = manifest.length !== undefined && read.length !== undefined && read.length !== manifest.length
  const isCodedOtherwise = codingInName(read.version) !== codingInName(info.version)
  // who may read a private content was told by its version
  if (hasOtherLength || isCodedOtherwise || (isPrivate && digest === undefined && read.version !== info.version)) {
    await read.cancel()
    // of several machines behind a name some compress: the next answer may be as the first one was
    throw isCodedOtherwise && !isPrivate ? new OtherCodingError(url) : changed(url)
  }
  if (read.version !== info.version) how.onOtherName()
  const length = await active.ingest(inParallel(origin, request, read, signal), read.start / pieceLength).catch(error => {
    const differs = error instanceof DragonflyError && error.code === 'origin-changed' && !(error instanceof AnotherVersionError)
    throw differs && read.version !== info.version ? changed(url) : error
  })
  active.gauge.ended()
  return { length, stated: read.stated }
}

/**
 * Pieces before our own read may still be on their way from others. `stated`: what the origin says that the digest is; then
 * rejects with StatedDigestError if it is another one, before anybody could believe the whole.
 */
export async function sealWhenWhole(active: ActiveTask, length: number, stated?: StatedDigest): Promise<void> {
  const { manifest } = active
  if (manifest === undefined) throw new DragonflyError('internal', 'nothing was adopted')
  if (manifest.count !== pieceCountOf(length, manifest.pieceLength)) {
    throw new DragonflyError('origin-changed', 'the content at the origin has another length than before')
  }
  while (!active.hasAllKnown) await active.changed()
  const builder = new RootBuilder()
  for (let i = 0; i < manifest.count; i++) {
    builder.add(manifest.digest(i) as Uint8Array, Math.min(manifest.pieceLength, length - i * manifest.pieceLength))
  }
  await checkStated(active, stated ?? active.sharing.stated)
  await active.seal(length, builder.root().toString())
}

/** Before anything is signed: what strangers gave has to be right by the digest that was given, too. */
async function checkStated(active: ActiveTask, stated: StatedDigest | undefined): Promise<void> {
  const { wanted, sharing } = active
  const isShared = sharing.lenders.size > 0 && wanted !== undefined
  if (stated === undefined && !isShared) return
  // what the origin states is not for a seal to confirm
  const sha256 = await active.wholeDigest(true)
  if (isShared && !sameBytes(sha256, wanted)) throw digestMismatch(hex(sha256))
  if (stated === undefined) return
  if (!sameBytes(sha256, stated.sha256)) throw new StatedDigestError(active.task.url, stated.by, sha256)
  active.originFreshness.digestStatedBy = stated.by
}
