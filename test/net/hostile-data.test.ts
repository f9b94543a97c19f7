// Strangers on the data protocol, asking and giving: what breaks the rules ends the link, and honest peers are served.
import { expect } from 'chai'
import { Exchange } from '../../src/net/exchange.ts'
import { type Host, startHost } from '../../src/net/host.ts'
import type { LinkListener } from '../../src/net/link.ts'
import { writeStream } from '../../src/net/stream.ts'
import { encodeDataRequest, encodeFrame } from '../../src/wire/codec-data.ts'
import type { Hello } from '../../src/wire/codec-hello.ts'
import { prefixed } from '../../src/wire/framing.ts'
import { DataRequest, Frame } from '../../src/wire/generated/messages.js'
import { LIMITS } from '../../src/wire/limits.ts'
import { DATA_PROTOCOL } from '../../src/wire/protocols.ts'
import { ended, sendMessage } from '../malicious/raw-stream.ts'
import type { ScriptedPeer } from '../malicious/scripted-peer.ts'
import { HANG_MS, until } from '../waiting.ts'
import { content, hex, PIECE } from '../world/content.ts'
import { LOOPBACK } from '../world/loopback.ts'
import { type Observed, World } from '../world/world.ts'

const BODY = content('hostile data', 16 * PIECE)

