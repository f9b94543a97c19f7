// What multistream-select says when a stream begins, read where it lies (https://github.com/multiformats/multistream-select).
//
// libp2p's own way is a reader with lists, promises and listeners for each of the two lines, and a write for each answer.

const HEADER = Buffer.from('\x13/multistream/1.0.0\n')
const NEW_LINE = 0x0a
/** A line of more bytes would have a longer prefix; no protocol of ours does. */
const MAX_LINE = 0x7f

export interface Proposal {
  protocol: string
  /** Header and protocol, as they came; the answer to them is the same. */
  length: number
}

/** The protocol that the first bytes of a stream propose; undefined when they are anything else, or not whole: libp2p reads them then. */
export function readProposal(bytes: Uint8Array): Proposal | undefined {
  const at = HEADER.byteLength
  const line = bytes[at]
  if (line === undefined || line < 2 || line > MAX_LINE || HEADER.compare(bytes, 0, at) !== 0) return undefined
  const length = at + 1 + line
  if (bytes.byteLength < length || bytes[length - 1] !== NEW_LINE) return undefined
  return { protocol: Buffer.from(bytes.buffer, bytes.byteOffset + at + 1, line - 1).toString('latin1'), length }
}
