// What a stream has given out: a later attempt has to begin with the same.
import { DragonflyError } from '../core/errors.ts'
import type { Manifest } from '../core/manifest.ts'
import { sameBytes } from '../core/piece.ts'

/** Pieces that a stream has given out, by the manifest that named them. */
export interface Shown {
  manifest: Manifest
  pieces: number
}

/** What a stream has given out cannot be taken back. */
export class ShownOtherwiseError extends DragonflyError {}

/** Throws `origin-changed` when a piece that was given out is another one now. */
export function checkSame({ manifest: before }: Shown, manifest: Manifest, piece: number): void {
  const [old, now] = [before.digest(piece), manifest.digest(piece)]
  if (manifest.pieceLength === before.pieceLength && old !== undefined && now !== undefined && sameBytes(old, now)) return
  throw new ShownOtherwiseError('origin-changed', 'the content changed at the origin after its beginning was written', {
    hint: 'run it again; a file (-o FILE) starts over by itself',
    retryable: true,
  })
}
