// An answer about the fleet in as many messages as its list takes.
import type { MemberRecord } from '../../core/fleet.ts'
import type { FleetReply } from '../../wire/codec-fleet.ts'
import { LIMITS } from '../../wire/limits.ts'

/** The first one carries proof and view. */
export function repliesOf(answer: { proof: Uint8Array; view: Uint8Array; members: readonly MemberRecord[] }): FleetReply[] {
  const { proof, view, members } = answer
  const replies: FleetReply[] = [{ proof, members: members.slice(0, LIMITS.members), view }]
  for (let at = LIMITS.members; at < members.length; at += LIMITS.members) {
    replies.push({ proof: undefined, members: members.slice(at, at + LIMITS.members), view: undefined })
  }
  return replies
}
