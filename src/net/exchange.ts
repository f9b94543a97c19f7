// The exchange and data protocols: opens and accepts links, and attaches each data stream to its link.
import type { Stream } from '@libp2p/interface'
import { DragonflyError } from '../core/errors.ts'
import { sameBytes } from '../core/piece.ts'
import { decodeControl, encodeControl } from '../wire/codec-control.ts'
import { decodeDataRequest } from '../wire/codec-data.ts'
import type { Hello } from '../wire/codec-hello.ts'
import type { PeerAddress } from '../wire/codec-peers.ts'
import { LIMITS } from '../wire/limits.ts'
import { DATA_PROTOCOL, EXCHANGE_PROTOCOL } from '../wire/protocols.ts'
import type { RefusalReason } from '../wire/refusal.ts'
import { MessageChannel } from './channel.ts'
import { firstMessage } from './first-message.ts'
import type { Host } from './host.ts'
import { Link, type LinkListener } from './link.ts'
import type { LinkTotals } from './link-usage.ts'
import { PieceResponder } from './piece-responder.ts'
import { keepWindowSmall } from './stream.ts'

/** How the owner answers a hello: with its own and a listener, or with the reason why not and whom to try instead. */
export type Answer =
  | { hello: Hello; attach: (link: Link) => LinkListener }
  | { refused: RefusalReason; peers?: readonly PeerAddress[] }

export type Accept = (peer: string, hello: Hello) => Answer | Promise<Answer>

/** The other side does not want the link: why, and whom it named instead. */
export class LinkRefused extends DragonflyError {
  readonly reason: RefusalReason
  readonly peers: readonly PeerAddress[]

  constructor(reason: RefusalReason, peers: readonly PeerAddress[]) {
    super('peer-refused', `peer refused: ${reason}`)
    this.reason = reason
    this.peers = peers
  }
}

export class Exchange {
  readonly #host: Host
  readonly #accept: Accept
  readonly #firstMessageMs: number
  readonly #links = new Map<string, Link>()
  /** Payload bytes over all links, those of the past too: given to us, taken from us. */
  readonly totals: LinkTotals = { bytesReceived: 0, bytesSent: 0 }

  /** @param firstMessageMs - how long a stranger who opened a stream has to say hello. Default 10 s */
  constructor(host: Host, accept: Accept, firstMessageMs: number = LIMITS.firstMessage) {
    this.#host = host
    this.#accept = accept
    this.#firstMessageMs = firstMessageMs
  }

  async start(): Promise<void> {
    await this.#host.handle(EXCHANGE_PROTOCOL, (stream, peer) => this.#onControl(stream, peer))
    await this.#host.handle(DATA_PROTOCOL, (stream, peer) => this.#onData(stream, peer))
  }

  /**
   * Opens a link. Rejects with `LinkRefused` when the other side does not want it, `protocol` when it makes no sense, or as
   * `check` does, which sees its hello before it is told anything.
   */
  async dial(
    peer: string,
    hello: Hello,
    attach: (link: Link) => LinkListener,
    signal: AbortSignal,
    check?: (answer: Hello) => Promise<void>,
  ): Promise<Link> {
    const stream = await this.#host.openStream(peer, EXCHANGE_PROTOCOL, signal)
    keepWindowSmall(stream)
    const control = new MessageChannel(stream, LIMITS.message)
    try {
      control.post(encodeControl(hello))
      const bytes = await control.read(signal)
      if (bytes === undefined) throw new DragonflyError('protocol', 'stream ended before a message')
      const answer = decodeControl(bytes)
      if (answer?.type === 'refused') throw new LinkRefused(answer.reason, answer.peers)
      if (answer?.type !== 'hello') throw new DragonflyError('protocol', 'did not answer our hello')
      if (!sameBytes(answer.topic, hello.topic)) throw new DragonflyError('protocol', 'answered with another topic')
      await check?.(answer)
      return this.#open(peer, true, control, answer, hello, attach)
    } catch (error) {
      control.abort(error as Error)
      throw error
    }
  }

  /** Whether there is a link with a peer on this topic, whosever it is. */
  isLinked(peer: string, topic: Uint8Array): boolean {
    return this.#links.get(linkKey(peer, topic))?.isClosed === false
  }

  async stop(): Promise<void> {
    for (const link of [...this.#links.values()]) link.close('going-away')
    await this.#host.libp2p.unhandle([EXCHANGE_PROTOCOL, DATA_PROTOCOL])
  }

  async #onControl(stream: Stream, peer: string): Promise<void> {
    keepWindowSmall(stream)
    const control = new MessageChannel(stream, LIMITS.message, LIMITS.sendQueue, { first: LIMITS.helloMessage })
    const hello = decodeControl(await firstMessage(control, peer, this.#host.room.unheard, this.#firstMessageMs))
    if (hello?.type !== 'hello') throw new DragonflyError('protocol', 'the first message is not a hello')
    const answer = await this.#accept(peer, hello)
    if ('refused' in answer) {
      control.post(encodeControl({ type: 'refused', reason: answer.refused, peers: [...(answer.peers ?? [])] }))
      await control.close()
      return
    }
    control.post(encodeControl(answer.hello))
    this.#open(peer, false, control, hello, answer.hello, answer.attach)
  }

  async #onData(stream: Stream, peer: string): Promise<void> {
    keepWindowSmall(stream)
    const channel = new MessageChannel(stream, LIMITS.helloMessage)
    const hello = decodeDataRequest(await firstMessage(channel, peer, this.#host.room.unheard, this.#firstMessageMs))
    if (hello?.type !== 'hello') throw new DragonflyError('protocol', 'the first message is not a hello')
    const link = this.#links.get(linkKey(peer, hello.topic))
    if (link === undefined || link.isClosed) throw new DragonflyError('protocol', 'data stream without a link')
    try {
      await link.serve(new PieceResponder(stream, channel, link.asks))
      await channel.close()
    } catch (error) {
      link.abort(error as DragonflyError)
      throw error
    }
  }

  #open(
    peer: string,
    isDialer: boolean,
    control: MessageChannel,
    hello: Hello,
    ourHello: Hello,
    attach: (link: Link) => LinkListener,
  ): Link {
    const key = linkKey(peer, ourHello.topic)
    const openData = async () => {
      const stream = await this.#host.openStream(peer, DATA_PROTOCOL, AbortSignal.timeout(this.#firstMessageMs))
      return { stream, channel: new MessageChannel(stream, LIMITS.helloMessage) }
    }
    const { hearsay } = this.#host.room
    const link = new Link({ peer, topic: key, isDialer, control, hello, ourHello, totals: this.totals, hearsay, openData })
    const listener = attach(link)
    this.#links.set(key, link)
    link.run(listener, decodeControl).finally(() => {
      if (this.#links.get(key) === link) this.#links.delete(key)
    })
    return link
  }
}

function linkKey(peer: string, topic: Uint8Array): string {
  return `${peer} ${Buffer.from(topic).toString('base64')}`
}
