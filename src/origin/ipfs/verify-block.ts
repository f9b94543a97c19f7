// The gate for blocks of IPFS: nothing of one is believed before it is what its CID says.
import { createHash } from 'node:crypto'
import type { CID } from 'multiformats/cid'

/** The specification's limit for what gateways and peers pass on. */
export const MAX_BLOCK_BYTES = 2 * 1024 * 1024
const ALGORITHMS: Readonly<Record<number, string>> = { 18: 'sha256', 19: 'sha512' }

export function isBlock(cid: CID, bytes: Uint8Array): boolean {
  const algorithm = ALGORITHMS[cid.multihash.code]
  if (algorithm === undefined) return false
  return Buffer.compare(createHash(algorithm).update(bytes).digest(), cid.multihash.digest) === 0
}
