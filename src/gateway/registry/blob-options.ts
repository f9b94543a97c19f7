// How a blob is asked for at the node. The one place that knows the node's options for contents that are named by their digest.
import type { RangeSpec } from '../../core/range.ts'
import type { ContentStream } from '../../node/api/dragonfly-node.ts'
import type { GetOptions } from '../../node/api/get-options.ts'

export interface BlobRequest {
  /** `sha256:…` */
  digest: string
  authorization: string | undefined
  range: RangeSpec | undefined
  signal: AbortSignal
}

export function blobOptions({ digest, authorization, range, signal }: BlobRequest): GetOptions {
  return {
    ...(authorization !== undefined && { headers: [['authorization', authorization] as const] }),
    ...(range === undefined ? { digest } : { range }),
    signal,
  }
}

/** Bytes of the whole blob, where the node knows it before the first byte. */
export async function lengthOf(stream: ContentStream): Promise<number | undefined> {
  return await (stream as { length?: Promise<number | undefined> }).length
}
