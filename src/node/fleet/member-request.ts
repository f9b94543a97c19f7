// One request to a member: nothing of its answer counts before it has proved that it is one.
import type { MemberRecord } from '../../core/fleet.ts'
import { askFleet } from '../../net/fleet-stream.ts'
import type { Host } from '../../net/host.ts'
import type { FleetRequest } from '../../wire/codec-fleet.ts'
import { now } from '../context/node-context.ts'
import { withPeer } from './member-addresses.ts'
import type { MemberProofs } from './member-proofs.ts'
import { stranger } from './strangers.ts'

/** One request, connecting included, ms; and one for a list of 10,000 members, which takes 1.6 MB. */
const ASK_MS = 3000
const ASK_ALL_MS = 30_000
/** A time limit that ends so much later than it should: it is this host that was late, ms. */
const OWN_DELAY_MS = 500
/** Messages of one answer: the longest list. */
const MAX_REPLIES = 200

/** What a member is asked besides what is new. */
export interface Question {
  /** A task's: who is responsible for it? */
  subject?: string | undefined
  all?: boolean
}

export interface MemberAnswer {
  members: readonly MemberRecord[]
  view: Uint8Array | undefined
}

/** It did not answer in time, and it is not this host that was late. */
export class SilentMember extends Error {}

/**
 * Resolves to the answer; `hear` is told of its members as they come. Rejects with `SilentMember`, `peer-refused` when the peer proves
 * nothing, or what else went wrong.
 */
export async function requestOf(
  { host, proofs, stopping }: { host: Host; proofs: MemberProofs; stopping: AbortSignal },
  { peer, request, hear }: { peer: string; request: FleetRequest; hear: (members: readonly MemberRecord[]) => void },
): Promise<MemberAnswer> {
  const limit = request.all ? ASK_ALL_MS : ASK_MS
  const clock = AbortSignal.timeout(limit)
  const startedAt = now()
  const members: MemberRecord[] = []
  let view: Uint8Array | undefined
  let isProven = false
  try {
    const signal = AbortSignal.any([stopping, clock])
    for await (const reply of askFleet(host, peer, request, { signal, mostReplies: MAX_REPLIES })) {
      if (!isProven && (reply.proof === undefined || proofs.take(peer, reply.proof) === undefined)) throw stranger()
      isProven = true
      view ??= reply.view
      members.push(...reply.members)
      hear(reply.members)
    }
    if (!isProven) throw stranger()
    return { members, view }
  } catch (error) {
    const isInTime = clock.aborted && now() - startedAt < limit + OWN_DELAY_MS
    throw isInTime ? new SilentMember('it does not answer', { cause: error }) : error
  }
}

/** Connects to a member by the addresses that it has named, unless it is connected. */
export async function connectTo(
  host: Host,
  peer: string,
  record: MemberRecord | undefined,
  stopping: AbortSignal,
): Promise<void> {
  if (host.isConnected(peer)) return
  const signal = AbortSignal.any([stopping, AbortSignal.timeout(ASK_MS)])
  await host.connect((record === undefined ? [] : [record]).flatMap(withPeer), signal)
}
