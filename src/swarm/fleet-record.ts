// Records of members: which of two counts, and an order of chance.
import type { MemberRecord, MemberState } from '../core/fleet.ts'

/** Of equal stamps. */
const RANK: Readonly<Record<MemberState, number>> = { alive: 0, dead: 1, left: 2 }

export function isNewer(record: MemberRecord, known: MemberRecord): boolean {
  if (record.stamp !== known.stamp) return record.stamp > known.stamp
  return RANK[record.state] > RANK[known.state]
}

/** Fisher and Yates. */
export function shuffle(list: string[], random: () => number): void {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[list[i], list[j]] = [list[j] as string, list[i] as string]
  }
}
