// Streams between two real libp2p nodes over TCP: nothing is lost, nothing piles up, no ending is quiet.
import type { Stream } from '@libp2p/interface'
import { expect } from 'chai'
import type { Uint8ArrayList } from 'uint8arraylist'
import { readStream, writeStream } from '../../src/net/stream.ts'
import { failure, settled, TwoNodes, turn, WINDOW } from './stream-pair.ts'

const MiB = 1024 * 1024
const HIGH_WATER = 256 * 1024

/** Resolves at `event`; at once when `isThere` says that it has been. */
function happened(stream: Stream, event: 'close' | 'remoteCloseWrite' | 'drain', isThere: () => boolean): Promise<void> {
  if (isThere()) return Promise.resolve()
  return new Promise(resolve => stream.addEventListener(event, () => resolve(), { once: true }))
}

/** Bytes that tell where they belong. */
function pattern(length: number, from = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => ((from + i) * 31 + ((from + i) >>> 8)) & 0xff)
}

async function collect(chunks: AsyncIterable<Uint8Array | Uint8ArrayList>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(chunk.subarray())
  return Buffer.concat(parts)
}

describe('net/stream', () => {
  let nodes: TwoNodes

  before(async () => {
    nodes = await TwoNodes.start()
  })

  after(() => nodes.stop())

  async function sendAll(stream: Stream, bytes: Uint8Array, step = 64 * 1024): Promise<void> {
    for (let at = 0; at < bytes.byteLength; at += step) await writeStream(stream, bytes.subarray(at, at + step))
    await stream.close()
  }

  it('delivers everything in order, at interesting lengths', async () => {
    for (const length of [0, 1, WINDOW / 4 - 1, WINDOW / 4, WINDOW / 4 + 1, 3 * MiB + 7]) {
      const { ours, theirs } = await nodes.open()
      const bytes = pattern(length)
      const [got] = await Promise.all([collect(readStream(theirs)), sendAll(ours, bytes)])
      expect(Buffer.compare(got, bytes), `${length} bytes`).to.equal(0)
      await theirs.close()
    }
  })

  it('works both ways at once', async () => {
    const { ours, theirs } = await nodes.open()
    const there = pattern(2 * MiB)
    const back = pattern(2 * MiB, 5)
    const [a, b] = await Promise.all([
      collect(readStream(theirs)),
      collect(readStream(ours)),
      sendAll(ours, there),
      sendAll(theirs, back),
    ])
    expect(Buffer.compare(a, there)).to.equal(0)
    expect(Buffer.compare(b, back)).to.equal(0)
  })

  it('holds back a fast sender when the reader is slow, and loses no byte of the tail', async () => {
    const { ours, theirs } = await nodes.open()
    const total = 24 * MiB
    const block = pattern(64 * 1024)
    let sent = 0
    let writeBuffer = 0
    const sending = (async () => {
      for (; sent < total; sent += block.byteLength) {
        await writeStream(ours, block)
        writeBuffer = Math.max(writeBuffer, ours.writeBufferLength)
      }
      await ours.close()
    })()
    let received = 0
    let inFlight = 0
    for await (const chunk of readStream(theirs, () => HIGH_WATER)) {
      // slow: the sender has had every chance to run ahead
      for (let i = 0; i < 20; i++) await turn()
      inFlight = Math.max(inFlight, sent - received)
      received += chunk.byteLength
    }
    await sending
    expect(received).to.equal(total)
    // window + one more (yamux, when paused inside an event) + high water + what sockets buffer
    expect(inFlight).to.be.below(5 * MiB)
    expect(writeBuffer).to.be.at.most(block.byteLength)
  })

  it('lets a sender wait for ever when nobody takes the next chunk, in bounded memory', async () => {
    const { ours, theirs } = await nodes.open()
    const abort = new AbortController()
    let sent = 0
    const sending = (async () => {
      while (true) {
        await writeStream(ours, new Uint8Array(64 * 1024), abort.signal)
        sent += 64 * 1024
      }
    })()
    const reader = readStream(theirs, () => HIGH_WATER)
    const first = await reader.next()
    expect(first.done).to.equal(false)
    await settled(() => sent)
    expect(sent).to.be.below(5 * MiB)
    expect(theirs.readBufferLength).to.be.below(4 * WINDOW)
    abort.abort()
    expect(await failure(sending)).to.have.property('code', 'aborted')
    await reader.return(undefined)
    ours.abort(new Error('done'))
  })

  it('aborts the stream when the reader leaves early, so that the sender learns of it', async () => {
    const { ours, theirs } = await nodes.open()
    const sending = (async () => {
      while (true) await writeStream(ours, new Uint8Array(64 * 1024))
    })()
    for await (const _chunk of readStream(theirs)) break
    expect(theirs.status).to.equal('aborted')
    expect(await failure(sending)).to.be.instanceOf(Error)
    expect(ours.status).to.equal('reset')
  })

  it('starts late: after data came, and after the sender closed', async () => {
    for (const length of [0, 100_000]) {
      const { ours, theirs } = await nodes.open()
      await sendAll(ours, pattern(length))
      await happened(theirs, 'remoteCloseWrite', () => theirs.remoteWriteStatus === 'closed')
      await turn()
      const got = await collect(readStream(theirs))
      expect(Buffer.compare(got, pattern(length))).to.equal(0)
    }
  })

  it('starts late: after both sides have closed', async () => {
    const { ours, theirs } = await nodes.open()
    await theirs.close()
    await sendAll(ours, pattern(1000))
    await happened(theirs, 'remoteCloseWrite', () => theirs.remoteWriteStatus === 'closed')
    expect(await collect(readStream(theirs))).to.have.length(1000)
  })

  it('throws when the sender resets, before, between and after the data', async () => {
    const { ours, theirs } = await nodes.open()
    const reading = collect(readStream(theirs))
    await writeStream(ours, pattern(1000))
    ours.abort(new Error('enough'))
    expect(await failure(reading)).to.have.property('name', 'StreamResetError')

    const second = await nodes.open()
    second.ours.abort(new Error('enough'))
    await happened(second.theirs, 'close', () => second.theirs.status === 'reset')
    expect(await failure(collect(readStream(second.theirs)))).to.have.property('name', 'StreamResetError')
  })

  it('throws what the local abort says, also to a waiting reader', async () => {
    const { theirs } = await nodes.open()
    const reading = failure(collect(readStream(theirs)))
    await turn()
    theirs.abort(new Error('local reason'))
    expect((await reading).message).to.equal('local reason')
  })

  it('throws when the connection is lost, which libp2p reports as a plain close', async () => {
    const { ours, theirs, cut } = await nodes.openBreakable()
    const reader = readStream(theirs)
    await writeStream(ours, pattern(1000))
    await reader.next()
    const rest = failure(reader.next())
    const writing = failure(writeStream(ours, new Uint8Array(8 * MiB)))
    cut()
    expect(await rest).to.have.property('name', 'StreamResetError')
    expect(await writing).to.have.property('name', 'StreamResetError')
  })

  describe('writeStream', () => {
    it('does not send once the signal is aborted', async () => {
      const { ours, theirs } = await nodes.open()
      const error = await failure(writeStream(ours, pattern(10), AbortSignal.abort()))
      expect(error).to.have.property('code', 'aborted')
      await ours.close()
      expect(await collect(readStream(theirs))).to.have.length(0)
    })

    it('waits again after the first drain', async () => {
      const { ours, theirs } = await nodes.open()
      const reader = readStream(theirs, () => HIGH_WATER)
      for (let round = 0; round < 3; round++) {
        let isWritten = false
        const writing = writeStream(ours, new Uint8Array(8 * MiB)).then(() => {
          isWritten = true
        })
        await turn()
        expect(isWritten, `round ${round}`).to.equal(false)
        for (let got = 0; got < 8 * MiB; ) got += (await reader.next()).value?.byteLength ?? 0
        await writing
        expect(ours.writeBufferLength).to.equal(0)
      }
      await reader.return(undefined)
    })

    it('rejects when the stream is reset while it waits, and after', async () => {
      const { ours, theirs } = await nodes.open()
      const writing = failure(writeStream(ours, new Uint8Array(8 * MiB)))
      await turn()
      theirs.abort(new Error('no'))
      expect(await writing).to.have.property('name', 'StreamResetError')
      expect(await failure(writeStream(ours, new Uint8Array(1)))).to.be.instanceOf(Error)
    })

    it('leaves no listeners behind', async () => {
      const { ours, theirs } = await nodes.open()
      const count = (stream: Stream) => {
        const counter = stream as Stream & { listenerCount(type: string): number }
        return ['message', 'drain', 'close', 'end', 'remoteCloseWrite'].map(type => counter.listenerCount(type))
      }
      const before = [count(ours), count(theirs)]
      await Promise.all([collect(readStream(theirs)), sendAll(ours, pattern(4 * MiB))])
      const after = [count(ours), count(theirs)]
      expect(after).to.deep.equal(before)
    })
  })
})
