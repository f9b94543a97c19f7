// Connections of one address that do nothing, when there is no room: honest ones come in all the same.
import { connect as dial, type Socket } from 'node:net'
import { expect } from 'chai'
import { type Host, startHost } from '../../src/net/host.ts'
import { until } from '../waiting.ts'
import { connect } from '../world/connect.ts'
import { LOOPBACK } from '../world/loopback.ts'
import { failure } from './stream-pair.ts'

const MOST = 12

describe('net/connection gate', () => {
  const hosts: Host[] = []
  const sockets: Socket[] = []
  const start = async (maxConnections?: number) => {
    const host = await startHost({ listen: [LOOPBACK], ...(maxConnections !== undefined && { maxConnections }) })
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
