// Reads the origin into an active task, and seals the manifest when the whole content is here.
import { DragonflyError } from '../../core/errors.ts'
import type { VersionInfo } from '../../core/manifest.ts'
import { choosePieceLength, pieceCountOf } from '../../core/piece.ts'
import { RootBuilder } from '../../core/root.ts'
import { contentId, type Task } from '../../core/task.ts'
import type { OriginRead } from '../../origin/read.ts'
import type { ActiveTask } from '../session/active-task.ts'

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
  const { manifest } = active
  if (manifest === undefined) throw new DragonflyError('internal', 'nothing was adopted')
  const length = await active.ingest(read, read.start / manifest.pieceLength)
  active.gauge.ended()
  await sealWhenWhole(active, length)
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
