// Identify where there is a reason, and an answer that stock libp2p takes as its own.
import { setTimeout as pause } from 'node:timers/promises'
import { type IdentifyComponents, identify } from '@libp2p/identify'
import type { Connection, IdentifyResult, Libp2p } from '@libp2p/interface'
import { PeerRecord, RecordEnvelope } from '@libp2p/peer-record'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'chai'
import { createLibp2p } from 'libp2p'
import { DragonflyError } from '../../src/core/errors.ts'
import { type Host, startHost } from '../../src/net/host.ts'
import { LASTING_MS, LazyIdentify } from '../../src/net/identify.ts'
import { nativeTls } from '../../src/net/native-tls.ts'
import { openRecord } from '../../src/net/peer-record.ts'
import { yamux } from '../../src/net/yamux/muxer.ts'

const LISTEN = ['/ip4/127.0.0.1/tcp/0']

describe('net/identify', () => {
  const nodes: Libp2p[] = []
  const hosts: Host[] = []

  afterEach(async () => {
    await Promise.all([...nodes.splice(0), ...hosts.splice(0)].map(each => each.stop()))
  })

  async function ours(): Promise<Host> {
    const host = await startHost({ listen: LISTEN })
    hosts.push(host)
    return host
  }

  async function libp2p(service: (components: IdentifyComponents) => object): Promise<Libp2p> {
    const node = await createLibp2p({
      addresses: { listen: LISTEN },
      transports: [tcp()],
      connectionEncrypters: [nativeTls()],
      streamMuxers: [yamux({ maxEarlyStreams: 10, maxStreamWindowSize: 2 ** 20, maxReadBufferLength: 2 ** 22 })],
      services: { identify: service },
    })
    nodes.push(node)
    return node
  }

  it('asks whom it has dialled at once, and who came only when somebody wants to know', async () => {
    const [seed, client] = [await ours(), await ours()]
    const heard: string[] = []
    seed.libp2p.addEventListener('peer:identify', ({ detail }) => heard.push(`${detail.peerId}`))
    const identified = result(client.libp2p)
    await client.connect(seed.addresses)
    expect((await identified).peerId.toString()).to.equal(seed.id)
    expect(await seed.libp2p.peerStore.has(client.libp2p.peerId), 'written down').to.equal(false)
    expect(heard).to.deep.equal([])
    const texts = client.addresses.map(address => address.replace(/\/p2p\/.*$/, ''))
    const told = await Promise.all([seed.addressesOf(client.id, 8), seed.addressesOf(client.id, 8)])
    expect(told).to.deep.equal([texts, texts])
    expect(heard, 'written down').to.deep.equal([])
    expect(await seed.libp2p.peerStore.has(client.libp2p.peerId), 'written down').to.equal(false)
  })

  for (const [what, isFirst] of [
    ['for others first', true],
    ['for the peer store first', false],
  ] as const) {
    it(`asks once, whoever wants to know: ${what}`, async () => {
      const [seed, client] = [await ours(), await ours()]
      const heard: string[] = []
      seed.libp2p.addEventListener('peer:identify', ({ detail }) => heard.push(`${detail.peerId}`))
      await client.connect(seed.addresses)
      const connection = await connectionOf(seed, client)
      const opened: unknown[] = []
      const newStream = connection.newStream.bind(connection)
      connection.newStream = async (protocols, options) => {
        opened.push(protocols)
        return await newStream(protocols, options)
      }
      if (isFirst) await Promise.all([seed.addressesOf(client.id, 8), seed.addressesOf(client.id, 8)])
      await seed.identify(client.id)
      const told = await seed.addressesOf(client.id, 8)
      expect(heard).to.deep.equal([client.id])
      expect(opened).to.deep.equal(['/ipfs/id/1.0.0'])
      const { addresses, metadata } = await seed.libp2p.peerStore.get(client.libp2p.peerId)
      expect(metadata.size, 'names that nobody reads').to.equal(0)
      expect(addresses.map(({ multiaddr }) => `${multiaddr}`)).to.have.members(told)
    })
  }

  it('looks up in the peer store only who is in it', async () => {
    const [host, other] = [await ours(), await ours()]
    const { peerStore, peerId } = host.libp2p
    const stranger = other.libp2p.peerId
    expect([await peerStore.has(stranger), await peerStore.has(peerId)]).to.deep.equal([false, true])
    expect(await peerStore.get(stranger).catch(error => error.name)).to.equal('NotFoundError')
    await peerStore.merge(stranger, { protocols: ['/a', '/b'] })
    expect(await peerStore.has(stranger)).to.equal(true)
    expect((await peerStore.get(stranger)).protocols).to.deep.equal(['/a', '/b'])
    await peerStore.delete(stranger)
    expect(await peerStore.has(stranger)).to.equal(false)
  })

  it('believes no addresses that another peer has signed', async () => {
    const [seed, client, other] = [await ours(), await ours(), await ours()]
    await client.connect(seed.addresses)
    const connection = await connectionOf(seed, client)
    const [own, foreign] = await Promise.all([signedRecord(client), signedRecord(other)])
    expect(await openRecord(own, connection.remotePeer)).not.to.deep.equal([])
    for (const bad of [foreign, own.slice(0, -1), new Uint8Array(), changed(own)]) {
      const error = await openRecord(bad, connection.remotePeer).catch(thrown => thrown)
      expect(error).to.be.instanceOf(DragonflyError).with.property('code', 'protocol')
    }
  })

  it('keeps so many addresses of one peer, and each once', async () => {
    const host = await ours()
    const many = Array.from({ length: 100 }, (_, i) => multiaddr(`/ip4/198.51.100.${i % 60}/tcp/4001`))
    expect(await openRecord(await signedRecord(host, many), host.libp2p.peerId)).to.have.length(32)
    expect(
      await openRecord(await signedRecord(host, [...many.slice(0, 2), ...many.slice(0, 2)]), host.libp2p.peerId),
    ).to.have.length(2)
  })

  it('asks who came and stays', async () => {
    expect(LASTING_MS).to.be.within(1000, 10_000)
    const seed = await libp2p(components => new LazyIdentify(components, 20))
    const client = await ours()
    const identified = result(seed)
    await client.connect(seed.getMultiaddrs().map(String))
    expect((await identified).peerId.toString()).to.equal(client.id)
  })

  it('tells stock libp2p its signed addresses, protocols, name, and where it sees it', async () => {
    const host = await ours()
    await host.handle('/some/1', async () => {})
    const stock = await libp2p(identify())
    const identified = result(stock)
    const connection = await stock.dial(host.libp2p.getMultiaddrs())
    const { peerId, protocols, signedPeerRecord, agentVersion, protocolVersion, observedAddr, listenAddrs } = await identified
    expect(peerId.toString()).to.equal(host.id)
    expect(protocols).to.include.members(['/some/1', '/ipfs/id/1.0.0', '/ipfs/ping/1.0.0'])
    expect(signedPeerRecord?.addresses.map(String)).to.deep.equal(listenAddrs.map(String))
    expect(listenAddrs.map(address => `${address}/p2p/${host.id}`)).to.deep.equal(host.addresses)
    expect([agentVersion, protocolVersion]).to.deep.equal([expectAgent(stock), 'ipfs/0.1.0'])
    expect(observedAddr?.toString()).to.match(/^\/ip4\/127\.0\.0\.1\/tcp\/\d+$/)
    expect(connection.status).to.equal('open')
  })

  it('tells what it speaks since, when the answer that was made before is old', async () => {
    const host = await ours()
    const stock = await libp2p(components => new LazyIdentify(components))
    const first = result(stock)
    await stock.dial(host.libp2p.getMultiaddrs())
    expect((await first).protocols).not.to.include('/later/1')
    await host.handle('/later/1', async () => {})
    let last: string[] = []
    while (!last.includes('/later/1')) {
      const identified = result(stock)
      const connection = await stock.dial(host.libp2p.getMultiaddrs(), { force: true })
      last = (await identified).protocols
      await connection.close()
    }
  })
})

async function connectionOf(host: Host, other: Host): Promise<Connection> {
  while (!host.isConnected(other.id)) await pause(5)
  return host.libp2p.getConnections(other.libp2p.peerId)[0] as Connection
}

async function signedRecord(host: Host, multiaddrs = host.libp2p.getMultiaddrs()): Promise<Uint8Array> {
  const record = new PeerRecord({ peerId: host.libp2p.peerId, multiaddrs })
  return (await RecordEnvelope.seal(record, host.privateKey)).marshal().subarray()
}

/** With another last byte of the signature. */
function changed(record: Uint8Array): Uint8Array {
  return Uint8Array.from(record, (byte, i) => (i === record.length - 1 ? byte ^ 1 : byte))
}

async function result(node: Libp2p): Promise<IdentifyResult> {
  return await new Promise(resolve => node.addEventListener('peer:identify', ({ detail }) => resolve(detail), { once: true }))
}

/** Both run the same libp2p. */
function expectAgent(node: Libp2p): string {
  return (node.services.identify as unknown as { host: { agentVersion: string } }).host.agentVersion
}
