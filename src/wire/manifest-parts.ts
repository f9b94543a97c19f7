// Cuts a manifest into parts that fit one message or one stored record.
import type { Manifest } from '../core/manifest.ts'
import { LIMITS } from './limits.ts'

/** Digests `from` to `to` in parts of at most `LIMITS.partDigests`. */
export function* manifestParts(
  manifest: Manifest,
  from: number,
  to = manifest.count,
): Generator<{ from: number; digests: Uint8Array[] }> {
  for (let start = from; start < to; start += LIMITS.partDigests) {
    const digests: Uint8Array[] = []
    for (let i = start; i < Math.min(to, start + LIMITS.partDigests); i++) digests.push(manifest.digest(i) as Uint8Array)
    yield { from: start, digests }
  }
}
