// Tells parts of a transfer of the whole from single reads.
import type { ByteRange } from '../../core/range.ts'

const MIB = 1024 * 1024
/** Where parts begin: rclone cuts at multiples of 64 KiB. Bytes. */
const GRID = 64 * 1024
/** Whatever is read of an object up to this size, it is fetched whole: bytes. */
const SMALL = 8 * MIB

/**
 * Clients for S3 cut an object into large parts that begin at round numbers (`aws s3 cp`: 8 MiB); a reader of Parquet or of the head of a file asks for a few bytes
 * anywhere, and its object must not be fetched whole for that.
 */
export function isPartOfTransfer({ start, end }: ByteRange, length: number): boolean {
  return length <= SMALL || (start % GRID === 0 && (end - start >= MIB || end === length))
}
