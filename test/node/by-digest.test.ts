// Contents that their digest names, as blobs of registries are: one content wherever it lies, and private where it is.
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { expect } from 'chai'
import type { ErrorCode } from '../../src/core/error-codes.ts'
import { Asker } from '../world/asker.ts'
import { content, hex, PIECE } from '../world/content.ts'
import type { TestOrigin } from '../world/origin.ts'
import type { Observed, World } from '../world/world.ts'
import { worldForEach } from '../world/world-for-each.ts'

const BODY = content('layer', 5 * PIECE - 7)
const DIGEST = `sha256:${hex(BODY)}`
const NAMED = { digest: DIGEST, byDigest: true } as const
const bearer = (name: string) => [['authorization', `Bearer ${name}`]] as const

async function failure(work: () => Promise<unknown>, code: ErrorCode): Promise<void> {
  const error = await work().then(
    () => undefined,
    e => e,
  )
  expect(error, `it should fail with ${code}`).to.include({ code })
}

async function read(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts)
}

describe('a content that its digest names', () => {
  let world: World
  let origin: TestOrigin

  worldForEach(BODY, (w, o) => {
    world = w
    origin = o
  })

  const blob = (repository: string, at = origin) => `${at.url}/v2/${repository}/blobs/${DIGEST}`
  const wholes = (at = origin) => at.gets.filter(g => g.status === 200)
  const get = async ({ node }: Observed, url: string, more = {}) => hex(await read(node.get(url, { ...NAMED, ...more })))

  describe('that is public', () => {
    it('is one content under the URLs of all repositories and servers, whatever they say of it', async () => {
      const seed = await world.seed()
      const mirror = await world.origin(BODY)
      mirror.etag = '"another"'
      const one = await world.node({ seeds: [seed.address] })
      const two = await world.node({ seeds: [seed.address] })
      expect(await get(one, blob('team/app'))).to.equal(hex(BODY))
      expect(await get(one, blob('other/app'))).to.equal(hex(BODY))
      expect(await get(two, blob('library/base', mirror))).to.equal(hex(BODY))
      expect(wholes()).to.have.length(1)
      expect(mirror.asked).to.equal(0)
    })

    it('is taken from the store after a restart without any request', async () => {
      const options = { store: world.path(), network: false }
      const first = await world.node(options)
      expect(await get(first, blob('team/app'))).to.equal(hex(BODY))
      await first.node.stop()
      const { asked } = origin
      expect(await get(await world.node(options), blob('another/app'))).to.equal(hex(BODY))
      expect(origin.asked).to.equal(asked)
    })

    it('is read on where it broke off, under whatever validators', async () => {
      const options = { store: world.path(), network: false }
      origin.hold(3 * PIECE)
      const first = await world.node(options)
      const stream = first.node.get(blob('team/app'), NAMED)[Symbol.asyncIterator]()
      await stream.next()
      await stream.next()
      await stream.return?.()
      await first.node.stop()
      origin.release()
      origin.etag = '"of another machine"'
      const second = await world.node(options)
      const bytes = second.node.get(blob('team/app'), NAMED)
      expect(hex(await read(bytes))).to.equal(hex(BODY))
      expect((await bytes.receipt).resumed).to.be.greaterThan(0)
      expect(origin.gets.at(-1)).to.deep.include({ status: 206 })
    })

    it('is given as ranges, with the length of the whole before the first byte', async () => {
      const seed = await world.seed()
      const peer = await world.node({ seeds: [seed.address] })
      const stream = peer.node.get(blob('team/app'), { ...NAMED, range: { start: PIECE - 10, end: 2 * PIECE } })
      const bytes = stream[Symbol.asyncIterator]()
      const first = await bytes.next()
      expect(await stream.length).to.equal(BODY.length)
      const rest = await read({ [Symbol.asyncIterator]: () => bytes })
      expect(hex(Buffer.concat([first.value as Uint8Array, rest]))).to.equal(hex(BODY.subarray(PIECE - 10, 2 * PIECE)))
    })

    it('may be asked for with credentials that anybody gets', async () => {
      origin.readers = new Set(['Bearer anonymous-1', 'Bearer anonymous-2'])
      const seed = await world.seed()
      for (const name of ['anonymous-1', 'anonymous-2']) {
        const peer = await world.node({ seeds: [seed.address] })
        expect(await get(peer, blob('team/app'), { headers: bearer(name), anonymous: true, origin: false })).to.equal(hex(BODY))
      }
      expect(origin.gets.map(g => g.headers.authorization)).to.deep.equal(['Bearer anonymous-1'])
    })

    it('needs a URL that ends with its digest, and a digest', async () => {
      const { node } = await world.node({ network: false })
      const wrong = `${origin.url}/v2/team/app/blobs/sha256:${hex(Buffer.from('else'))}`
      await failure(async () => await read(node.get(blob('a'), { byDigest: true })), 'bad-option')
      for (const url of [wrong, `${origin.url}/file?x=/${DIGEST}`, `${blob('a')}/x`]) {
        await failure(async () => await read(node.get(url, NAMED)), 'bad-option')
      }
      expect(origin.asked).to.equal(0)
    })
  })

  describe('and of which the server gives other bytes', () => {
    it('fails, leaves nothing, and comes as soon as they are right', async () => {
      origin.body = content('something else', BODY.length)
      const seed = await world.seed({ store: world.path() })
      const peer = await world.node({ seeds: [seed.address], store: world.path() })
      await failure(() => get(peer, blob('team/app'), { origin: false }), 'digest-mismatch')
      origin.body = BODY
      expect(await get(await world.node({ seeds: [seed.address] }), blob('team/app'), { origin: false })).to.equal(hex(BODY))
      expect(await get(peer, blob('team/app'))).to.equal(hex(BODY))
    })

    it('is not joined while another server is being read, which may lie or hang', async () => {
      const slow = await world.origin(content('a lie', BODY.length))
      slow.hold(PIECE)
      const seed = await world.seed()
      const liar = await Asker.start(world, seed)
      void liar.ask(seed, blob('x', slow), { digest: Buffer.from(hex(BODY), 'hex'), isNamedByDigest: true }).catch(() => {})
      const honest = await world.node({ seeds: [seed.address] })
      expect(await get(honest, blob('team/app'), { origin: false })).to.equal(hex(BODY))
    })
  })

  describe('that is private', () => {
    beforeEach(() => {
      origin.readers = new Set(['Bearer alice', 'Bearer bob'])
    })

    it('is shared by all whom the server lets have it, and given to nobody else', async () => {
      const seed = await world.seed()
      for (const name of ['alice', 'bob']) {
        const peer = await world.node({ seeds: [seed.address] })
        expect(await get(peer, blob(`team/${name}`), { headers: bearer(name), origin: false })).to.equal(hex(BODY))
      }
      expect(wholes()).to.have.length(1)
      const peer = await world.node({ seeds: [seed.address] })
      for (const more of [{ headers: bearer('mallory') }, {}]) {
        await failure(() => get(peer, blob('team/app'), more), 'origin-forbidden')
      }
    })

    it('is no matter of another server, nor of who says that his credentials are nobody’s', async () => {
      const seed = await world.seed()
      const alice = await world.node({ seeds: [seed.address] })
      await get(alice, blob('team/app'), { headers: bearer('alice') })
      // a server of his own says yes to everything, but has not the bytes
      const evil = await world.origin(content('a lie', BODY.length))
      const mallory = await world.node({ seeds: [seed.address] })
      for (const more of [{ headers: bearer('mallory') }, { headers: bearer('mallory'), anonymous: true }]) {
        await failure(() => get(mallory, blob('team/app', evil), more), 'digest-mismatch')
        await failure(() => get(mallory, blob('team/app'), more), 'origin-forbidden')
      }
    })

    it('is given to several users of one node, each by his own credentials, and read once', async () => {
      const { node } = await world.node({ network: false })
      for (const name of ['alice', 'bob', 'alice']) {
        expect(hex(await read(node.get(blob('team/app'), { ...NAMED, headers: bearer(name) })))).to.equal(hex(BODY))
      }
      expect(wholes()).to.have.length(1)
      expect(origin.gets.filter(g => g.headers.range === 'bytes=0-0')).to.have.length(2)
      const range = { start: 0, end: 10 }
      for (const more of [{}, { range }]) {
        const stream = node.get(blob('team/app'), { ...NAMED, headers: bearer('mallory'), ...more })
        await failure(() => read(stream), 'origin-forbidden')
      }
    })

    it('is served by a seed whose own user had it first', async () => {
      const seed = await world.seed()
      await get(seed, blob('team/app'), { headers: bearer('alice') })
      const bob = await world.node({ seeds: [seed.address] })
      expect(await get(bob, blob('team/app'), { headers: bearer('bob'), origin: false })).to.equal(hex(BODY))
      expect(wholes()).to.have.length(1)
    })
  })

  describe('for who does not wait for the swarm', () => {
    it('is read at the origin when a seed says nothing for so long', async () => {
      // it accepts connections, as the kernel of a frozen process does
      const sockets = new Set<Socket>()
      const frozen = createServer(socket => sockets.add(socket)).listen(0, '127.0.0.1')
      await once(frozen, 'listening')
      const { port } = frozen.address() as { port: number }
      try {
        const { id } = await world.node()
        const peer = await world.node({ seeds: [`/ip4/127.0.0.1/tcp/${port}/p2p/${id}`] })
        expect(await get(peer, blob('team/app'), { originAfter: 300 })).to.equal(hex(BODY))
      } finally {
        for (const socket of sockets) socket.destroy()
        frozen.close()
      }
    })

    it('is not, while the seed says that it is waiting for the origin', async () => {
      const seed = await world.seed()
      const peer = await world.node({ seeds: [seed.address] })
      origin.mute()
      const bytes = get(peer, blob('team/app'), { originAfter: 1000 })
      const { promise, resolve } = Promise.withResolvers<void>()
      // longer than the seed may be silent: only what does not happen shows that its word counts
      setTimeout(resolve, 2500)
      await promise
      expect(origin.asked).to.equal(1)
      origin.release()
      expect(await bytes).to.equal(hex(BODY))
      expect(wholes()).to.have.length(1)
    })
  })
})
