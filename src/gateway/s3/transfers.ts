// Tells parts of a transfer of the whole from single reads, and keeps a transfer going between two of its parts.
import { LRUCache } from 'lru-cache'
import type { ByteRange } from '../../core/range.ts'

const MIB = 1024 * 1024
/** Whatever is read of an object up to this size, it is fetched whole: bytes. */
const SMALL = 8 * MIB
/** A transfer goes on so long after the last byte that somebody asked for, ms: a client may ask for one part after the other. */
const LINGER_MS = 10_000
const MAX_TRANSFERS = 256

/**
 * Clients for S3 cut an object into parts of whole MiB (`aws s3 cp`: 8 MiB); a reader of Parquet or of the head of a file asks for a few bytes
 * anywhere, and its object must not be fetched whole for that.
 */
export function isPartOfTransfer({ start, end }: ByteRange, length: number): boolean {
  return length <= SMALL || (start % MIB === 0 && (end - start >= MIB || end === length))
}

/** Holds on to the latest part of each transfer. */
export class Transfers {
  readonly #held = new LRUCache<string, () => void>({
    max: MAX_TRANSFERS,
    ttl: LINGER_MS,
    ttlAutopurge: true,
    dispose: end => end(),
  })

  /** `end`: called once, when the next part takes its place or none has come. */
  hold(name: string, end: () => void): void {
    this.#held.set(name, end)
  }

  stop(): void {
    this.#held.clear()
  }
}
