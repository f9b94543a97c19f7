// Our yamux against stock @libp2p/yamux, both ways, over libp2p's own in-memory connections.
import type { MultiaddrConnection, Stream, StreamMuxer } from '@libp2p/interface'
import { multiaddrConnectionPair } from '@libp2p/utils'
import { yamux as stockYamux } from '@libp2p/yamux'
import { expect } from 'chai'
import { readStream, writeStream } from '../../../src/net/stream.ts'
import { type YamuxMuxer, yamux } from '../../../src/net/yamux/muxer.ts'
import { yamuxStream } from '../../../src/net/yamux/stream.ts'
import { until } from '../../waiting.ts'
import { failure, settled } from '../stream-pair.ts'

const MAX_WINDOW = 1024 * 1024
const LIMITS = { maxEarlyStreams: 10, maxStreamWindowSize: MAX_WINDOW, maxReadBufferLength: 3 * MAX_WINDOW }
const STOCK = { streamOptions: { maxStreamWindowSize: MAX_WINDOW, maxReadBufferLength: 3 * MAX_WINDOW } }

const ours = yamux(LIMITS)()
const stock = stockYamux(STOCK)()

interface End {
  muxer: StreamMuxer
  connection: MultiaddrConnection
  next(): Promise<Stream>
}

function end(muxer: StreamMuxer, connection: MultiaddrConnection): End {
  const came: Stream[] = []
  let wake: (() => void) | undefined
  muxer.addEventListener('stream', ({ detail }) => {
    came.push(detail)
    wake?.()
  })
  const next = async () => {
    while (came.length === 0) await new Promise<void>(resolve => (wake = resolve))
    return came.shift() as Stream
  }
  return { muxer, connection, next }
}

for (const [name, a, b] of [
  ['ours to ours', ours, ours],
  ['ours to stock', ours, stock],
  ['stock to ours', stock, ours],
] as const) {
  describe(`net/yamux/muxer: ${name}`, () => {
    let dialer: End
    let listener: End

    beforeEach(() => {
      const [outbound, inbound] = multiaddrConnectionPair()
      dialer = end(a.createStreamMuxer(outbound), outbound)
      listener = end(b.createStreamMuxer(inbound), inbound)
    })
    afterEach(() => {
      dialer.connection.abort(new Error('over'))
      listener.connection.abort(new Error('over'))
    })

    const pair = async (from = dialer, to = listener) => {
      const mine = await from.muxer.createStream()
      return [mine, await to.next()] as const
    }

    it('opens streams both ways, with ids of their own', async () => {
      const [mine, theirs] = await pair()
      const [back, forth] = await pair(listener, dialer)
      expect([mine.id, theirs.id, back.id, forth.id]).to.deep.equal(['1', '1', '2', '2'])
      expect([mine.direction, theirs.direction]).to.deep.equal(['outbound', 'inbound'])
    })

    it('carries bytes of any length both ways at once, and each end closes by itself', async () => {
      const [mine, theirs] = await pair()
      const sizes = [1, 11, 12, 13, 4095, 65_536, 65_664, 65_665, 262_144, 3 * MAX_WINDOW]
      const say = async (stream: Stream, seed: number) => {
        for (const size of sizes) await writeStream(stream, filled(size, seed + size))
        await stream.close()
      }
      const expected = (seed: number) => Buffer.concat(sizes.map(size => filled(size, seed + size)))
      const [there, here] = await Promise.all([read(theirs), read(mine), say(mine, 1), say(theirs, 2)])
      expect(there.equals(expected(1)), 'from the dialer').to.equal(true)
      expect(here.equals(expected(2)), 'from the listener').to.equal(true)
      await until(() => dialer.muxer.streams.length + listener.muxer.streams.length === 0, 'both are gone')
    })

    it('after a half close the other half goes on', async () => {
      const [mine, theirs] = await pair()
      await writeStream(mine, filled(10, 1))
      await mine.close()
      expect((await read(theirs)).byteLength).to.equal(10)
      const reading = read(mine)
      await writeStream(theirs, filled(500_000, 2))
      await theirs.close()
      expect((await reading).byteLength).to.equal(500_000)
    })

    it('a reset ends both ends, the other streams live', async () => {
      const [mine, theirs] = await pair()
      const [other, beside] = await pair()
      const reading = failure(read(theirs))
      mine.abort(new Error('enough'))
      expect((await reading).name).to.equal('StreamResetError')
      await writeStream(other, filled(7, 1))
      await other.close()
      expect((await read(beside)).byteLength).to.equal(7)
    })

    it('a reader that pauses stops the sender at its window', async () => {
      const [mine, theirs] = await pair()
      theirs.pause()
      let sent = 0
      const sending = (async () => {
        for (; sent < 4 * MAX_WINDOW; sent += 16_384) await writeStream(mine, filled(16_384, 1))
        await mine.close()
      })()
      await until(() => sent >= 256 * 1024 - 16_384, 'the window is used up')
      await settled(() => sent)
      expect(sent).to.be.within(256 * 1024 - 16_384, 256 * 1024)
      theirs.resume()
      expect((await read(theirs)).byteLength).to.equal(4 * MAX_WINDOW)
      await sending
    })

    it('measures the round trip, and answers pings', async () => {
      for (const { muxer } of [dialer, listener] as unknown as { muxer: YamuxMuxer }[]) {
        expect(await muxer.ping()).to.be.at.least(0)
        await until(() => muxer.getRTT() >= 0, 'it is known')
      }
    })

    it('a go-away ends the streams of both ends and opens no more', async () => {
      const [mine, theirs] = await pair()
      await Promise.all([mine.close(), theirs.close()])
      await dialer.muxer.close()
      await until(() => listener.muxer.status === 'closed', 'the other side has heard')
      expect((await failure(Promise.resolve(listener.muxer.createStream()))).name).to.equal('MuxerClosedError')
    })

    it('five hundred streams at once, each with its own bytes', async () => {
      const pairs: (readonly [Stream, Stream])[] = []
      for (let i = 0; i < 500; i++)
        pairs.push(await pair(...((i % 2 === 0 ? [dialer, listener] : [listener, dialer]) as [End, End])))
      const got = await Promise.all(
        pairs.map(async ([mine, theirs], i) => {
          const reading = read(theirs)
          await writeStream(mine, filled(1000 + i, i))
          await mine.close()
          await theirs.close()
          return await reading
        }),
      )
      for (const [i, bytes] of got.entries()) expect(bytes.equals(filled(1000 + i, i)), `stream ${i}`).to.equal(true)
    })
  })
}

