// Says how a download ended: right, wrong, failed though it need not have, or failed for a reason that the plan gives.
import type { Receipt } from '../../src/node/api/receipt.ts'
import type { Told } from './orders.ts'

export type Verdict = 'right' | 'wrong' | 'failed' | 'endless' | 'excused' | 'killed'

/** What is at the output path when the download has ended: the sha256, hex; undefined: no file. */
export interface Found {
  sha256: string | undefined
  /** Names beside the output that were not there before. */
  leftovers: readonly string[]
}

/** The circumstances of one download, as facts. */
export interface Circumstances {
  /** sha256, hex, of every version that the origin has shown. */
  versions: readonly string[]
  /** That of the file that was there before; undefined: none was. */
  before: string | undefined
  digest: string | undefined
  /** Whether the origin's word is not to be relied on: a wrong length, or a wrong byte in a range. */
  originLies: boolean
  /** Whether this host, or a seed of its that was there all the time, may read the origin, and that was not dead. */
  originReachable: boolean
  /** Whether the origin changed before the end. */
  originChanged: boolean
  /** A peer that this one was told of, that had all of it and was there all the time; undefined: none. */
  holder: string | undefined
  smallDisk: boolean
  /** Whether it had all the time that it may have. Default false. */
  isLate?: boolean
  /** Whether the process ended before the download. */
  wasKilled: boolean
}

export interface Judgement {
  verdict: Verdict
  why: string
}

const DISHONEST = new Set(['origin-lies', 'origin-changed', 'digest-mismatch', 'untrusted', 'origin-truncated'])

export function judge(told: Told | undefined, found: Found, facts: Circumstances): Judgement {
  const wrong = wrongBytes(told, found, facts)
  if (wrong !== undefined) return { verdict: 'wrong', why: wrong }
  if (facts.wasKilled) return { verdict: 'killed', why: '' }
  if (found.leftovers.length > 0) return { verdict: 'wrong', why: `left behind: ${found.leftovers.join(' ')}` }
  if (told === undefined) return { verdict: 'endless', why: 'never ended' }
  if ('receipt' in told) return { verdict: 'right', why: '' }
  if (facts.isLate === true) return { verdict: 'endless', why: `${told.code}: ${told.message}` }
  return judgeError(told, facts)
}

/** Wrong is: a file that is neither whole nor what was there before, or a receipt that lies. */
function wrongBytes(told: Told | undefined, { sha256 }: Found, facts: Circumstances): string | undefined {
  const good = facts.digest === undefined ? facts.versions : [facts.digest]
  if (told !== undefined && 'receipt' in told) return wrongReceipt(told.receipt, sha256, good)
  if (sha256 === facts.before) return undefined
  if (told !== undefined) return `an error, and a file that is not what was there before: ${sha256}`
  return good.includes(sha256 ?? '') ? undefined : `killed, and left other bytes: ${sha256}`
}

function wrongReceipt(receipt: Receipt, sha256: string | undefined, good: readonly string[]): string | undefined {
  if (sha256 === undefined) return 'a receipt, and no file'
  if (!good.includes(sha256)) return `the file has other bytes: ${sha256}`
  if (receipt.sha256 !== sha256) return `the receipt names ${receipt.sha256}, the file is ${sha256}`
  const sum = receipt.fromOrigin + receipt.fromPeers + receipt.fromSeeds + receipt.resumed
  return sum === receipt.bytes ? undefined : `the receipt counts ${sum} of ${receipt.bytes} bytes`
}

function judgeError({ code, message }: { code: string; message: string }, facts: Circumstances): Judgement {
  const why = `${code}: ${message}`
  if (code === 'internal' || code === 'none') return { verdict: 'failed', why }
  if (facts.smallDisk && code === 'no-space') return { verdict: 'excused', why }
  const mayChange = facts.originChanged || facts.originLies
  if (mayChange && DISHONEST.has(code)) return { verdict: 'excused', why }
  if (facts.holder !== undefined) return { verdict: 'failed', why: `${why} (all the time ${facts.holder} had it)` }
  if (facts.originReachable) return { verdict: 'failed', why: `${why} (the origin could be reached)` }
  return { verdict: 'excused', why }
}