describe('net/uploads: hostile askers', () => {
  let world: World
  let seed: Observed
  let attacker: ScriptedPeer
  let friend: ScriptedPeer

  before(async () => {
    world = await World.open()
    const origin = await world.origin(BODY)
    const url = `${origin.url}/file.bin`
    seed = await world.seed()
    await seed.node.download(url, world.path())
    friend = await world.scriptedPeer(url)
    attacker = await world.scriptedPeer(url)
  })
  after(() => world.close())

  async function expectHonestServed(): Promise<void> {
    friend.pieces.clear()
    const link = await friend.say(seed.address)
    friend.join(link)
    for (const piece of [0, 15]) link.ask(piece, PIECE, 0)
    await until(() => friend.pieces.size === 2, 'both pieces come')
    for (const [i, bytes] of friend.pieces) expect(hex(bytes)).to.equal(hex(BODY.subarray(i * PIECE, (i + 1) * PIECE)))
    link.close()
    for (const l of attacker.links) l.close()
    await until(() => attacker.links.every(l => l.isClosed), 'the attacker is gone')
  }

  /** What a stranger does; then an honest peer is served as before. */
  function attack(what: string, run: () => Promise<void>): void {
    it(what, async () => {
      await run()
      await expectHonestServed()
    })
  }

  const open = () => attacker.stream(seed.address, DATA_PROTOCOL)
  const ask = (piece: number) => encodeDataRequest({ type: 'ask', piece, load: 0 })

  /** A data stream on a link that stands, and the hello said. */
  async function begun(peer = attacker) {
    const link = await peer.say(seed.address)
    peer.join(link)
    await until(() => peer.heard.some(m => m.type === 'pieces'), 'the seed takes us for a neighbour')
    const stream = await peer.stream(seed.address, DATA_PROTOCOL)
    let bytes = 0
    stream.addEventListener('message', event => {
      bytes += event.data.byteLength
    })
    await sendMessage(stream, encodeDataRequest(link.ourHello))
    return { link, stream, bytes: () => bytes }
  }

  attack('a hello without a link', async () => {
    const stream = await open()
    await sendMessage(stream, encodeDataRequest(attacker.hello(seed.id)))
    expect(await ended(stream)).to.equal('reset')
  })

  attack('an ask before the hello', async () => {
    await attacker.say(seed.address)
    const stream = await open()
    await sendMessage(stream, ask(0))
    expect(await ended(stream)).to.equal('reset')
  })

  attack('a second data stream on one link ends both', async () => {
    const { link, stream } = await begun()
    await sendMessage(stream, ask(0))
    const second = await open()
    await sendMessage(second, encodeDataRequest(link.ourHello))
    expect(await ended(second)).to.equal('reset')
    expect(await ended(stream)).to.equal('reset')
    await until(() => link.isClosed, 'and the link')
  })

  const breaks: [string, (hello: Hello) => Uint8Array][] = [
    ['a second hello', hello => encodeDataRequest(hello)],
    ['an ask beyond the limit', () => DataRequest.encode({ ask: LIMITS.pieces })],
    ['a negative ask', () => Uint8Array.of(0x10, ...Array(9).fill(0xff), 1)],
    ['a cancel beyond the limit', () => DataRequest.encode({ cancel: 0xffffffff })],
    ['garbage', () => Uint8Array.from({ length: 100 }, (_, i) => (i * 197 + 251) % 256)],
  ]
  for (const [what, bytes] of breaks) {
    attack(`${what} ends the stream and the link`, async () => {
      const { link, stream } = await begun()
      await sendMessage(stream, bytes(link.ourHello))
      expect(await ended(stream)).to.equal('reset')
      await until(() => link.isClosed, 'the link ends')
    })
  }

  attack('a request that is too long, or cut short', async () => {
    const one = await begun()
    await writeStream(one.stream, Uint8Array.of(0x81, 0x80, 0x06))
    expect(await ended(one.stream)).to.equal('reset')
    await until(() => one.link.isClosed, 'the link ends')
    const two = await begun()
    await writeStream(two.stream, Uint8Array.of(2, 0x10))
    await two.stream.close()
    expect(await ended(two.stream)).to.equal('reset')
  })

  attack('pieces that are not there are refused, unknown requests and cancels of nothing ignored', async () => {
    const { link, stream } = await begun()
    await sendMessage(stream, Uint8Array.of(0x7a, 1, 1))
    for (const piece of [0, 1, 5]) await sendMessage(stream, encodeDataRequest({ type: 'cancel', piece }))
    link.close()
    await until(() => link.isClosed, 'the link ends')
    const again = await attacker.say(seed.address)
    attacker.join(again)
    attacker.refusals.length = 0
    for (const piece of [16, 99, LIMITS.pieces - 1]) again.ask(piece, PIECE, 0)
    await until(() => attacker.refusals.length === 3, 'three refusals')
    expect(new Set(attacker.refusals)).to.deep.equal(new Set(['no-such-piece']))
  })

  attack('more asks than the limit while nothing is read', async () => {
    const { link, stream, bytes } = await begun()
    stream.pause()
    for (let piece = 0; piece < 8 * LIMITS.asks && stream.status === 'open'; piece++) {
      await sendMessage(stream, ask(piece)).catch(() => {})
    }
    expect(await ended(stream)).to.equal('reset')
    await until(() => link.isClosed, 'the link ends')
    expect(bytes()).to.be.below(BODY.length)
  })

  attack('the same piece, asked for a thousand times and called off as often', async () => {
    const { stream } = await begun()
    for (let i = 0; i < 1000 && stream.status === 'open'; i++) {
      await sendMessage(stream, ask(i % 2))
      await sendMessage(stream, encodeDataRequest({ type: 'cancel', piece: i % 2 }))
    }
    await sendMessage(stream, ask(0))
    await stream.close()
    expect(await ended(stream)).to.equal('closed')
  })

  attack('a third piece waits until a first is said to be there, or has been on its way for long', async () => {
    const order: string[] = []
    // not those that others have just got: a seed keeps their second copies back
    const asks = async (name: string, pieces: number[], peer: ScriptedPeer) => {
      const { stream, bytes } = await begun(peer)
      for (const piece of pieces) await sendMessage(stream, ask(piece))
      await until(() => bytes() >= 2 * PIECE, 'two at a time')
      const third = until(() => bytes() >= 3 * PIECE, 'the third').then(() => order.push(name))
      const end = async () => {
        await third
        await stream.close()
        expect(await ended(stream)).to.equal('closed')
      }
      return { stream, end }
    }
    const honest = await asks('says what has come', [4, 5, 6], attacker)
    const mute = await asks('says nothing', [7, 8, 9], await world.scriptedPeer(attacker.task.url))
    for (const piece of [15, 4, 5, 6, 4, 5, 6]) await sendMessage(honest.stream, encodeDataRequest({ type: 'got', piece }))
    await Promise.all([mute.end(), honest.end()])
    expect(order).to.deep.equal(['says what has come', 'says nothing'])
  })

  attack('a half close: what has begun to come comes to its end', async () => {
    const { stream, bytes } = await begun()
    await sendMessage(stream, ask(1))
    await until(() => bytes() > 0, 'it begins')
    await stream.close()
    expect(await ended(stream)).to.equal('closed')
    expect(bytes()).to.be.at.least(PIECE)
  })
})

