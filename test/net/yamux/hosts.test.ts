// Hosts of ours over real sockets: with one another, with libp2p's own TLS and yamux, and over noise.
import { noise } from '@chainsafe/libp2p-noise'
import type { ConnectionEncrypter, Libp2p, Stream } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { tls } from '@libp2p/tls'
import { yamux as stockYamux } from '@libp2p/yamux'
import { expect } from 'chai'
import { createLibp2p } from 'libp2p'
import { type Host, startHost } from '../../../src/net/host.ts'
import { readStream, writeStream } from '../../../src/net/stream.ts'
import { yamuxStream } from '../../../src/net/yamux/stream.ts'
import { until } from '../../waiting.ts'

const ECHO = '/test/echo/1.0.0'
const SIZE = 6 * 1024 * 1024
const LOOPBACK = ['/ip4/127.0.0.1/tcp/0']

async function echo(stream: Stream): Promise<void> {
  for await (const chunk of readStream(stream)) await writeStream(stream, chunk)
  await stream.close()
}

/** Sends and gets back SIZE bytes; how many came, and whether they were the same. */
async function roundTrip(stream: Stream): Promise<void> {
  const bytes = Buffer.alloc(SIZE)
  for (let at = 0; at < SIZE; at += 4) bytes.writeUInt32LE(at, at)
  const sending = (async () => {
    for (let at = 0; at < SIZE; at += 50_000) await writeStream(stream, bytes.subarray(at, at + 50_000))
    await stream.close()
  })()
  const parts: Uint8Array[] = []
  for await (const chunk of readStream(stream)) parts.push(chunk.subarray())
  await sending
  expect(Buffer.concat(parts).equals(bytes)).to.equal(true)
}

describe('net/yamux: hosts', () => {
  let host: Host
  let other: Libp2p | undefined

  beforeEach(async () => {
    host = await startHost({ listen: LOOPBACK })
    await host.handle(ECHO, echo)
  })
  afterEach(async () => {
    await Promise.all([host.stop(), other?.stop()])
    other = undefined
  })

  // biome-ignore lint/suspicious/noExplicitAny: libp2p's component types are open
  async function stock(encrypter: (components: any) => ConnectionEncrypter): Promise<Libp2p> {
    const started = await createLibp2p({
      addresses: { listen: LOOPBACK },
      transports: [tcp()],
      connectionEncrypters: [encrypter],
      // its own defaults abort a stream whose reader pauses
      streamMuxers: [stockYamux({ streamOptions: { maxStreamWindowSize: 2 ** 20, maxReadBufferLength: 2 ** 22 } })],
      connectionMonitor: { enabled: false },
    })
    await started.handle(ECHO, echo)
    other = started
    return started
  }

  for (const [name, encrypter] of [
    ['TLS', tls()],
    ['noise', noise()],
  ] as const) {
    it(`a stock node over ${name} dials us: all bytes there and back`, async () => {
      const node = await stock(encrypter)
      const connection = await node.dial(host.libp2p.getMultiaddrs())
      await roundTrip(await connection.newStream(ECHO))
    })

    it(`we dial a stock node over ${name}: all bytes there and back`, async () => {
      const node = await stock(encrypter)
      const id = await host.connect(node.getMultiaddrs().map(String))
      await roundTrip(await host.openStream(id, ECHO))
    })
  }

  it('the bulk path gets every byte of a stream from the socket, to the end', async () => {
    const BULK = '/test/bulk/1.0.0'
    const sender = await startHost({ listen: LOOPBACK })
    try {
      await sender.handle(BULK, async stream => {
        for (let at = 0; at < SIZE; at += 65_536) await writeStream(stream, Buffer.alloc(65_536, at >>> 16))
        await stream.close()
      })
      const id = await host.connect(sender.addresses)
      const stream = yamuxStream(await host.openStream(id, BULK))
      let got = 0
      let wrong = 0
      stream.pour({
        push(part) {
          for (let i = 0; i < part.byteLength; i += 1024) if (part[i] !== (((got + i) >>> 16) & 0xff)) wrong++
          got += part.byteLength
          return part.byteLength
        },
      })
      await until(() => stream.readableEnded, 'the end')
      expect([got, wrong]).to.deep.equal([SIZE, 0])
    } finally {
      await sender.stop()
    }
  })

  it('a stream of another muxer has no bulk path, and says so', () => {
    expect(() => yamuxStream({})).to.throw(/not a stream of this muxer/)
  })
})
