// Threads that hold a host's sockets: what passes through them, what strangers can do to them, and what happens when they end.
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect as connectTcp, type Socket } from 'node:net'
import type { Worker } from 'node:worker_threads'
import { expect } from 'chai'
import { type Host, startHost } from '../../src/net/host.ts'
import type { HostOptions } from '../../src/net/host-options.ts'
import { readStream, writeStream } from '../../src/net/stream.ts'
import { until } from '../waiting.ts'

const PROTOCOL = '/test/link-workers/1.0.0'
const ECHO = '/test/echo/1.0.0'
const LOOPBACK = ['/ip4/127.0.0.1/tcp/0']

describe('net/link-workers', () => {
  const hosts: Host[] = []
  const workers = new Set<Worker>()
  const onWorker = (worker: Worker) => {
    workers.add(worker)
    worker.once('exit', () => workers.delete(worker))
  }

  before(() => process.on('worker', onWorker))
  after(() => process.off('worker', onWorker))
  afterEach(async () => {
    await Promise.all(hosts.splice(0).map(host => host.stop()))
    expect(workers.size, 'workers that are left').to.equal(0)
  })

  async function host(options: Partial<HostOptions> = {}): Promise<Host> {
    const started = await startHost({ listen: LOOPBACK, ...options })
    hosts.push(started)
    return started
  }
  const served = (options: Partial<HostOptions> = {}) => host({ linkWorkers: 2, ...options })
  const client = () => host({ listen: [] })
  const portOf = ({ addresses }: Host) => Number(/\/tcp\/(\d+)/.exec(addresses[0] ?? '')?.[1])

  async function socketTo(port: number): Promise<Socket> {
    const socket = connectTcp(port, '127.0.0.1').on('error', () => {})
    await once(socket, 'connect')
    return socket
  }

  /** Tries until there is room, or somebody who listens. */
  async function letIn(from: Host, to: Host): Promise<void> {
    const isIn = () => from.connect(to.addresses).then(Boolean, () => false)
    while (!(await isIn())) await new Promise(resolve => setTimeout(resolve, 10))
  }

  async function echo(from: Host, to: Host, bytes: Uint8Array): Promise<Buffer> {
    const stream = await from.openStream(to.id, ECHO)
    const writing = writeStream(stream, bytes).then(() => stream.close())
    const got: Uint8Array[] = []
    for await (const chunk of readStream(stream)) got.push(chunk.subarray())
    await writing
    return Buffer.concat(got)
  }

  async function echoes(at: Host): Promise<void> {
    await at.handle(ECHO, async stream => {
      for await (const chunk of readStream(stream)) await writeStream(stream, chunk)
      await stream.close()
    })
  }

  it('both hold connections, which are TLS and yamux with whom the other side says', async () => {
    const b = await served()
    await echoes(b)
    const all = await Promise.all(Array.from({ length: 12 }, client))
    await Promise.all(all.map(a => a.connect(b.addresses)))
    for (const [i, a] of all.entries()) expect(`${await echo(a, b, Buffer.from(`hello ${i}`))}`).to.equal(`hello ${i}`)
    const [connection] = b.libp2p.getConnections()
    expect(connection?.encryption).to.equal('/tls/1.0.0')
    expect(connection?.multiplexer).to.equal('/yamux/1.0.0')
    expect(b.company).to.deep.equal({ inbound: 12, outbound: 0, peers: 12, workers: 2 })
    expect(new Set(b.libp2p.getPeers().map(String))).to.deep.equal(new Set(all.map(a => a.id)))
  })

  it('more than fits the shared memory comes whole and in order, both ways', async () => {
    const b = await served()
    await echoes(b)
    const a = await client()
    await a.connect(b.addresses)
    const bytes = Buffer.alloc(12 * 1024 * 1024 + 7)
    for (let i = 0; i + 4 <= bytes.length; i += 4) bytes.writeUInt32LE(i, i)
    expect((await echo(a, b, bytes)).equals(bytes)).to.equal(true)
  })

  it('what lies in shared memory and what does not come in the order of writing, to the last byte before a close', async () => {
    const b = await served()
    const parts = Array.from({ length: 200 }, (_, i) => {
      const length = [1, 70_000, 300, 262_144][i % 4] as number
      const memory = i % 3 === 0 ? new SharedArrayBuffer(length) : new ArrayBuffer(length)
      return new Uint8Array(memory).fill(i)
    })
    await b.handle(PROTOCOL, async stream => {
      for (const part of parts) await writeStream(stream, part)
      await stream.close()
    })
    const a = await client()
    await a.connect(b.addresses)
    const stream = await a.openStream(b.id, PROTOCOL)
    const got: Uint8Array[] = []
    for await (const chunk of readStream(stream)) got.push(Uint8Array.from(chunk.subarray()))
    expect(Buffer.concat(got).equals(Buffer.concat(parts))).to.equal(true)
    const gone = new Promise<void>(resolve => b.onDisconnect(() => resolve()))
    await a.disconnect(b.id)
    await gone
  })

  it('a reader that pauses holds the sender, and gets all when it goes on', async () => {
    const b = await served()
    await echoes(b)
    let written = 0
    await b.handle(PROTOCOL, async stream => {
      for (let i = 0; i < 1024; i++) {
        await writeStream(stream, new Uint8Array(new SharedArrayBuffer(65_536)))
        written += 65_536
      }
      await stream.close()
    })
    const a = await client()
    await a.connect(b.addresses)
    const stream = await a.openStream(b.id, PROTOCOL)
    const chunks = readStream(stream)
    let got = (await chunks.next()).value?.byteLength ?? 0
    for (let before = -1, still = 0; still < 10; before = written) {
      await echo(a, b, Buffer.from('x'))
      still = before === written ? still + 1 : 0
    }
    expect(written).to.be.below(32 * 1024 * 1024)
    for await (const chunk of chunks) got += chunk.byteLength
    expect(got).to.equal(64 * 1024 * 1024)
  })

  it('strangers who send garbage, half a handshake or nothing, and reset, 200 times, leave nothing behind', async () => {
    const b = await served()
    await echoes(b)
    const a = await client()
    await a.connect(b.addresses)
    await until(() => b.isConnected(a.id), 'both ends stand')
    const fds = openFiles()
    const first = Buffer.from('\x13/multistream/1.0.0\n\x0b/tls/1.0.0\n')
    const hello = Buffer.concat([Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]), Buffer.alloc(100, 7)])
    for (let i = 0; i < 200; i++) {
      const socket = await socketTo(portOf(b))
      if (i % 5 === 1) socket.write(Buffer.alloc(70_000, i))
      if (i % 5 === 2) socket.write(first)
      if (i % 5 === 3) socket.write(Buffer.concat([first, hello]))
      if (i % 5 === 4) {
        socket.write(first)
        await once(socket, 'data')
        socket.write(Buffer.alloc(70_000, i))
      }
      if (i % 2 === 0) socket.resetAndDestroy()
      else socket.destroySoon()
    }
    await until(() => openFiles() <= fds, 'all their sockets are closed')
    expect(`${await echo(a, b, Buffer.from('still here'))}`).to.equal('still here')
    expect(b.company.inbound).to.equal(1)
    expect(b.company.workers).to.equal(2)
  })

  it('the gate counts what the workers accept, before any handshake', async () => {
    const b = await served({ maxConnections: 3 })
    const sockets: Socket[] = []
    for (let i = 0; i < 8; i++) sockets.push(await socketTo(portOf(b)))
    await until(() => sockets.filter(socket => socket.destroyed).length === 5, 'those beyond the limit are refused')
    for (const socket of sockets) socket.destroy()
    const a = await client()
    await letIn(a, b)
  })

  it('an aborted connection is reset for the other side', async () => {
    const b = await served()
    const a = await client()
    await a.connect(b.addresses)
    await until(() => b.isConnected(a.id), 'both ends stand')
    const gone = new Promise<void>(resolve => a.onDisconnect(() => resolve()))
    for (const connection of b.libp2p.getConnections()) connection.abort(new Error('by the test'))
    await gone
    expect(b.libp2p.getConnections()).to.have.length(0)
  })

  it('when a worker ends its connections do, others stay, and another worker takes its place', async () => {
    const b = await served()
    await echoes(b)
    const all = await Promise.all(Array.from({ length: 12 }, client))
    await Promise.all(all.map(a => a.connect(b.addresses)))
    await until(() => b.company.inbound === 12, 'all are connected')
    const [first] = workers
    await first?.terminate()
    await until(() => b.company.inbound < 12 && b.company.inbound > 0, 'those of one worker have ended')
    await until(() => b.company.workers === 2 && workers.size === 2, 'there are two workers again')
    await until(() => all.every(a => a.isConnected(b.id) === b.isConnected(a.id)), 'both ends know')
    for (const a of all) {
      await letIn(a, b)
      expect(`${await echo(a, b, Buffer.from('again'))}`).to.equal('again')
    }
  }).timeout(30_000)

  it('workers that end again and again are given up, and the main thread listens on the same port', async () => {
    let trouble: Error | undefined
    const b = await served({ linkWorkers: 1, onNoLinkWorkers: error => (trouble = error) })
    await echoes(b)
    const port = portOf(b)
    while (trouble === undefined) {
      for (const worker of workers) await worker.terminate()
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    expect(trouble.message).to.equal('link workers ended too often')
    const a = await client()
    await letIn(a, b)
    expect(portOf(b)).to.equal(port)
    expect(`${await echo(a, b, Buffer.from('alone'))}`).to.equal('alone')
    expect(b.company.workers).to.equal(0)
  }).timeout(60_000)

  it('two hosts do not share a port, though their sockets could', async () => {
    const b = await served()
    const taken = [`/ip4/127.0.0.1/tcp/${portOf(b)}`]
    const error = await startHost({ listen: taken, linkWorkers: 2 }).catch(failure => failure)
    expect(error).to.have.property('code', 'listen-failed')
    expect(error.message).to.match(/the address is in use$/)
    await until(() => workers.size === 2, 'the workers of the second have ended')
  })

  it('listens on several addresses, IPv6 too', async () => {
    const b = await served({ listen: [...LOOPBACK, '/ip6/::1/tcp/0', '/ip4/127.0.0.2/tcp/0'] })
    await echoes(b)
    expect(b.addresses).to.have.length(3)
    for (const address of b.addresses) {
      const a = await client()
      await a.connect([address])
      expect(`${await echo(a, b, Buffer.from(address))}`).to.equal(address)
    }
  })
})

/** Sockets and other files of this process, workers included (Linux); 0 elsewhere. */
function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return 0
  }
}
