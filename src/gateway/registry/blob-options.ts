// How a blob is asked for at the node. The one place that knows the node's options for contents that are named by their digest.
import type { RangeSpec } from '../../core/range.ts'
import type { GetOptions } from '../../node/api/get-options.ts'
import type { Shown } from './registry-access.ts'

export interface BlobRequest {
  /** `sha256:…` */
  digest: string
  /** See RegistryAccess. */
  shown: Shown
  range: RangeSpec | undefined
  signal: AbortSignal
}

/** After so long without a byte of the swarm, this host reads the registry itself, ms. */
const ORIGIN_AFTER_MS = 1000

export function blobOptions({ digest, shown: { authorization, anonymous }, range, signal }: BlobRequest): GetOptions {
  return {
    digest,
    byDigest: true,
    originAfter: ORIGIN_AFTER_MS,
    ...(authorization !== undefined && { headers: [['authorization', authorization] as const], anonymous }),
    ...(range !== undefined && { range }),
    signal,
  }
}
