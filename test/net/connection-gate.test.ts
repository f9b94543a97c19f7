// Connections of one address that do nothing, when there is no room: honest ones come in all the same.
import { connect as dial, type Socket } from 'node:net'
import { expect } from 'chai'
import { type Host, startHost } from '../../src/net/host.ts'
import type { HostOptions } from '../../src/net/host-options.ts'
import { until } from '../waiting.ts'
import { connect } from '../world/connect.ts'
import { LOOPBACK } from '../world/loopback.ts'
import { failure } from './stream-pair.ts'

const MOST = 12

describe('net/connection gate', () => {
  const hosts: Host[] = []
  const sockets: Socket[] = []
  const start = async (maxConnections?: number, options: Partial<HostOptions> = {}) => {
    const host = await startHost({ listen: [LOOPBACK], ...(maxConnections !== undefined && { maxConnections }), ...options })
    hosts.push(host)
    return host
  }
  const portOf = (host: Host) => Number(/\/tcp\/(\d+)/.exec(host.addresses[0] as string)?.[1])

  /** A socket from another address of this host, which never says anything. */
  async function silent(host: Host, localAddress = '127.0.0.66'): Promise<Socket> {
    const socket = dial({ port: portOf(host), host: '127.0.0.1', localAddress })
    socket.on('error', () => {})
    sockets.push(socket)
    // one that is refused may be reset before it knows that it was connected
    await new Promise(resolve => socket.once('connect', resolve).once('close', resolve))
    return socket
  }

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    await Promise.all(hosts.splice(0).map(host => host.stop()))
  })

  it('takes the room of whoever has most, before any handshake too', async () => {
    const seed = await start(MOST)
    for (let i = 0; i < MOST; i++) await silent(seed)
    const honest = await Promise.all([start(), start(), start()])
    for (const host of honest) await connect(host, seed.addresses[0] as string)
    await until(() => sockets.filter(s => s.destroyed).length === honest.length, 'as many of the silent ones go')
    await until(() => honest.every(host => seed.isConnected(host.id)), 'all of the honest ones are in')
  })

  it('does not let an address in that has most already while all of its connections are new or used', async () => {
    const seed = await start(MOST)
    const honest = await start()
    await connect(honest, seed.addresses[0] as string)
    for (let i = 0; i < MOST + 5; i++) await silent(seed)
    await until(() => sockets.filter(s => s.destroyed).length === 6, 'only what there is room for stays')
    expect(seed.isConnected(honest.id), 'who was there stays').to.equal(true)
  })

  it('does not count the hosts of a trusted network together', async () => {
    const seed = await start(MOST, { trustedNetworks: ['127.0.0.64/28'] })
    const many = []
    for (let i = 0; i < MOST - 2; i++) many.push(await silent(seed, '127.0.0.66'))
    const two = [await silent(seed, '127.0.0.1'), await silent(seed, '127.0.0.1')]
    const more = await silent(seed, '127.0.0.66')
    await until(
      () => two.filter(s => s.destroyed).length === 1,
      'the address that has two gives way, not the network that has most',
    )
    expect([...many, more].some(s => s.destroyed)).to.equal(false)
    const stranger = await silent(seed, '127.0.0.2')
    await until(() => stranger.destroyed, 'one more of the others does not come in by their room')
    expect([...many, more].some(s => s.destroyed)).to.equal(false)
  })

  it('counts peers of a trusted network one by one, those of others by their address', async () => {
    const [trusting, other] = [await start(MOST, { trustedNetworks: ['127.0.0.0/8'] }), await start()]
    const peer = await start()
    for (const seed of [trusting, other]) await connect(peer, seed.addresses[0] as string)
    await until(() => trusting.isConnected(peer.id) && other.isConnected(peer.id), 'both are connected')
    expect(trusting.placeOf(peer.id)).to.equal(peer.id)
    expect(other.placeOf(peer.id)).to.equal('7f000001')
  })

  it('keeps the connections of preferred peers, whatever else comes from their address', async () => {
    const preferred = new Set<string>()
    const seed = await start(MOST, { isPreferred: peer => preferred.has(peer) })
    const [one, other] = [await start(), await start()]
    for (const host of [one, other]) await connect(host, seed.addresses[0] as string)
    // one address has most by far, and its youngest connection is that of a member
    for (let i = 0; i < MOST - 3; i++) await silent(seed, '127.0.0.1')
    const member = await start()
    await connect(member, seed.addresses[0] as string)
    // whose connection it is the seed knows when its own side of the handshake is done
    await until(() => seed.isConnected(member.id), 'the seed knows the member')
    preferred.add(member.id)
    for (let i = 1; i < MOST; i++) await silent(seed, `127.0.0.${100 + i}`)
    await until(() => sockets.filter(s => s.destroyed).length >= MOST - 3, 'the address gives way to the others')
    expect(seed.isConnected(member.id), 'the member stays').to.equal(true)
    expect(
      [one, other].filter(host => seed.isConnected(host.id)),
      'as one like all others',
    ).to.have.length.below(2)
  })

  it('gives an idle connection of a preferred peer away only where there are no others', async () => {
    const seed = await start(2, { isPreferred: () => true })
    const [a, b] = [await start(), await start()]
    for (const host of [a, b]) await connect(host, seed.addresses[0] as string)
    expect(await failure(connect(await start(), seed.addresses[0] as string))).to.be.instanceOf(Error)
    expect([a, b].every(host => seed.isConnected(host.id))).to.equal(true)
  })

  it('has room again as connections end, however they end', async () => {
    const seed = await start(2)
    for (let i = 0; i < 3; i++) {
      const [a, b] = await Promise.all([start(), start()])
      await connect(a as Host, seed.addresses[0] as string)
      await connect(b as Host, seed.addresses[0] as string)
      expect(await failure(connect(await start(), seed.addresses[0] as string))).to.be.instanceOf(Error)
      await a?.stop()
      await seed.disconnect(b?.id as string)
      await until(() => !seed.hasConnections, 'both are gone')
    }
  })
})
