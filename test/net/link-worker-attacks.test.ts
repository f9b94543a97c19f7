// What strangers, neighbours and a busy machine do to link workers, at the moments in which something changes hands.
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { type AddressInfo, connect as connectTcp, createServer, type Server, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { Worker } from 'node:worker_threads'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { expect } from 'chai'
import { makeCertificate } from '../../src/net/certificate.ts'
import { type Host, startHost } from '../../src/net/host.ts'
import type { HostOptions } from '../../src/net/host-options.ts'
import { AcceptRoom, MAX_UNKNOWN, makeAcceptCount } from '../../src/net/link-workers/accept-room.ts'
import { HeldSocket } from '../../src/net/link-workers/held-socket.ts'
import { makeSecureContext } from '../../src/net/tls-offer.ts'
import { until } from '../waiting.ts'

const MUXER = '/yamux/1.0.0'

describe('net/link-workers under attack', () => {
  const hosts: Host[] = []
  const servers: Server[] = []
  const sockets: (Socket | TLSSocket)[] = []
  const crowds: Worker[] = []

  afterEach(async () => {
    await Promise.all(crowds.splice(0).map(async crowd => await crowd.terminate()))
    for (const socket of sockets.splice(0)) socket.destroy()
    for (const server of servers.splice(0)) server.close()
    await Promise.all(hosts.splice(0).map(host => host.stop()))
  })

  async function host(options: Partial<HostOptions> = {}): Promise<Host> {
    const started = await startHost({ listen: ['/ip4/127.0.0.1/tcp/0'], ...options })
    hosts.push(started)
    return started
  }
  const portOf = ({ addresses }: Host) => Number(/\/tcp\/(\d+)/.exec(addresses[0] ?? '')?.[1])

  function track<S extends Socket | TLSSocket>(socket: S): S {
    sockets.push(socket)
    socket.on('error', () => {})
    return socket
  }

  async function listening(port = 0): Promise<Server> {
    const server = createServer().listen({ port, host: '127.0.0.1', exclusive: true })
    servers.push(server)
    await once(server, 'listening')
    return server
  }

  it('a neighbour with a link-local address is turned away, and the host lives on', async function () {
    const neighbour = linkLocalAddress()
    if (neighbour === undefined) {
      console.warn('SKIPPED: no interface has a link-local IPv6 address')
      return this.skip()
    }
    const b = await host({ listen: ['/ip6/::/tcp/0'], linkWorkers: 1 })
    const socket = track(connectTcp(portOf(b), neighbour))
    await new Promise(resolve => socket.once('close', resolve))
    const a = await host({ listen: [] })
    await a.connect([`/ip6/::1/tcp/${portOf(b)}/p2p/${b.id}`])
    await until(() => b.company.inbound === 1, 'both ends stand')
    expect(b.company.workers).to.equal(1)
  })

  it('what comes with the end of the handshake is not lost when the inbox becomes full and empty meanwhile', async () => {
    const certificate = await makeCertificate(await generateKeyPair('Ed25519'))
    const server = await listening()
    const client = track(connectTcp((server.address() as AddressInfo).port, '127.0.0.1'))
    const [socket] = (await once(server, 'connection')) as [Socket]
    track(socket)
    const got: Buffer[] = []
    const secured = Promise.withResolvers<void>()
    const held = new HeldSocket({
      id: 1,
      socket,
      idleMs: 60_000,
      say: ([what]) => what === 'secured' && secured.resolve(),
      onData: (_, bytes) => got.push(Buffer.from(bytes)),
    })
    held.secure(new Uint8Array(), 0, [MUXER], makeSecureContext(certificate))
    const tls = track(connectTls({ socket: client, ...certificate, ALPNProtocols: [MUXER], rejectUnauthorized: false }))
    tls.write('early')
    await secured.promise
    held.holdBack(true)
    held.holdBack(false)
    tls.write(' and late')
    const before = socket.bytesRead
    await until(() => socket.bytesRead > before, 'the rest has come')
    await new Promise(resolve => setImmediate(resolve))
    held.start()
    await until(() => `${Buffer.concat(got)}`.endsWith('late'), 'what came last is given on')
    expect(`${Buffer.concat(got)}`).to.equal('early and late')
  }).timeout(20_000)

  it('a crowd does not take more files than there is room for, while the main thread is busy', async function () {
    if (process.platform !== 'linux') return this.skip()
    const b = await host({ linkWorkers: 1, maxConnections: 10 })
    const before = openFiles()
    const crowd = new Worker(
      `const { connect } = require('node:net')
       const { workerData } = require('node:worker_threads')
       for (let i = 0; i < workerData.count; i++) connect(workerData.port, '127.0.0.1').on('error', () => {})`,
      { eval: true, workerData: { port: portOf(b), count: 2 * MAX_UNKNOWN } },
    )
    crowds.push(crowd)
    await once(crowd, 'online')
    const end = performance.now() + 3000
    while (performance.now() < end);
    // both ends of each connection are of this process
    expect(openFiles() - before).to.be.below(3.5 * MAX_UNKNOWN)
    await until(() => b.company.inbound === 0 && b.company.workers === 1, 'the worker lives')
  }).timeout(30_000)

  it('room for those accepted comes back when the main thread has heard of them', () => {
    const memory = makeAcceptCount()
    const [worker, main] = [new AcceptRoom(memory), new AcceptRoom(memory)]
    for (let i = 0; i < MAX_UNKNOWN; i++) expect(worker.take()).to.equal(true)
    expect(worker.take()).to.equal(false)
    main.known()
    expect(worker.take()).to.equal(true)
    expect(worker.take()).to.equal(false)
  })

  it('a worker that cannot listen again is replaced: the host is not deaf when the port is free', async () => {
    const workers: Worker[] = []
    const onWorker = (worker: Worker) => void workers.push(worker)
    process.on('worker', onWorker)
    try {
      const b = await host({ linkWorkers: 1 })
      const port = portOf(b)
      const taken = Promise.withResolvers<Server>()
      workers[0]?.once('exit', () => listening(port).then(taken.resolve, taken.reject))
      await workers[0]?.terminate()
      const stranger = await taken.promise
      await until(() => workers.length > 2, 'a second one is tried')
      stranger.close()
      const a = await host({ listen: [] })
      const isIn = () => a.connect([`/ip4/127.0.0.1/tcp/${port}/p2p/${b.id}`]).then(Boolean, () => false)
      while (!(await isIn())) await new Promise(resolve => setTimeout(resolve, 10))
      await until(() => b.company.inbound === 1, 'both ends stand')
    } finally {
      process.off('worker', onWorker)
    }
  }).timeout(20_000)
})

/** With its zone, as `connect` takes it. */
function linkLocalAddress(): string | undefined {
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    const own = addresses?.find(({ family, address }) => family === 'IPv6' && address.startsWith('fe80:'))
    if (own !== undefined) return `${own.address}%${name}`
  }
  return undefined
}

function openFiles(): number {
  return readdirSync('/proc/self/fd').length
}
