// The libp2p host: addresses that people type, ports that are taken, crowds that come at once.
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'chai'
import { type Host, parseAddress, parsePeerAddress, parsePeerId, startHost } from '../../src/net/host.ts'
import { until } from '../waiting.ts'
import { connect } from '../world/connect.ts'
import { LOOPBACK } from '../world/loopback.ts'
import { failure } from './stream-pair.ts'

const ID = '12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5'

describe('net/host', () => {
  const hosts: Host[] = []
  const start = async (listen = [LOOPBACK]) => {
    const host = await startHost({ listen })
    hosts.push(host)
    return host
  }
  const address = (host: Host) => host.addresses[0] as string

  afterEach(async () => {
    await Promise.all(hosts.splice(0).map(host => host.stop()))
  })

  it('says what is wrong with an address or a peer id', () => {
    for (const bad of [
      '',
      'nonsense',
      '/ip4/300.0.0.1/tcp/1',
      '/ip4/127.0.0.1/tcp/99999',
      'http://example.org',
      'x'.repeat(10_000),
    ]) {
      expect(() => parseAddress(bad), bad.slice(0, 50))
        .to.throw()
        .with.property('code', 'bad-multiaddr')
    }
    expect(() => parsePeerAddress('/ip4/127.0.0.1/tcp/1'))
      .to.throw('without a peer id')
      .with.property('code', 'bad-multiaddr')
    for (const bad of ['', 'nonsense', `${ID}x`, '/p2p/12D3']) {
      expect(() => parsePeerId(bad), bad)
        .to.throw()
        .with.property('code', 'bad-peer-id')
    }
    expect(parsePeerAddress(`/ip4/127.0.0.1/tcp/1/p2p/${ID}`)).to.deep.equal({
      peer: ID,
      address: `/ip4/127.0.0.1/tcp/1/p2p/${ID}`,
    })
  })

  it('tells the announced addresses, with its id, and none of those it listens on', async () => {
    const announce = ['/ip4/192.0.2.1/tcp/4801', '/dns4/seed.example/tcp/443', `/ip6/2001:db8::1/tcp/4801/p2p/${ID}`]
    const host = await startHost({ listen: [LOOPBACK], announce })
    hosts.push(host)
    expect(host.addresses).to.have.members(
      ['/ip4/192.0.2.1/tcp/4801', '/dns4/seed.example/tcp/443', '/ip6/2001:db8::1/tcp/4801'].map(a => `${a}/p2p/${host.id}`),
    )
    for (const bad of ['/ip4/192.0.2.1', '/ip4/192.0.2.1/tcp/0', 'nonsense']) {
      expect(await failure(startHost({ listen: [], announce: [bad] })), bad).to.have.property('code', 'bad-multiaddr')
    }
  })

  it('listens on one port of both families; where there is no IPv6, on that of IPv4', async () => {
    const both = await start(['/ip4/0.0.0.0/tcp/0', '/ip6/::/tcp/0'])
    expect(both.addresses.some(a => a.startsWith('/ip4/127.0.0.1/'))).to.equal(true)
    const port = /tcp\/(\d+)/.exec(both.addresses[0] as string)?.[1]
    await both.stop()
    const fixed = await start([`/ip4/127.0.0.1/tcp/${port}`, `/ip6/::1/tcp/${port}`])
    expect(fixed.addresses.every(a => a.includes(`/tcp/${port}/`))).to.equal(true)
    // an address that no interface has is what a system without IPv6 answers to every one
    const single = await start([LOOPBACK, '/ip6/2001:db8::1/tcp/0'])
    expect(single.addresses).to.have.lengthOf(1)
  })

  it('says that a port is taken', async () => {
    const first = await start()
    const taken = address(first).replace(/\/p2p\/.*/, '')
    const error = await failure(startHost({ listen: [taken] }))
    expect(error).to.have.property('code', 'listen-failed')
    expect(error.message).to.include('in use').and.to.not.include('\n')
  })

  it('knows the round trip to a connected peer without asking for it', async () => {
    const [a, b] = [await start(), await start()]
    await a.connect([address(b)])
    await until(() => a.roundTrip(b.id) !== undefined && b.roundTrip(a.id) !== undefined, 'both ends have measured it')
    expect(a.roundTrip(b.id)).to.be.at.least(0)
    await a.disconnect(b.id)
    await until(() => a.roundTrip(b.id) === undefined, 'it goes with the connection')
  })

  it('tells first the address of a peer that leads to it', async () => {
    const [a, b] = [await start(), await start(['/ip4/127.0.0.3/tcp/0', '/ip4/127.0.0.2/tcp/0', LOOPBACK])]
    for (const ip of ['127.0.0.2', '127.0.0.3']) {
      await a.connect(b.addresses.filter(text => text.includes(ip)))
      let told: string[] = []
      while (told.length < 3) {
        await new Promise(setImmediate)
        told = await a.addressesOf(b.id, 8)
      }
      expect(told[0]).to.include(ip)
      expect(await a.addressesOf(b.id, 1)).to.deep.equal(told.slice(0, 1))
      await a.disconnect(b.id)
      await until(() => !a.isConnected(b.id), 'it has let go')
    }
    expect(a.groups, 'loopback is no group').to.deep.equal([])
    expect(a.groupOf(b.id)).to.equal(undefined)
  })

  it('connects once, knows who it is, and can let go', async () => {
    const [a, b] = [await start(), await start()]
    expect(await a.connect([address(b)])).to.equal(b.id)
    expect(await a.connect([address(b)])).to.equal(b.id)
    await a.connectPeer(b.id, [], b.id)
    expect(a.libp2p.getConnections()).to.have.length(1)
    const gone = new Promise<string>(resolve => b.onDisconnect(resolve))
    await a.disconnect(b.id)
    expect(await gone).to.equal(a.id)
    expect(a.isConnected(b.id)).to.equal(false)
    await a.connectPeer(b.id, [address(b)], b.id)
    expect(a.isConnected(b.id)).to.equal(true)
  })

  it('is not fooled by another peer at the address', async () => {
    const [a, b] = [await start(), await start()]
    expect(await failure(a.connect([address(b).replace(b.id, ID)]))).to.be.instanceOf(Error)
    expect(await failure(a.connectPeer(ID, [address(b).replace(/\/p2p\/.*/, '')], ID))).to.be.instanceOf(Error)
    expect(a.isConnected(ID)).to.equal(false)
  })

  it('opens no local socket, whoever named it: a list, the peer store, or libp2p itself', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'df-host-'))
    let connections = 0
    const server = createServer(socket => {
      connections++
      socket.destroy()
    }).listen(join(folder, 's'))
    await once(server, 'listening')
    const [a, b] = [await start(), await start()]
    await a.connect([address(b)])
    const socket = multiaddr(`/unix/${encodeURIComponent(join(folder, 's'))}`)
    expect(a.believable(b.id, [socket.toString()])).to.deep.equal([])
    expect(await failure(a.connectPeer(ID, [socket.toString()], b.id))).to.be.instanceOf(Error)
    await a.libp2p.peerStore.merge(peerIdFromString(ID), { multiaddrs: [socket] })
    expect((await a.libp2p.peerStore.get(peerIdFromString(ID))).addresses).to.deep.equal([])
    expect(await failure(a.libp2p.dial(socket))).to.be.instanceOf(Error)
    expect(connections).to.equal(0)
    server.close()
    await rm(folder, { recursive: true })
  })

  it('takes the addresses of a peer from nobody but that peer', async () => {
    const [a, b] = [await start(), await start()]
    await a.connect([address(b)])
    let before: string[] = []
    while (before.length === 0) {
      await new Promise(setImmediate)
      before = await a.addressesOf(b.id, 8)
    }
    await a.libp2p.peerStore.merge(peerIdFromString(b.id), { multiaddrs: [multiaddr('/ip4/10.9.9.9/tcp/1')] })
    expect(await a.addressesOf(b.id, 8)).to.deep.equal(before)
  })

  it('knows where a peer listens once that has said so', async () => {
    const [a, b] = [await start(), await start()]
    await b.connect([address(a)])
    const mine = address(b).replace(/\/p2p\/.*/, '')
    let known: string[] = []
    await until(() => {
      void a.addressesOf(b.id, 8).then(addresses => {
        known = addresses
      })
      return known.some(k => k.startsWith(mine))
    }, 'the peer has identified itself')
    expect(await a.addressesOf(b.id, 0)).to.deep.equal([])
    expect(await a.addressesOf(ID, 8)).to.deep.equal([])
  })

  it('holds 300 connections, come in waves of 60', async () => {
    const host = await start()
    for (let wave = 0; wave < 5; wave++) {
      const crowd = await Promise.all(Array.from({ length: 60 }, () => start([])))
      await Promise.all(crowd.map(one => connect(one, address(host))))
    }
    await until(() => host.libp2p.getPeers().length === 300, 'all are in')
    const guest = await start([])
    expect(await guest.connect([address(host)])).to.equal(host.id)
  })
})
