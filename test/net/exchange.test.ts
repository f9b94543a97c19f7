// Links between two real hosts: how they begin, carry pieces and end, and what a host holds for those that do not end.
import { expect } from 'chai'
import { DragonflyError } from '../../src/core/errors.ts'
import { type Answer, Exchange } from '../../src/net/exchange.ts'
import { type Host, startHost } from '../../src/net/host.ts'
import type { Link, LinkListener } from '../../src/net/link.ts'
import { type ControlMessage, encodeControl } from '../../src/wire/codec-control.ts'
import { encodeDataRequest } from '../../src/wire/codec-data.ts'
import type { Hello } from '../../src/wire/codec-hello.ts'
import { LIMITS } from '../../src/wire/limits.ts'
import { DATA_PROTOCOL, EXCHANGE_PROTOCOL } from '../../src/wire/protocols.ts'
import type { RefusalReason } from '../../src/wire/refusal.ts'
import { ended, sendMessage } from '../malicious/raw-stream.ts'
import { HANG_MS, until } from '../waiting.ts'
import { LOOPBACK } from '../world/loopback.ts'
import { failure } from './stream-pair.ts'

const SIZE = 3 * LIMITS.framePayload + 5
const TOPIC = Uint8Array.of(1, 2, 3)

function hello(topic = TOPIC, version = 'v'): Hello {
  return { type: 'hello', topic, proof: new Uint8Array(32), version, manifestCount: 0, links: 0 }
}

/** One end of links, and all that it was told. */
class End implements LinkListener {
  readonly host: Host
  readonly exchange: Exchange
  readonly links: Link[] = []
  readonly messages: ControlMessage[] = []
  readonly asks: number[] = []
  readonly withdrawn: number[] = []
  readonly pieces = new Map<number, Uint8Array>()
  readonly refusals: [number, RefusalReason][] = []
  readonly ends: unknown[] = []
  answer: Answer | undefined
  onAsk: (piece: number) => void = () => {}

  private constructor(host: Host, firstMessageMs: number) {
    this.host = host
    this.exchange = new Exchange(
      host,
      (_peer, theirs) => this.answer ?? { hello: hello(new Uint8Array(theirs.topic)), attach: this.attach },
      firstMessageMs,
    )
  }

  static async start(firstMessageMs?: number): Promise<End> {
    const end = new End(await startHost({ listen: [LOOPBACK] }), firstMessageMs ?? LIMITS.firstMessage)
    await end.exchange.start()
    return end
  }

  readonly attach = (link: Link): LinkListener => {
    this.links.push(link)
    return this
  }

  async dial(to: End, ours = hello()): Promise<Link> {
    await this.host.connect([to.address])
    return await this.exchange.dial(to.host.id, ours, this.attach, AbortSignal.timeout(HANG_MS))
  }

  get address(): string {
    return this.host.addresses[0] as string
  }

  get link(): Link {
    return this.links.at(-1) as Link
  }

  async message(message: ControlMessage): Promise<void> {
    this.messages.push(message)
    if (message.type === 'refused') this.link.close()
  }
  ask(piece: number): void {
    this.asks.push(piece)
    this.onAsk(piece)
  }
  withdraw(piece: number): void {
    this.withdrawn.push(piece)
  }
  buffer(size: number): Uint8Array {
    return new Uint8Array(size)
  }
  progress(): void {}
  piece(piece: number, bytes: Uint8Array): void {
    this.pieces.set(piece, bytes)
  }
  refused(piece: number, reason: RefusalReason): void {
    this.refusals.push([piece, reason])
  }
  closed(error: unknown): void {
    this.ends.push(error)
  }
}