describe('net/downloads: hostile givers', () => {
  const TOPIC = Uint8Array.of(1, 2, 3)
  const SIZE = 2 * LIMITS.framePayload
  let asker: Host
  let giver: Host
  let exchange: Exchange
  let ours: Exchange

  const hello = (): Hello => ({
    type: 'hello',
    topic: TOPIC,
    proof: new Uint8Array(32),
    version: 'v',
    manifestCount: 0,
    links: 0,
  })
  const deaf = (closed: (error: unknown) => void, piece: (bytes: Uint8Array) => void = () => {}): LinkListener => ({
    message: async () => {},
    ask: () => {},
    withdraw: () => {},
    buffer: size => new Uint8Array(size),
    progress: () => {},
    piece: (_i, bytes) => piece(bytes),
    refused: () => {},
    closed,
  })

  before(async () => {
    asker = await startHost({ listen: [LOOPBACK] })
    giver = await startHost({ listen: [LOOPBACK] })
    exchange = new Exchange(giver, () => ({ hello: hello(), attach: () => deaf(() => {}) }))
    await exchange.start()
    await giver.libp2p.unhandle(DATA_PROTOCOL)
    ours = new Exchange(asker, () => ({ refused: 'too-busy' }))
    await ours.start()
    await asker.connect(giver.addresses)
  })
  after(async () => {
    await asker.stop()
    await giver.stop()
  })
  afterEach(() => giver.libp2p.unhandle(DATA_PROTOCOL))

  /** Asks for piece 0; resolves to how the link ended, or the piece. */
  async function askFor(
    answer: (
      write: (bytes: Uint8Array | ReturnType<typeof encodeFrame>) => Promise<void>,
      end: () => Promise<void>,
    ) => Promise<void>,
  ) {
    const asking = 2 + encodeDataRequest(hello()).length + encodeDataRequest({ type: 'ask', piece: 0, load: 0 }).length
    await giver.handle(DATA_PROTOCOL, async stream => {
      let heard = 0
      stream.addEventListener('message', event => {
        heard += event.data.byteLength
      })
      await until(() => heard === asking, 'hello and ask come')
      await answer(
        async bytes => await writeStream(stream, bytes),
        async () => await stream.close(),
      )
      // stays open: whoever asked has to end it
      await ended(stream).catch(() => {})
    })
    return await new Promise<{ error?: unknown; bytes?: Uint8Array }>((resolve, reject) => {
      const listener = deaf(
        error => resolve({ error }),
        bytes => resolve({ bytes }),
      )
      ours.dial(giver.id, hello(), () => listener, AbortSignal.timeout(HANG_MS)).then(link => link.ask(0, SIZE, 0), reject)
    })
  }

  const payload = new Uint8Array(LIMITS.framePayload)
  const frame = (offset: number, length = LIMITS.framePayload, piece = 0) =>
    encodeFrame({ piece, offset, length }, payload.subarray(0, length))
  /** Headers that our own encoder would not make. */
  const raw = (fields: { piece: number; offset: number; length: number; refused?: number }) =>
    prefixed(Frame.encode(fields as never), payload)

  it('an honest one gives a piece', async () => {
    const { bytes } = await askFor(async write => {
      await write(frame(0))
      await write(frame(LIMITS.framePayload))
    })
    expect(bytes).to.have.length(SIZE)
  })

  const broken: [string, Parameters<typeof askFor>[0]][] = [
    ['a frame of another piece', write => write(frame(0, 100, 1))],
    ['a frame beyond the limit of pieces', write => write(raw({ piece: LIMITS.pieces, offset: 0, length: 5 }))],
    ['a frame that begins too late', write => write(frame(5, 100))],
    [
      'the same frame twice',
      async write => {
        await write(frame(0))
        await write(frame(0))
      },
    ],
    [
      'more than the piece',
      async write => {
        await write(frame(0, 100))
        await write(frame(100, LIMITS.framePayload))
        await write(frame(100 + LIMITS.framePayload, LIMITS.framePayload))
      },
    ],
    ['a frame above the limit', write => write(raw({ piece: 0, offset: 0, length: LIMITS.framePayload + 1 }))],
    ['a frame of no length', write => write(raw({ piece: 0, offset: 0, length: 0 }))],
    ['a refusal with a payload', write => write(raw({ piece: 0, offset: 0, length: 5, refused: 5 }))],
    ['a refusal for a reason that does not exist', write => write(Uint8Array.of(2, 0x20, 99))],
    ['a refusal of what was not asked for', write => write(encodeFrame({ piece: 3, offset: 0, length: 0, refused: 'too-busy' }))],
    [
      'a piece that was answered already',
      async write => {
        await write(encodeFrame({ piece: 0, offset: 0, length: 0, refused: 'too-busy' }))
        await write(frame(0, 100))
      },
    ],
    ['a header that is too long', write => write(Uint8Array.of(65, ...new Uint8Array(65)))],
    ['garbage', write => write(Uint8Array.from({ length: 300 }, (_, i) => (i * 167 + 13) % 256))],
    [
      'half a frame, and the end',
      async (write, end) => {
        await write(frame(0).subarray(0, 1000))
        await end()
      },
    ],
  ]
  for (const [what, answer] of broken) {
    it(`${what} ends the link as a broken rule`, async () => {
      const { error, bytes } = await askFor(answer)
      expect(bytes).to.equal(undefined)
      expect(error).to.have.property('code', 'protocol')
    })
  }

  it('an end after half a piece is an end of the link, and no piece', async () => {
    const outcome = await askFor(async (write, end) => {
      await write(frame(0))
      await end()
    })
    expect(outcome).to.deep.equal({ error: undefined })
  })
})
