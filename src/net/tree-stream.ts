// The tree protocol: a peer asks a seed for the tree below a URL, and hears that it waits until it has the answer.
import type { Stream } from '@libp2p/interface'
import { DragonflyError } from '../core/errors.ts'
import {
  decodeTreeReply,
  decodeTreeRequest,
  encodeTreeReply,
  encodeTreeRequest,
  type TreeReply,
  type TreeRequest,
} from '../wire/codec-tree.ts'
import { LIMITS } from '../wire/limits.ts'
import { TREE_PROTOCOL } from '../wire/protocols.ts'
import { MessageChannel } from './channel.ts'
import { firstMessage } from './first-message.ts'
import type { Host } from './host.ts'
import { keepWindowSmall } from './stream.ts'

/** Asks a seed. Replies come until the seed ends them, goes away, or `signal` fires. Rejects when it cannot be reached, or does not know the protocol. */
export async function* askTree(host: Host, peer: string, request: TreeRequest, signal: AbortSignal): AsyncGenerator<TreeReply> {
  const stream = await host.openStream(peer, TREE_PROTOCOL, signal)
  const channel = new MessageChannel(stream, LIMITS.treeReply)
  try {
    channel.post(encodeTreeRequest(request))
    await channel.close(signal)
    for (;;) {
      const bytes = await channel.read(signal)
      if (bytes === undefined) return
      const reply = decodeTreeReply(bytes)
      if (reply !== undefined) yield reply
    }
  } finally {
    channel.abort(new Error('no longer listening'))
  }
}

/** What a seed does with one request. */
export type TreeAnswerer = (
  peer: string,
  request: TreeRequest,
  say: (reply: TreeReply) => void,
  gone: AbortSignal,
) => Promise<void>

/** Answers from now on. A request that breaks the rules aborts its stream. */
export async function serveTrees(host: Host, answer: TreeAnswerer): Promise<void> {
  await host.handle(TREE_PROTOCOL, async (stream: Stream, peer: string) => {
    keepWindowSmall(stream)
    const channel = new MessageChannel(stream, LIMITS.treeReply, LIMITS.sendQueue, { first: LIMITS.treeRequest, later: 0 })
    const request = decodeTreeRequest(await firstMessage(channel, peer, host.room.unheard, LIMITS.firstMessage))
    const gone = new AbortController()
    stream.addEventListener('close', () => gone.abort(), { once: true })
    const say = (reply: TreeReply) => {
      if (gone.signal.aborted || channel.trySend(encodeTreeReply(reply))) return
      gone.abort()
      channel.abort(new DragonflyError('peer-refused', 'the client does not listen any more'))
    }
    await answer(peer, request, say, gone.signal)
    await channel.close()
  })
}

export async function unserveTrees(host: Host): Promise<void> {
  await host.libp2p.unhandle(TREE_PROTOCOL)
}
