// Cuts a manifest into parts that fit one message or one stored record.
import type { Manifest } from '../core/manifest.ts'
import { PIECE_DIGEST_LENGTH } from '../core/piece.ts'
import type { ManifestPart } from './codec-manifest.ts'
import { LIMITS } from './limits.ts'

/** Digests `from` to `to` in parts of at most `LIMITS.partDigests`. */
export function* manifestParts(manifest: Manifest, from: number, to = manifest.count): Generator<ManifestPart> {
  for (let start = from; start < to; start += LIMITS.partDigests) {
    const count = Math.min(LIMITS.partDigests, to - start)
    const digests = new Uint8Array(count * PIECE_DIGEST_LENGTH)
    for (let i = 0; i < count; i++) digests.set(manifest.digest(start + i) as Uint8Array, i * PIECE_DIGEST_LENGTH)
    yield { from: start, digests }
  }
}
