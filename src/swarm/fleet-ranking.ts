// Rendezvous hashing (highest random weight) over thousands of members: SHA-256 once for each member and task, then integers.
import type { MemberRecord } from '../core/fleet.ts'
import { sha256 } from '../core/piece.ts'

/** Half of a weight: the first 8 bytes of a SHA-256, as two integers of 32 bits. */
export type RankKey = readonly [number, number]

export function rankKey(text: string): RankKey {
  const { buffer, byteOffset } = sha256(Buffer.from(text))
  const view = new DataView(buffer, byteOffset)
  return [view.getUint32(0), view.getUint32(4)]
}

export interface Ranked {
  record: MemberRecord
  key: RankKey
}

interface Place extends Ranked {
  weight: number
}

/**
 * The first `count` of them for a task, in order: seeds before other members, each kind by falling weight. With `until`, only those before
 * it. `self` takes its place in the order, and is left out.
 */
export function firstRanked(
  subject: string,
  others: Iterable<Ranked>,
  { count, self, until }: { count: number; self: Ranked | undefined; until: Ranked | undefined },
): MemberRecord[] {
  const task = rankKey(subject)
  const place = (ranked: Ranked): Place => ({ ...ranked, weight: weightOf(task, ranked.key) })
  const end = until && place(until)
  const first: Place[] = []
  for (const ranked of others) {
    const weight = weightOf(task, ranked.key)
    if (end !== undefined && !isBefore(ranked.record, weight, end)) continue
    const last = first[count - 1]
    if (ranked.record.peer === self?.record.peer || (last !== undefined && !isBefore(ranked.record, weight, last))) continue
    const at = first.findIndex(other => isBefore(ranked.record, weight, other))
    first.splice(at === -1 ? first.length : at, 0, { ...ranked, weight })
    if (first.length > count) first.pop()
  }
  return first.map(({ record }) => record)
}

function isBefore(record: MemberRecord, weight: number, other: Place): boolean {
  if (record.role !== other.record.role) return record.role === 'seed'
  if (weight !== other.weight) return weight > other.weight
  return record.peer < other.record.peer
}

function weightOf([taskA, taskB]: RankKey, [a, b]: RankKey): number {
  return mixed((mixed(a ^ taskA) + (b ^ taskB)) | 0)
}

/** The last step of MurmurHash3: every bit of the input counts for every bit of the result. */
function mixed(value: number): number {
  let bits = value
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}
