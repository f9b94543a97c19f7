// TLS on the socket: it is what is used, its ends are clean, and strangers get nowhere.
import { once } from 'node:events'
import { connect as connectTcp, createServer, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { expect } from 'chai'
import { type Host, startHost } from '../../src/net/host.ts'
import { readStream, writeStream } from '../../src/net/stream.ts'
import { until } from '../waiting.ts'

const ECHO = '/test/echo/1.0.0'
const PROTOCOL = '/test/native-tls/1.0.0'
const LOOPBACK = ['/ip4/127.0.0.1/tcp/0']

for (const linkWorkers of [0, 2]) {
  describe(`net/native-tls, ${linkWorkers} link workers`, () => {
    let a: Host
    let b: Host

    beforeEach(async () => {
      a = await startHost({ listen: LOOPBACK, linkWorkers })
      b = await startHost({ listen: LOOPBACK, linkWorkers })
    })
    afterEach(async () => {
      await a.stop()
      await b.stop()
    })

    const portOf = (host: Host) => Number(/\/tcp\/(\d+)/.exec(host.addresses[0] ?? '')?.[1])

    it('is what two nodes speak', async () => {
      await a.connect(b.addresses)
      expect(a.libp2p.getConnections()[0]?.encryption).to.equal('/tls/1.0.0')
      expect(a.libp2p.getConnections()[0]?.multiplexer).to.equal('/yamux/1.0.0')
      expect(`${a.libp2p.getConnections()[0]?.remotePeer}`).to.equal(b.id)
    })

    it('what is sent before a close comes, to the last byte; then both sides know the end', async () => {
      const sent = 24 * 1024 * 1024
      await b.handle(PROTOCOL, async stream => {
        await writeStream(stream, Buffer.alloc(sent, 7))
        await stream.close()
      })
      await a.connect(b.addresses)
      const stream = await a.openStream(b.id, PROTOCOL)
      let got = 0
      for await (const chunk of readStream(stream)) got += chunk.byteLength
      expect(got).to.equal(sent)
      const gone = new Promise<void>(resolve => b.onDisconnect(() => resolve()))
      await a.disconnect(b.id)
      await gone
      expect(a.libp2p.getConnections()).to.have.length(0)
    })

    it('a reader that pauses holds the sender, and gets all when it goes on', async () => {
      let written = 0
      await b.handle(ECHO, async stream => {
        for await (const chunk of readStream(stream)) await writeStream(stream, chunk)
        await stream.close()
      })
      const roundTrip = async () => {
        const echo = await a.openStream(b.id, ECHO)
        await writeStream(echo, Buffer.from('x'))
        await echo.close()
        for await (const chunk of readStream(echo)) expect(chunk.byteLength).to.equal(1)
      }
      await b.handle(PROTOCOL, async stream => {
        for (let i = 0; i < 1024; i++) {
          await writeStream(stream, Buffer.alloc(65_536))
          written += 65_536
        }
        await stream.close()
      })
      await a.connect(b.addresses)
      const stream = await a.openStream(b.id, PROTOCOL)
      const chunks = readStream(stream)
      let got = (await chunks.next()).value?.byteLength ?? 0
      // another stream of the same connection still gets through: held when nothing more is written meanwhile, ten times in a row
      for (let before = -1, still = 0; still < 10; before = written) {
        await roundTrip()
        still = before === written ? still + 1 : 0
      }
      expect(written).to.be.below(32 * 1024 * 1024)
      for await (const chunk of chunks) got += chunk.byteLength
      expect(got).to.equal(64 * 1024 * 1024)
    })

    it('a connection that is cut is over for both', async () => {
      const relay = createServer(inside => {
        const outside = connectTcp(portOf(b), '127.0.0.1')
        inside.pipe(outside).pipe(inside)
        for (const socket of [inside, outside]) socket.on('error', () => {})
        sockets.push(inside, outside)
      })
      const sockets: Socket[] = []
      relay.listen(0, '127.0.0.1')
      await once(relay, 'listening')
      const { port } = relay.address() as { port: number }
      await a.connect([`/ip4/127.0.0.1/tcp/${port}/p2p/${b.id}`])
      while (!b.isConnected(a.id)) await new Promise(resolve => setTimeout(resolve, 5))
      const ends = [a, b].map(host => new Promise<void>(resolve => host.onDisconnect(() => resolve())))
      for (const socket of sockets) socket.destroy()
      await Promise.all(ends)
      relay.close()
    })

    // libp2p closes for half a second when it stops, and aborts what is not closed by then
    for (const [moment, after] of [
      ['at once', (run: () => void) => run()],
      ['a tick later', process.nextTick],
      ['a turn of the event loop later', setImmediate],
    ] as const) {
      it(`a close that is aborted when its end is on the way leaves no socket open: ${moment}`, async () => {
        await until(() => openSockets() === 0, 'what came before is closed')
        await a.connect(b.addresses)
        await until(() => b.isConnected(a.id), 'both ends stand')
        const ends = [a, b].flatMap(host => host.libp2p.getConnections())
        await until(() => ends.every(end => end.streams.length === 0), 'both have said who they are')
        const aborted = ends.map(end => {
          const { maConn } = end as unknown as { maConn: { sendClose(options?: object): Promise<void> } }
          const sendClose = maConn.sendClose
          return new Promise<void>(resolve => {
            maConn.sendClose = options => {
              const sent = sendClose(options)
              after(() => {
                end.abort(new Error('no time left'))
                resolve()
              })
              return sent
            }
            end.close().catch(() => {})
          })
        })
        await Promise.race(aborted)
        await Promise.all([a.stop(), b.stop()])
        await until(() => openSockets() === 0, 'no socket outlives its host')
      })
    }

    it('another peer at the address: the dial fails', async () => {
      const address = b.addresses[0]?.replace(b.id, a.id) ?? ''
      const c = await startHost({ listen: [] })
      try {
        const failure = await c.connect([address]).then(
          () => undefined,
          error => error,
        )
        expect(failure).to.be.instanceOf(Error)
        expect(c.libp2p.getConnections()).to.have.length(0)
      } finally {
        await c.stop()
      }
    })

    it('who shows no certificate, or breaks off anywhere in the handshake, leaves nothing behind', async () => {
      const hello = Buffer.from('\x13/multistream/1.0.0\n\x0b/tls/1.0.0\n')
      const bare = connectTcp(portOf(a), '127.0.0.1')
      bare.on('error', () => {})
      bare.write(hello)
      await once(bare, 'data')
      const secure = connectTls({ socket: bare, rejectUnauthorized: false, ALPNProtocols: ['libp2p'], minVersion: 'TLSv1.3' })
      secure.on('error', () => {})
      await closed(secure)
      for (const bytes of [
        hello,
        Buffer.concat([hello, Buffer.from('16030100', 'hex')]),
        Buffer.concat([hello, Buffer.alloc(5000, 0x41)]),
      ]) {
        const socket = connectTcp(portOf(a), '127.0.0.1')
        socket.on('error', () => {})
        socket.end(bytes)
        socket.resume()
        await closed(socket)
      }
      expect(a.libp2p.getConnections()).to.have.length(0)
      await b.connect(a.addresses)
    })
  })
}

/** Sockets that keep this process alive, also those that no object leads to any more. */
function openSockets(): number {
  return process.getActiveResourcesInfo().filter(type => type === 'TCPSocketWrap').length
}

/** Whether by an error or not. */
async function closed(socket: Socket): Promise<void> {
  await new Promise<void>(resolve => socket.once('close', () => resolve()))
}
