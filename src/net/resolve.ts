// The resolve protocol: a peer asks a seed for a task, and the seed keeps it informed on the same stream.
import type { Stream } from '@libp2p/interface'
import { DragonflyError } from '../core/errors.ts'
import { traceparent } from '../core/tracing.ts'
import {
  decodeResolveReply,
  decodeResolveRequest,
  encodeResolveReply,
  encodeResolveRequest,
  type ResolveReply,
  type ResolveRequest,
} from '../wire/codec-resolve.ts'
import { LIMITS } from '../wire/limits.ts'
import { RESOLVE_PROTOCOL } from '../wire/protocols.ts'
import { MessageChannel } from './channel.ts'
import { firstMessage } from './first-message.ts'
import type { Host } from './host.ts'
import { keepWindowSmall } from './stream.ts'

/** Asks a seed. Replies come until the seed ends them, goes away, or `signal` fires. Rejects when it cannot be reached. */
export async function* resolve(
  host: Host,
  peer: string,
  request: ResolveRequest,
  signal: AbortSignal,
): AsyncGenerator<ResolveReply> {
  const stream = await host.openStream(peer, RESOLVE_PROTOCOL, signal)
  const channel = new MessageChannel(stream, LIMITS.message)
  try {
    const parent = await traceparent()
    channel.post(encodeResolveRequest(parent === undefined ? request : { ...request, traceparent: parent }))
    await channel.close(signal)
    for (;;) {
      const bytes = await channel.read(signal)
      if (bytes === undefined) return
      const reply = decodeResolveReply(bytes)
      if (reply !== undefined) yield reply
    }
  } finally {
    channel.abort(new Error('no longer listening'))
  }
}

/** What a seed does with one request: says things until it is done or the asker has gone. */
export type Resolver = (
  peer: string,
  request: ResolveRequest,
  say: (reply: ResolveReply) => void,
  gone: AbortSignal,
) => Promise<void>

/**
 * Answers resolve requests from now on. A request that breaks the rules aborts its stream; what else goes wrong is for the
 * resolver to say.
 *
 * @param firstMessageMs - how long a stranger who opened a stream has to ask. Default 10 s
 */
export async function serveResolve(host: Host, resolver: Resolver, firstMessageMs: number = LIMITS.firstMessage): Promise<void> {
  await host.handle(RESOLVE_PROTOCOL, async (stream: Stream, peer: string) => {
    keepWindowSmall(stream)
    const channel = new MessageChannel(stream, LIMITS.message, LIMITS.sendQueue, { first: LIMITS.requestMessage, later: 0 })
    const bytes = await firstMessage(channel, peer, host.room.unheard, firstMessageMs)
    const request = decodeResolveRequest(bytes)
    void endOfRequest(channel)
    const gone = new AbortController()
    stream.addEventListener('close', () => gone.abort(), { once: true })
    // called from timers too, so it never throws: who has closed the stream, or does not read it, listens no more
    const say = (reply: ResolveReply) => {
      if (gone.signal.aborted || channel.trySend(encodeResolveReply(reply))) return
      gone.abort()
      channel.abort(new DragonflyError('peer-refused', 'the client does not listen any more'))
    }
    await resolver(peer, request, say, gone.signal)
    await channel.close()
  })
}

/** One request is all there is to a stream; whoever sends more is heard no longer. */
async function endOfRequest(channel: MessageChannel): Promise<void> {
  const more = await channel.read().catch(() => undefined)
  if (more !== undefined) channel.abort(new DragonflyError('protocol', 'a second request on one stream'))
}

export async function unserveResolve(host: Host): Promise<void> {
  await host.libp2p.unhandle(RESOLVE_PROTOCOL)
}
