// The status protocol: one question of a member of the fleet, one answer. It goes through the wall, as everything but the proofs.
import type { Stream } from '@libp2p/interface'
import { DragonflyError } from '../core/errors.ts'
import type { HostStatus } from '../core/host-status.ts'
import {
  decodeStatusReply,
  decodeStatusRequest,
  encodeStatusReply,
  encodeStatusRequest,
  type StatusRequest,
} from '../wire/codec-status.ts'
import { LIMITS } from '../wire/limits.ts'
import { STATUS_PROTOCOL } from '../wire/protocols.ts'
import { MessageChannel } from './channel.ts'
import { firstMessage } from './first-message.ts'
import type { Host } from './host.ts'
import { keepWindowSmall } from './stream.ts'

/** Asks a peer. Rejects with `peer-version` when it is older than this protocol, `protocol` for what is no answer, and when `signal` ends it. */
export async function askStatus(host: Host, peer: string, request: StatusRequest, signal: AbortSignal): Promise<HostStatus> {
  const stream = await host.openStream(peer, STATUS_PROTOCOL, signal)
  const channel = new MessageChannel(stream, LIMITS.statusReply)
  try {
    channel.post(encodeStatusRequest(request))
    await channel.close(signal)
    const bytes = await channel.read(signal)
    if (bytes === undefined) throw new DragonflyError('protocol', 'a stream without an answer')
    return decodeStatusReply(bytes)
  } finally {
    channel.abort(new Error('no longer listening'))
  }
}

export interface StatusAnswerer {
  /** Whether this peer has proved on its connection that it is a member. One that our user has named is let through the wall without that. */
  admits(peer: string): boolean
  answer(request: StatusRequest): Promise<HostStatus>
}

/** Answers from now on. Whoever is no member, or breaks the rules, has its stream reset. */
export async function serveStatus(host: Host, answerer: StatusAnswerer): Promise<void> {
  await host.handle(STATUS_PROTOCOL, async (stream: Stream, peer: string) => {
    if (!answerer.admits(peer)) throw new DragonflyError('peer-refused', 'not a member of this fleet')
    keepWindowSmall(stream)
    const channel = new MessageChannel(stream, LIMITS.statusReply, LIMITS.sendQueue, { first: LIMITS.statusRequest, later: 0 })
    const bytes = await firstMessage(channel, peer, host.room.unheard, LIMITS.firstMessage)
    await channel.send(encodeStatusReply(await answerer.answer(decodeStatusRequest(bytes))))
    await channel.close()
  })
}

export async function unserveStatus(host: Host): Promise<void> {
  await host.libp2p.unhandle(STATUS_PROTOCOL)
}
