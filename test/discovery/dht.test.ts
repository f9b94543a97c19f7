// The private DHT among real nodes: who has it is found by those who never met, seeds may go, and nothing private is told.
import { expect } from 'chai'
import { CID } from 'multiformats/cid'
import { makeTask } from '../../src/core/task.ts'
import { Dht, dhtService } from '../../src/discovery/dht.ts'
import { startHost } from '../../src/net/host.ts'
import type { NodeOptions } from '../../src/node/api/node-options.ts'
import { HANG_MS, until } from '../waiting.ts'
import { content, fileHash, hex, PIECE } from '../world/content.ts'
import { LOOPBACK } from '../world/loopback.ts'
import type { TestOrigin } from '../world/origin.ts'
import type { Observed, World } from '../world/world.ts'
import { worldForEach } from '../world/world-for-each.ts'

const BODY = content('dht', 3 * PIECE)

describe('discovery/dht', () => {
  let world: World
  let origin: TestOrigin

  worldForEach(BODY, (w, o) => {
    world = w
    origin = o
  })

  const url = () => `${origin.url}/file.bin`
  const task = () => CID.parse(makeTask({ url: url() }).id)

  /** Looks until `peer` is found; what was found with it. */
  async function findOne(dht: Dht, key: CID, peer: string): Promise<string[]> {
    for (;;)
      for await (const found of dht.find(key, AbortSignal.timeout(HANG_MS))) if (found.peer === peer) return found.addresses
  }

  async function download(peer: Observed, options = {}) {
    const path = world.path()
    const receipt = await peer.node.download(url(), path, options)
    expect(await fileHash(path)).to.equal(hex(BODY))
    return receipt
  }

  /** A node that has the content, known to nobody but a server that has nothing. */
  async function heldAway() {
    const server = await world.node()
    const holder = await world.node({ bootstrap: [server.address] })
    return { server, holder, receipt: await download(holder) }
  }

  /** A latecomer that may read the origin gets all from a peer: of the origin it asks one byte, to see that the content is current. */
  async function expectHadWithoutSeed(seed: Observed, options: NodeOptions) {
    await seed.node.stop()
    origin.gets.length = 0
    const late = await world.node({ ...options, trust: [seed.id] })
    expect(await download(late)).to.include({ trust: 'seed', fromPeers: BODY.length })
    expect(origin.gets.map(({ headers }) => headers.range)).to.deep.equal(['bytes=0-0'])
  }

  it('a provider is found by a third node, by way of a server that has nothing', async () => {
    const { server, holder } = await heldAway()
    const { dht } = await world.asker(server.address)
    const addresses = await findOne(dht, task(), holder.id)
    expect(addresses.some(a => holder.address.startsWith(a.replace(/\/p2p\/.*/, '')))).to.equal(true)
  })

  it('a complete public content is found by its root and its sha2-256', async () => {
    const { server, holder, receipt } = await heldAway()
    const { cid, sha256 } = receipt
    const { dht } = await world.asker(server.address)
    await findOne(dht, CID.parse(cid), holder.id)
    const sha = Uint8Array.of(1, 0x55, 0x12, 32, ...Buffer.from(sha256, 'hex'))
    await findOne(dht, CID.decode(sha), holder.id)
  })

  it('a client that was just started finds a provider when it looks the first time, and keeps no records', async () => {
    const { server, holder } = await heldAway()
    const known = await world.asker(server.address)
    await findOne(known.dht, task(), holder.id)
    const { dht, host } = await world.asker(server.address)
    const found: string[] = []
    for await (const { peer } of dht.find(task(), AbortSignal.timeout(HANG_MS))) found.push(peer)
    expect(found).to.include(holder.id)
    expect(host.libp2p.getProtocols().filter(p => p.includes('/kad/'))).to.deep.equal([])
  })

  it('records outlive their providers: who finds none of use searches again from what it has learned meanwhile', async () => {
    const left = await heldAway()
    const there = await heldAway()
    const { dht, host } = await world.asker(left.server.address)
    await findOne(dht, task(), left.holder.id)
    await left.holder.node.stop()
    await findOne((await world.asker(there.server.address)).dht, task(), there.holder.id)
    const { routingTable } = host.libp2p.services.dht as unknown as { routingTable: { size: number } }
    const found: string[] = []
    const isOfUse = async () => {
      if (found.includes(there.holder.id)) return true
      await host.connect([there.server.address])
      await until(() => routingTable.size > 1, 'the other server is known')
      return false
    }
    for await (const { peer } of dht.find(task(), AbortSignal.timeout(HANG_MS), isOfUse)) found.push(peer)
    expect(found).to.include.members([left.holder.id, there.holder.id])
  })

  it('who leaves when it is done does not announce what it had at once', async () => {
    const seed = await world.seed()
    const brief = await world.node({ seeds: [seed.address], dhtServer: false })
    await download(brief, { origin: false })
    // whoever comes later is announced later
    const holder = await world.node({ seeds: [seed.address] })
    await download(holder, { origin: false })
    const { dht } = await world.asker(seed.address)
    await findOne(dht, task(), holder.id)
    const found: string[] = []
    for await (const { peer } of dht.find(task(), AbortSignal.timeout(HANG_MS))) found.push(peer)
    expect(found).to.include(holder.id).and.not.include(brief.id)
  })

  it('without its seed a content is had from the peers: one address is enough, and the origin is left alone', async () => {
    const seed = await world.seed()
    const first = await world.node({ seeds: [seed.address] })
    await download(first, { origin: false })
    await expectHadWithoutSeed(seed, { bootstrap: [first.address] })
  })

  it('the same by way of a node that has nothing itself', async () => {
    const seed = await world.seed()
    const server = await world.node({ bootstrap: [seed.address] })
    const first = await world.node({ seeds: [seed.address], bootstrap: [server.address] })
    await download(first, { origin: false })
    const { dht } = await world.asker(server.address)
    await findOne(dht, task(), first.id)
    await expectHadWithoutSeed(seed, { bootstrap: [server.address], dhtServer: false })
  })

  it('gives up when told so: waiting for a first node, or looking', async () => {
    const host = await startHost({ listen: [LOOPBACK], services: { dht: dhtService(true) } })
    world.atEnd(() => host.stop())
    const dht = new Dht(host.libp2p.services.dht as never)
    expect(dht.isEmpty).to.equal(true)
    const reason = new Error('enough')
    for (const signal of [AbortSignal.abort(reason), AbortSignal.timeout(20)]) {
      const error = await dht.ready(signal).then(
        () => undefined,
        e => e,
      )
      expect(error).to.equal(signal.reason)
    }
    const found: unknown[] = []
    const looking = (async () => {
      for await (const provider of dht.find(task(), AbortSignal.timeout(50))) found.push(provider)
    })()
    await looking.catch(() => {})
    expect(found).to.deep.equal([])
  })
})
