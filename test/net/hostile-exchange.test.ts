// Strangers on the exchange protocol of a real seed: whatever they send, they are cut off, and honest peers are served.
import { expect } from 'chai'
import { writeStream } from '../../src/net/stream.ts'
import { encodeControl } from '../../src/wire/codec-control.ts'
import type { Hello } from '../../src/wire/codec-hello.ts'
import { Control } from '../../src/wire/generated/messages.js'
import { LIMITS } from '../../src/wire/limits.ts'
import { EXCHANGE_PROTOCOL } from '../../src/wire/protocols.ts'
import { ended, sendMessage } from '../malicious/raw-stream.ts'
import type { ScriptedPeer } from '../malicious/scripted-peer.ts'
import { until } from '../waiting.ts'
import { content, hex, PIECE } from '../world/content.ts'
import { type Observed, World } from '../world/world.ts'

const BODY = content('hostile', 2 * PIECE)

describe('net/exchange: hostile', () => {
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
    for (const piece of [0, 1]) link.ask(piece, PIECE, 0)
    await until(() => friend.pieces.size === 2, 'both pieces come')
    expect(hex(Buffer.concat([friend.pieces.get(0) as Uint8Array, friend.pieces.get(1) as Uint8Array]))).to.equal(hex(BODY))
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

  const hello = () => attacker.hello(seed.id)
  const open = () => attacker.stream(seed.address, EXCHANGE_PROTOCOL)

  /** Every one is the first thing that is sent on a stream of its own; bytes, length prefix included. */
  const first: [string, () => Uint8Array][] = [
    ['an endless length', () => Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff)],
    ['a length above the limit', () => Uint8Array.of(0x81, 0x80, 0x10)],
    ['a length of 0', () => Uint8Array.of(0)],
    ['a padded length', () => Uint8Array.of(0x85, 0x00)],
    ['garbage', () => Uint8Array.from({ length: 300 }, (_, i) => (i * 167 + 13) % 256)],
    ['HTTP', () => Buffer.from('GET / HTTP/1.1\r\nHost: example.org\r\n\r\n')],
  ]
  for (const [what, bytes] of first) {
    attack(`${what} instead of a hello`, async () => {
      const stream = await open()
      await writeStream(stream, bytes())
      // a length that is allowed makes the reader wait for what it announces
      await stream.close().catch(() => {})
      expect(await ended(stream)).to.equal('reset')
    })
  }

  attack('a hello that is cut short', async () => {
    const stream = await open()
    const bytes = encodeControl(hello())
    await writeStream(stream, Uint8Array.of(bytes.length, ...bytes.subarray(0, 20)))
    await stream.close()
    expect(await ended(stream)).to.equal('reset')
  })

  attack('a stream that is closed at once', async () => {
    const stream = await open()
    await stream.close()
    expect(await ended(stream)).to.equal('reset')
  })

  attack('a stream that is reset at once, 200 times', async () => {
    for (let i = 0; i < 200; i++) (await open()).abort(new Error('just so'))
  })

  const noHello: [string, () => Uint8Array][] = [
    ['a have', () => encodeControl({ type: 'have', pieces: [0], queue: 0 })],
    ['a part', () => encodeControl({ type: 'part', from: 0, digests: new Uint8Array(32) })],
    ['a message of an unknown kind', () => Uint8Array.of(0x7a, 2, 1, 2)],
    ['a hello without a topic', () => raw({ topic: new Uint8Array() })],
    ['a topic that is too long', () => raw({ topic: new Uint8Array(LIMITS.topic + 1) })],
    ['a proof of 31 bytes', () => raw({ proof: new Uint8Array(31) })],
    ['a proof of 1000 bytes', () => raw({ proof: new Uint8Array(1000) })],
    ['a version that is too long', () => raw({ version: 'x'.repeat(LIMITS.version + 1) })],
    ['a version that is no UTF-8', () => Uint8Array.of(0x0a, 5, 0x0a, 1, 1, 0x1a, 1, 0xff)],
    ['a huge manifest count', () => raw({ manifestCount: LIMITS.pieces + 1 })],
    ['a negative manifest count', () => Uint8Array.of(0x0a, 14, 0x0a, 1, 1, 0x20, ...Array(9).fill(0xff), 1)],
  ]
  const raw = (changes: Partial<Hello>) => {
    const { topic, proof, version, manifestCount, links } = { ...hello(), ...changes }
    return Control.encode({ hello: { topic, proof, version, manifestCount, links } as never })
  }
  for (const [what, bytes] of noHello) {
    attack(`${what} as the first message`, async () => {
      const stream = await open()
      await sendMessage(stream, bytes())
      if (what.includes('UTF-8')) await stream.close().catch(() => {})
      expect(await ended(stream)).to.equal('reset')
    })
  }

  attack('topics that are none are unknown', async () => {
    for (const topic of [Uint8Array.of(1), new Uint8Array(64).fill(0xff), Buffer.from('../../etc/passwd')]) {
      const error = await attacker.say(seed.address, h => ({ ...h, topic, proof: new Uint8Array() })).catch(e => e)
      expect(error.message).to.include('unknown-topic')
    }
  })

  describe('on a link that stands', () => {
    const ends: [string, () => Uint8Array][] = [
      ['a bitfield that is too short', () => Control.encode({ pieces: { size: 9, bits: new Uint8Array(1), queue: 0 } })],
      ['a bitfield that is too long', () => Control.encode({ pieces: { size: 8, bits: new Uint8Array(2), queue: 0 } })],
      ['spare bits', () => Control.encode({ pieces: { size: 2, bits: Uint8Array.of(0xff), queue: 0 } })],
      [
        'a bitfield of too many pieces',
        () => Control.encode({ pieces: { size: LIMITS.pieces + 8, bits: new Uint8Array(0), queue: 0 } }),
      ],
      ['a piece beyond the limit', () => Control.encode({ have: { pieces: [LIMITS.pieces], queue: 0 } })],
      ['a negative piece', () => Uint8Array.of(0x32, 11, 0x08, ...Array(9).fill(0xff), 1)],
      ['too many pieces in a have', () => Control.encode({ have: { pieces: Array(LIMITS.havePieces + 1).fill(1), queue: 0 } })],
      ['a reason that does not exist', () => Uint8Array.of(0x12, 2, 0x08, 99)],
      ['half a digest', () => Control.encode({ part: { from: 0, digests: new Uint8Array(33) } })],
      ['too many digests', () => Control.encode({ part: { from: 0, digests: new Uint8Array(32 * (LIMITS.partDigests + 1)) } })],
      ['digests beyond the limit', () => Control.encode({ part: { from: LIMITS.pieces, digests: new Uint8Array(32) } })],
      ['an empty head', () => Control.encode({ head: { envelope: new Uint8Array() } })],
      ['a head that is too long', () => Control.encode({ head: { envelope: new Uint8Array(LIMITS.envelope + 1) } })],
      ['a head of zeros', () => Control.encode({ head: { envelope: new Uint8Array(300) } })],
      [
        'too many peers',
        () =>
          Control.encode({ peers: { peers: Array(LIMITS.peers + 1).fill({ id: new Uint8Array(38), addresses: [] }), links: 0 } }),
      ],
      [
        'a peer id of garbage',
        () => Control.encode({ peers: { peers: [{ id: new Uint8Array(38).fill(0xff), addresses: [] }], links: 0 } }),
      ],
      [
        'a peer id that is too long',
        () => Control.encode({ peers: { peers: [{ id: new Uint8Array(LIMITS.peerId + 1), addresses: [] }], links: 0 } }),
      ],
      ['a second hello with a broken field', () => raw({ proof: new Uint8Array(1) })],
      ['garbage', () => Uint8Array.from({ length: 200 }, (_, i) => (i * 197 + 251) % 256)],
    ]
    for (const [what, bytes] of ends) {
      attack(`${what} ends it`, async () => {
        const stream = await open()
        await sendMessage(stream, encodeControl(hello()))
        await sendMessage(stream, bytes())
        expect(await ended(stream)).to.equal('reset')
      })
    }

    attack('a message above the limit ends it on sight of its length', async () => {
      const stream = await open()
      await sendMessage(stream, encodeControl(hello()))
      await writeStream(stream, Uint8Array.of(0x81, 0x80, 0x10))
      expect(await ended(stream)).to.equal('reset')
    })

    attack('more digests than there can be pieces end it, however they come', async () => {
      const stream = await open()
      await sendMessage(stream, encodeControl(hello()))
      const digests = new Uint8Array(32 * LIMITS.partDigests)
      let from = 0
      for (; stream.status === 'open' && from < 2 * LIMITS.pieces; from += LIMITS.partDigests) {
        const part = Control.encode({ part: { from: Math.min(from, LIMITS.pieces - LIMITS.partDigests), digests } })
        await sendMessage(stream, part).catch(() => {})
      }
      expect(await ended(stream)).to.equal('reset')
    })

    attack('unknown messages, empty lists, and hellos said again do not', async () => {
      const link = await attacker.say(seed.address)
      const { version } = link.hello
      attacker.heard.length = 0
      for (let i = 0; i < 500; i++) link.send({ ...hello(), version })
      link.send({ type: 'have', pieces: [], queue: 0xffffffff })
      link.send({ type: 'peers', peers: [], links: 0 })
      link.send({ type: 'part', from: 0, digests: new Uint8Array() })
      await until(() => attacker.heard.filter(m => m.type === 'head').length >= 500, 'each hello is answered with the manifest')
      attacker.pieces.clear()
      link.ask(0, PIECE, 0)
      await until(() => attacker.pieces.has(0), 'a piece comes')
    })

    attack('claims of all that there could be do no harm', async () => {
      const link = await attacker.say(seed.address)
      attacker.join(link)
      for (let i = 0; i < 20; i++) link.send({ type: 'have', pieces: [LIMITS.pieces - 1 - i], queue: 0 })
      attacker.pieces.clear()
      link.ask(1, PIECE, 0)
      await until(() => attacker.pieces.has(1), 'a piece comes')
    })

    attack('an ask before the version is agreed is refused', async () => {
      const link = await attacker.say(seed.address)
      attacker.refusals.length = 0
      link.ask(0, PIECE, 0)
      await until(() => attacker.refusals.length > 0, 'an answer comes')
      expect(attacker.refusals).to.deep.equal(['no-such-piece'])
    })

    attack('another version ends it with the reason', async () => {
      const error = await attacker.say(seed.address, h => ({ ...h, version: 'etag "other"' })).catch(e => e)
      expect(error.message).to.include('other-version')
      const link = await attacker.say(seed.address)
      attacker.refusals.length = 0
      link.send({ ...hello(), version: 'etag "other"' })
      await until(() => link.isClosed, 'the link ends')
      expect(attacker.refusals).to.deep.equal(['other-version'])
    })
  })
})