describe('net/yamux/muxer: the bulk path', () => {
  it('gives all to the sink, and credit for what it deals with only', async () => {
    const [outbound, inbound] = multiaddrConnectionPair()
    const dialer = end(stock.createStreamMuxer(outbound), outbound)
    const listener = end(ours.createStreamMuxer(inbound), inbound)
    const mine = await dialer.muxer.createStream()
    let sent = 0
    const sending = (async () => {
      for (; sent < 2 * MAX_WINDOW; sent += 16_384) await writeStream(mine, filled(16_384, 1))
      await mine.close()
    })()
    const theirs = yamuxStream(await listener.next())
    let got = 0
    let isDealing = false
    theirs.pour({
      push(part) {
        got += part.byteLength
        return isDealing ? part.byteLength : 0
      },
    })
    await until(() => got >= 256 * 1024, 'the window is used up')
    await settled(() => got)
    expect(got).to.equal(256 * 1024)
    isDealing = true
    theirs.release(got)
    await sending
    await until(() => theirs.readableEnded, 'all has come')
    expect(got).to.equal(2 * MAX_WINDOW)
    outbound.abort(new Error('over'))
  })

  it('a sink that throws aborts its stream', async () => {
    const [outbound, inbound] = multiaddrConnectionPair()
    const dialer = end(stock.createStreamMuxer(outbound), outbound)
    const listener = end(ours.createStreamMuxer(inbound), inbound)
    const mine = await dialer.muxer.createStream()
    const theirs = yamuxStream(await listener.next())
    theirs.pour({
      push() {
        throw new Error('no such piece')
      },
    })
    const reading = failure(read(mine))
    await writeStream(mine, filled(10, 1))
    expect((await reading).name).to.equal('StreamResetError')
    expect([theirs.status, listener.muxer.status]).to.deep.equal(['aborted', 'open'])
    outbound.abort(new Error('over'))
  })
})

async function read(stream: Stream): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const chunk of readStream(stream)) parts.push(chunk.subarray())
  return Buffer.concat(parts)
}

/** Bytes that tell where they belong. */
function filled(size: number, seed: number): Buffer {
  const bytes = Buffer.alloc(size)
  for (let i = 0; i < size; i++) bytes[i] = i * 31 + seed + (i >>> 8)
  return bytes
}