describe('net/exchange', () => {
  let near: End
  let far: End

  beforeEach(async () => {
    near = await End.start()
    far = await End.start()
  })
  afterEach(async () => {
    await near.host.stop()
    await far.host.stop()
  })

  it('opens one link, on which both hear each other’s hello', async () => {
    const link = await near.dial(far, hello(TOPIC, 'mine'))
    expect(link.isDialer).to.equal(true)
    expect(link.hello.version).to.equal('v')
    await until(() => far.links.length === 1, 'the other end has it')
    expect(far.link.hello.version).to.equal('mine')
    expect(far.link.peer).to.equal(near.host.id)
    expect(far.link.isDialer).to.equal(false)
  })

  it('carries messages both ways, and pieces beside them', async () => {
    await near.dial(far)
    const bytes = new Uint8Array(SIZE).map((_, i) => i % 251)
    far.onAsk = piece => void far.link.give(piece, bytes)
    near.link.ask(7, SIZE, 0)
    near.link.send({ type: 'have', pieces: [1, 2], queue: 3 })
    await until(() => near.pieces.has(7) && far.messages.length === 1, 'piece and message come')
    expect(Buffer.compare(near.pieces.get(7) as Uint8Array, bytes)).to.equal(0)
    expect(far.messages).to.deep.equal([{ type: 'have', pieces: [1, 2], queue: 3 }])
    near.onAsk = piece => near.link.refuse(piece, 'no-such-piece')
    far.link.ask(9, SIZE, 0)
    await until(() => far.refusals.length === 1, 'a refusal comes')
    expect(far.refusals).to.deep.equal([[9, 'no-such-piece']])
  })

  it('an ask that is called off and made again is answered once more', async () => {
    await near.dial(far)
    near.link.ask(1, SIZE, 0)
    await until(() => far.asks.length === 1, 'the ask comes')
    near.link.cancel(1)
    await until(() => far.withdrawn.length === 1, 'the cancel comes')
    far.onAsk = piece => void far.link.give(piece, new Uint8Array(SIZE))
    near.link.ask(1, SIZE, 0)
    await until(() => near.pieces.has(1), 'the piece comes')
    expect(near.refusals).to.deep.equal([])
  })

  it('tells why a hello is refused, or a link ended', async () => {
    far.answer = { refused: 'bad-proof' }
    const error = await failure(near.dial(far))
    expect(error).to.have.property('code', 'peer-refused')
    expect(error.message).to.include('bad-proof')
    far.answer = undefined
    await near.dial(far)
    far.link.close('going-away')
    await until(() => near.ends.length === 1, 'the link ends')
    expect(near.messages).to.deep.equal([{ type: 'refused', reason: 'going-away', peers: [] }])
    expect(near.ends).to.deep.equal([undefined])
    expect(far.ends).to.deep.equal([undefined])
  })

  it('does not take another topic, or no hello, for an answer', async () => {
    const odd: [ControlMessage, string][] = [
      [hello(Uint8Array.of(9)), 'another topic'],
      [{ type: 'have', pieces: [1], queue: 0 }, 'did not answer our hello'],
    ]
    for (const [answer, why] of odd) {
      await far.host.libp2p.unhandle(EXCHANGE_PROTOCOL)
      await far.host.handle(EXCHANGE_PROTOCOL, async stream => await sendMessage(stream, encodeControl(answer)))
      const error = await failure(near.dial(far))
      expect(error).to.have.property('code', 'protocol')
      expect(error.message).to.include(why)
    }
  })

  it('gives up a peer that does not answer a hello when told so', async () => {
    await far.host.libp2p.unhandle(EXCHANGE_PROTOCOL)
    const stream = new Promise<{ status: string }>(resolve => {
      void far.host.handle(EXCHANGE_PROTOCOL, async s => resolve(s))
    })
    await near.host.connect([far.address])
    const dial = near.exchange.dial(far.host.id, hello(), near.attach, AbortSignal.timeout(100))
    expect(await failure(dial)).to.have.property('code', 'timeout')
    const theirs = await stream
    await until(() => theirs.status === 'reset', 'the stream is gone')
    expect(near.links).to.deep.equal([])
  })

  for (const protocol of [EXCHANGE_PROTOCOL, DATA_PROTOCOL]) {
    it(`does not wait for ever for the first message on ${protocol}`, async () => {
      const hasty = await End.start(100)
      await near.host.connect([hasty.address])
      const silent = await near.host.openStream(hasty.host.id, protocol)
      const halfway = await near.host.openStream(hasty.host.id, protocol)
      halfway.send(Uint8Array.of(60, 1))
      expect(await ended(silent)).to.equal('reset')
      expect(await ended(halfway)).to.equal('reset')
      expect(hasty.links).to.deep.equal([])
      await hasty.host.stop()
    })
  }

  it('holds no more than its limit for a peer that does not read, and cuts it off', async () => {
    await near.host.connect([far.address])
    const stream = await near.host.openStream(far.host.id, EXCHANGE_PROTOCOL)
    stream.pause()
    await sendMessage(stream, encodeControl(hello()))
    await until(() => far.links.length === 1, 'the link stands')
    const pieces = Array.from({ length: LIMITS.havePieces }, (_, i) => i + 100_000)
    let bytes = 0
    while (!far.link.isClosed) {
      far.link.send({ type: 'have', pieces, queue: 0 })
      bytes += 4 * LIMITS.havePieces
      if (bytes > 64 * 1024 * 1024) throw new Error('it never stops')
    }
    expect(bytes).to.be.below(LIMITS.sendQueue + 8 * 1024 * 1024)
    expect(await ended(stream)).to.equal('reset')
    expect(far.ends[0]).to.have.property('code', 'peer-refused')
  })

  it('cuts the data streams too when a link ends by an error', async () => {
    await near.dial(far)
    near.link.ask(1, SIZE, 0)
    await until(() => far.asks.length === 1, 'the data stream stands')
    near.link.abort(new DragonflyError('protocol', 'enough'))
    await until(() => far.ends.length === 1, 'the other end knows')
    expect(far.ends[0]).to.be.instanceOf(Error)
    const left = near.host.libp2p.getConnections().flatMap(c => c.streams.filter(s => s.protocol.includes('/dragonfly/')))
    expect(left.filter(s => s.status === 'open')).to.deep.equal([])
  })

  it('a link that has ended takes no data stream, and hears no more asks', async () => {
    await near.dial(far)
    near.link.ask(1, SIZE, 0)
    await until(() => far.asks.length === 1, 'the data stream stands')
    far.link.close()
    await near.host.openStream(far.host.id, DATA_PROTOCOL).then(async stream => {
      await sendMessage(stream, encodeDataRequest(hello()))
      expect(await ended(stream)).to.equal('reset')
    })
    expect(far.asks).to.deep.equal([1])
  })

  it('cuts off who does not end its streams after a farewell', async () => {
    await near.host.connect([far.address])
    const stream = await near.host.openStream(far.host.id, EXCHANGE_PROTOCOL)
    await sendMessage(stream, encodeControl(hello()))
    await until(() => far.links.length === 1, 'the link stands')
    far.link.close('going-away')
    expect(await ended(stream)).to.equal('reset')
  })

  it('stops with a farewell on every link', async () => {
    await near.dial(far)
    await near.dial(far, hello(Uint8Array.of(4)))
    await far.exchange.stop()
    await until(() => near.ends.length === 2, 'both links end')
    expect(near.messages).to.deep.equal([
      { type: 'refused', reason: 'going-away', peers: [] },
      { type: 'refused', reason: 'going-away', peers: [] },
    ])
    expect(await failure(near.dial(far))).to.be.instanceOf(Error)
  })
})
