// Strangers on the resolve protocol of a real seed: refused, cut off, or told what is wrong; honest askers are served.
import { expect } from 'chai'
import { type Host, startHost } from '../../src/net/host.ts'
import { resolve, serveResolve } from '../../src/net/resolve.ts'
import { writeStream } from '../../src/net/stream.ts'
import { decodeResolveReply, encodeResolveRequest, type ResolveReply } from '../../src/wire/codec-resolve.ts'
import { MessageDecoder } from '../../src/wire/framing.ts'
import { ResolveRequest } from '../../src/wire/generated/messages.js'
import { LIMITS } from '../../src/wire/limits.ts'
import { RESOLVE_PROTOCOL } from '../../src/wire/protocols.ts'
import { ended, sendMessage } from '../malicious/raw-stream.ts'
import { HANG_MS, until } from '../waiting.ts'
import { content } from '../world/content.ts'
import { LOOPBACK } from '../world/loopback.ts'
import type { TestOrigin } from '../world/origin.ts'
import { type Observed, World } from '../world/world.ts'

describe('net/resolve: hostile', () => {
  let world: World
  let seed: Observed
  let origin: TestOrigin
  let asker: Host

  before(async () => {
    world = await World.open()
    origin = await world.origin(content('resolve', 1000))
    seed = await world.seed()
    asker = await startHost({ listen: [] })
    await asker.connect([seed.address])
  })
  after(async () => {
    await asker.stop()
    await world.close()
  })

  const request = () => ({
    url: `${origin.url}/file.bin`,
    headers: [],
    filter: [],
    tag: undefined,
    digest: undefined,
    revalidate: false,
  })

  async function ask(changes: object = {}): Promise<ResolveReply> {
    const replies = resolve(asker, seed.id, { ...request(), ...changes }, AbortSignal.timeout(HANG_MS))
    for await (const reply of replies) if (reply.type !== 'peers') return reply
    throw new Error('no reply')
  }

  async function expectHonestServed(): Promise<void> {
    expect(await ask()).to.have.property('type', 'resolved')
  }

  /** What a stranger does; then an honest asker is served as before. */
  function attack(what: string, run: () => Promise<void>): void {
    it(what, async () => {
      await run()
      await expectHonestServed()
    })
  }

  const open = () => asker.openStream(seed.id, RESOLVE_PROTOCOL)
  const raw = (changes: object) =>
    ResolveRequest.encode({
      url: `${origin.url}/x`,
      headers: [],
      filter: [],
      tag: '',
      digest: new Uint8Array(),
      revalidate: false,
      ...changes,
    })

  const broken: [string, () => Uint8Array][] = [
    ['no URL', () => raw({ url: '' })],
    ['a URL that is too long', () => raw({ url: `http://127.0.0.1/${'x'.repeat(LIMITS.url)}` })],
    ['too many headers', () => raw({ headers: Array(LIMITS.headers + 1).fill({ name: 'x', value: '' }) })],
    ['headers that are too long', () => raw({ headers: [{ name: 'x', value: 'x'.repeat(LIMITS.headerBytes) }] })],
    ['too many filters', () => raw({ filter: Array(LIMITS.filters + 1).fill('a') })],
    ['a filter that is too long', () => raw({ filter: ['x'.repeat(LIMITS.filter + 1)] })],
    ['a tag that is too long', () => raw({ tag: 'x'.repeat(LIMITS.tag + 1) })],
    ['half a digest', () => raw({ digest: new Uint8Array(16) })],
    ['garbage', () => Uint8Array.from({ length: 300 }, (_, i) => (i * 167 + 13) % 256)],
    ['nothing that is known', () => Uint8Array.of(0x7a, 1, 1)],
  ]
  for (const [what, bytes] of broken) {
    attack(`${what} is cut off`, async () => {
      const stream = await open()
      await sendMessage(stream, bytes())
      expect(await ended(stream)).to.equal('reset')
    })
  }

  attack('a request above the limit is cut off on sight of its length', async () => {
    const stream = await open()
    await writeStream(stream, Uint8Array.of(0x81, 0x80, 0x06))
    expect(await ended(stream)).to.equal('reset')
  })

  attack('half a request, or none, is cut off', async () => {
    for (const bytes of [Uint8Array.of(), Uint8Array.of(20, 1, 2)]) {
      const stream = await open()
      if (bytes.length > 0) await writeStream(stream, bytes)
      await stream.close()
      expect(await ended(stream)).to.equal('reset')
    }
  })

  attack('a second request on one stream is cut off', async () => {
    const stream = await open()
    await sendMessage(stream, encodeResolveRequest(request()))
    await sendMessage(stream, encodeResolveRequest(request()))
    expect(await ended(stream)).to.equal('reset')
  })

  const wrong: [string, object, string][] = [
    ['what is no URL', { url: 'nonsense' }, 'bad-url'],
    ['another scheme', { url: 'file:///etc/passwd' }, 'bad-scheme'],
    ['a header of one hop', { headers: [['connection', 'close']] }, 'bad-header'],
    ['a header with a second line', { headers: [['x', 'a\r\nhost: evil']] }, 'bad-header'],
    ['a header without a proper name', { headers: [['x y', 'a']] }, 'bad-header'],
    ['credentials twice', { url: 'http://u:p@127.0.0.1/', headers: [['authorization', 'x']] }, 'bad-header'],
  ]
  for (const [what, changes, code] of wrong) {
    attack(`${what} is answered with ${code}`, async () => {
      const gets = origin.gets.length
      const reply = await ask(changes)
      expect(reply).to.include({ type: 'failed', code })
      expect(JSON.stringify(reply)).to.not.include('evil').and.to.not.include('u:p')
      expect(origin.gets).to.have.length(gets)
    })
  }

  attack('does not wait for ever for a request', async () => {
    const host = await startHost({ listen: [LOOPBACK] })
    await serveResolve(host, async () => {}, 100)
    await asker.connect(host.addresses)
    const stream = await asker.openStream(host.id, RESOLVE_PROTOCOL)
    expect(await ended(stream)).to.equal('reset')
    await host.stop()
  })

  attack('200 streams that are left at once', async () => {
    for (let i = 0; i < 200; i++) {
      const stream = await open()
      if (i % 2 === 0) await sendMessage(stream, encodeResolveRequest(request()))
      stream.abort(new Error('just so'))
    }
  })

  describe('a seed that', () => {
    /** What an honest asker makes of a seed that answers with these bytes. */
    async function hear(...answers: Uint8Array[]): Promise<(ResolveReply | Error)[]> {
      const liar = await startHost({ listen: [LOOPBACK] })
      await liar.handle(RESOLVE_PROTOCOL, async stream => {
        for (const bytes of answers) await writeStream(stream, bytes)
        await stream.close()
      })
      await asker.connect(liar.addresses)
      const heard: (ResolveReply | Error)[] = []
      try {
        for await (const reply of resolve(asker, liar.id, request(), AbortSignal.timeout(HANG_MS))) heard.push(reply)
      } catch (error) {
        heard.push(error as Error)
      }
      await liar.stop()
      return heard
    }

    attack('answers with nonsense, or too much, breaks the protocol', async () => {
      const odd = [
        Uint8Array.of(3, 0x0a, 1, 1),
        Uint8Array.of(0xff, 0xff, 0xff, 0x7f),
        Uint8Array.of(5, 1, 2),
        Uint8Array.from({ length: 300 }, (_, i) => (i * 167 + 13) % 256),
      ]
      for (const bytes of odd) {
        const heard = await hear(bytes)
        expect(heard).to.have.length(1)
        expect(heard[0]).to.have.property('code', 'protocol')
      }
    })

    attack('answers with what is not known is listened to all the same', async () => {
      expect(await hear(Uint8Array.of(3, 0x7a, 1, 1))).to.deep.equal([])
    })
  })

  attack('whoever listens is told of the end, and not of more', async () => {
    const stream = await open()
    const replies: (ResolveReply | undefined)[] = []
    const decoder = new MessageDecoder(LIMITS.message)
    stream.addEventListener('message', event => {
      const heard = [...decoder.push(event.data)].map(decodeResolveReply)
      // that it is waiting is said by who is busy
      replies.push(...heard.filter(reply => reply?.type !== 'peers'))
    })
    await sendMessage(stream, encodeResolveRequest({ ...request(), url: `${origin.url.replace(/\d+$/, '1')}/x` }))
    await stream.close()
    await until(() => replies.length > 0, 'a reply comes')
    expect(replies[0]).to.include({ type: 'failed', code: 'origin-unreachable' })
    expect(await ended(stream)).to.equal('closed')
    expect(replies).to.have.length(1)
  })

  it('what is said to an asker that is going away is no error, from a timer neither', async () => {
    const host = await startHost({ listen: [LOOPBACK] })
    const other = await startHost({ listen: [] })
    try {
      const asked = Promise.withResolvers<{ say: (reply: ResolveReply) => void; gone: AbortSignal }>()
      await serveResolve(host, async (_peer, _request, say, gone) => {
        asked.resolve({ say, gone })
        await until(() => gone.aborted, 'the asker is gone')
      })
      const id = await other.connect(host.addresses)
      const replies = resolve(other, id, request(), AbortSignal.timeout(HANG_MS))[Symbol.asyncIterator]()
      const first = replies.next().catch(() => undefined)
      const { say, gone } = await asked.promise
      const closing = host.libp2p.getConnections().map(connection => connection.close())
      for (let i = 0; i < 3; i++) say({ type: 'origin-rate', rate: 0, peers: 1 })
      await Promise.allSettled(closing)
      await until(() => gone.aborted, 'the asker is gone')
      say({ type: 'origin-rate', rate: 0, peers: 1 })
      await first
    } finally {
      await other.stop()
      await host.stop()
    }
  })
})
