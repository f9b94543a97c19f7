// Claims to have every piece, and gives a few bytes of one now and then.
import type { Stream } from '@libp2p/interface'
import { MessageChannel } from '../../src/net/channel.ts'
import { writeStream } from '../../src/net/stream.ts'
import { decodeDataRequest, encodeFrame } from '../../src/wire/codec-data.ts'
import { LIMITS } from '../../src/wire/limits.ts'
import { DATA_PROTOCOL } from '../../src/wire/protocols.ts'
import { claimsAll } from './claims-all.ts'
import type { ScriptedPeer } from './scripted-peer.ts'

const EVERY_MS = 2000

/** From now on it claims all of `count` pieces on every link, and answers asks with `bytes` (at most 64 KiB) every 2 s. */
export async function trickles(attacker: ScriptedPeer, count: number, bytes: number): Promise<void> {
  const claims = claimsAll(count)
  attacker.behaviour.message = claims
  attacker.behaviour.met = (link, self) => claims(undefined, link, self)
  const { host } = attacker
  await host.libp2p.unhandle(DATA_PROTOCOL)
  await host.handle(DATA_PROTOCOL, (stream, peer) => trickle(stream, piece => attacker.asks.push({ piece, peer }), bytes))
}

/** Until whoever asks closes or resets the stream. */
async function trickle(stream: Stream, onAsk: (piece: number) => void, bytes: number): Promise<void> {
  /** What has been sent of each piece that is asked for. */
  const sent = new Map<number, number>()
  const payload = new Uint8Array(bytes)
  const drip = () => {
    const [first] = sent
    if (first === undefined) return
    const [piece, offset] = first
    sent.set(piece, offset + bytes)
    writeStream(stream, encodeFrame({ piece, offset, length: bytes }, payload)).catch(() => {})
  }
  const timer = setInterval(drip, EVERY_MS)
  try {
    for await (const message of new MessageChannel(stream, LIMITS.requestMessage)) {
      const request = decodeDataRequest(message)
      if (request?.type === 'cancel') sent.delete(request.piece)
      if (request?.type !== 'ask') continue
      onAsk(request.piece)
      sent.set(request.piece, 0)
      if (sent.size === 1) drip()
    }
  } finally {
    clearInterval(timer)
  }
}
