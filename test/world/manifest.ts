// Manifests made of bytes, without an origin.
import { Bitfield } from '../../src/core/bitfield.ts'
import { Manifest, type VersionInfo } from '../../src/core/manifest.ts'
import { sha256 } from '../../src/core/piece.ts'
import { RootBuilder } from '../../src/core/root.ts'
import type { Task } from '../../src/core/task.ts'
import { PIECE } from './content.ts'

export function full(count: number): Bitfield {
  const have = new Bitfield(count)
  for (let i = 0; i < count; i++) have.add(i)
  return have
}

/** A manifest over `body` as if it had been read from an origin, sealed; `digests` may be about other bytes. */
export function manifestOf(task: Task, body: Buffer, changes: Partial<VersionInfo> = {}): Manifest {
  const info = { task: task.id, version: 'etag "one"', pieceLength: PIECE, length: body.length, fileName: '', ...changes }
  const manifest = new Manifest(info)
  const root = new RootBuilder()
  for (let at = 0; at < body.length; at += PIECE) {
    const piece = body.subarray(at, at + PIECE)
    manifest.append(sha256(piece))
    root.add(sha256(piece), piece.length)
  }
  manifest.sealWith({ length: body.length, sha256: sha256(body), root: root.root().toString() })
  return manifest
}

export function digestsOf(manifest: Manifest): Uint8Array[] {
  return Array.from({ length: manifest.count }, (_, i) => manifest.digest(i) as Uint8Array)
}
