// The fleet protocol: one question of a member, and the other one's answer in one or more messages.
import type { Stream } from '@libp2p/interface'
import { DragonflyError } from '../core/errors.ts'
import {
  decodeFleetReply,
  decodeFleetRequest,
  encodeFleetReply,
  encodeFleetRequest,
  type FleetReply,
  type FleetRequest,
  fleetProof,
} from '../wire/codec-fleet.ts'
import { LIMITS } from '../wire/limits.ts'
import { FLEET_PROTOCOL } from '../wire/protocols.ts'
import { MessageChannel } from './channel.ts'
import { firstMessage } from './first-message.ts'
import type { Host } from './host.ts'
import { keepWindowSmall } from './stream.ts'

/** Asks a peer, connected or not; `mostReplies` ends an answer that does not. Rejects when it cannot be reached, or does not answer. */
export async function* askFleet(
  host: Host,
  peer: string,
  request: FleetRequest,
  { signal, mostReplies }: { signal: AbortSignal; mostReplies: number },
): AsyncGenerator<FleetReply> {
  const stream = await host.openStream(peer, FLEET_PROTOCOL, signal)
  const channel = new MessageChannel(stream, LIMITS.message)
  try {
    channel.post(encodeFleetRequest(request))
    await channel.close(signal)
    for (let replies = 0; ; replies++) {
      const bytes = await channel.read(signal)
      if (bytes === undefined) return
      if (replies >= mostReplies) throw new DragonflyError('protocol', 'an answer about the fleet without an end')
      yield decodeFleetReply(bytes)
    }
  } finally {
    channel.abort(new Error('no longer listening'))
  }
}

export interface FleetAnswerer {
  /** Whether a proof makes `peer` a member. Asked first, since the rest of a stranger's request is not worth reading. */
  admits(peer: string, proof: Uint8Array): boolean
  answer(peer: string, request: FleetRequest): FleetReply[]
}

/** Answers from now on. A request that breaks the rules, or proves nothing, has its stream reset. */
export async function serveFleet(host: Host, answerer: FleetAnswerer): Promise<void> {
  await host.handle(FLEET_PROTOCOL, async (stream: Stream, peer: string) => {
    keepWindowSmall(stream)
    const channel = new MessageChannel(stream, LIMITS.message, LIMITS.sendQueue, { first: LIMITS.fleetRequest, later: 0 })
    const bytes = await firstMessage(channel, peer, host.room.unheard, LIMITS.firstMessage)
    if (!answerer.admits(peer, fleetProof(bytes))) throw new DragonflyError('peer-refused', 'not a member of this fleet')
    for (const reply of answerer.answer(peer, decodeFleetRequest(bytes))) await channel.send(encodeFleetReply(reply))
    await channel.close()
  })
}

export async function unserveFleet(host: Host): Promise<void> {
  await host.libp2p.unhandle(FLEET_PROTOCOL)
}
