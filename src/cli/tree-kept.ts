// Whether a file that is here is the one that a store lists.
import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import type { ListedFile } from '../index.ts'

/** File times of some file systems are as coarse as that. Milliseconds. */
const TIME_STEP_MS = 2000

export type Listing = Pick<ListedFile, 'length' | 'digest' | 'checksum' | 'modified'>

/**
 * By length and digest, and read only where the length fits. Where the store states no digest: by length and by the time that a download gives to
 * its file. Rejects with the abort.
 */
export async function isListed(file: string, listed: Listing, signal: AbortSignal | undefined): Promise<boolean> {
  const { length, digest, checksum, modified } = listed
  const found = await stat(file).catch(() => undefined)
  if (length === undefined || !found?.isFile() || found.size !== length) return false
  const sha256 = digest?.replace(/^sha256:/, '')
  if (sha256 !== undefined) return (await hashOf(file, createHash('sha256'), signal)) === sha256
  if (checksum?.algorithm === 'md5') return (await hashOf(file, createHash('md5'), signal)) === checksum.hex
  if (checksum !== undefined) {
    return (await hashOf(file, createHash('sha1').update(`blob ${length}\0`), signal)) === checksum.hex
  }
  return modified !== undefined && Math.abs(found.mtimeMs - modified) < TIME_STEP_MS
}

/** Undefined: it cannot be read. */
async function hashOf(file: string, hash: Hash, signal: AbortSignal | undefined): Promise<string | undefined> {
  try {
    await pipeline(createReadStream(file), hash, { ...(signal && { signal }) })
    return hash.digest('hex')
  } catch (error) {
    if (signal?.aborted) throw error
    return undefined
  }
}
