// Frames of one turn go out together, small credits wait, and nothing that somebody waits for is kept back.
import type { MessageStream } from '@libp2p/interface'
import { expect } from 'chai'
import { Uint8ArrayList } from 'uint8arraylist'
import { FrameBatch } from '../../src/net/muxer.ts'

const DATA = 0
const WINDOW_UPDATE = 1
const PING = 2
const FIN = 4

function frame(type: number, stream: number, length: number, flags = 0): Uint8Array {
  const bytes = new Uint8Array(12 + (type === DATA ? length : 0))
  const view = new DataView(bytes.buffer)
  bytes[1] = type
  bytes[3] = flags
  view.setUint32(4, stream)
  view.setUint32(8, length)
  return bytes
}

/** What was written, as [type, stream, length] by write. */
function open(): { batch: FrameBatch; written: number[][][]; connection: { status: string; writableNeedsDrain: boolean } } {
  const written: number[][][] = []
  const connection = { status: 'open', writableNeedsDrain: false }
  const write = (bytes: Uint8Array | Uint8ArrayList) => {
    const all = bytes.subarray()
    const view = new DataView(all.buffer, all.byteOffset, all.byteLength)
    const frames: number[][] = []
    for (let at = 0; at < all.byteLength; ) {
      const [type, length] = [view.getUint8(at + 1), view.getUint32(at + 8)]
      frames.push([type, view.getUint32(at + 4), length])
      at += 12 + (type === DATA ? length : 0)
    }
    written.push(frames)
    return !connection.writableNeedsDrain
  }
  return { batch: new FrameBatch(connection as MessageStream, write), written, connection }
}

const turn = () => new Promise(resolve => setImmediate(resolve))

describe('net/muxer', () => {
  it('writes the small frames of one turn at once, in order', async () => {
    const { batch, written } = open()
    for (const stream of [1, 3, 1]) expect(batch.send(new Uint8ArrayList(frame(DATA, stream, 10)))).to.equal(true)
    expect(written).to.deep.equal([])
    await turn()
    const three = [1, 3, 1].map(stream => [DATA, stream, 10])
    expect(written).to.deep.equal([three])
    await turn()
    expect(written).to.have.length(1)
  })

  it('lets bulk take along what waits, and says when the connection is full', () => {
    const { batch, written, connection } = open()
    batch.send(frame(DATA, 1, 10))
    connection.writableNeedsDrain = true
    expect(batch.send(frame(DATA, 3, 100_000))).to.equal(false)
    expect(batch.send(frame(DATA, 1, 10))).to.equal(false)
    expect(written).to.deep.equal([
      [
        [DATA, 1, 10],
        [DATA, 3, 100_000],
      ],
    ])
  })

  it('writes at once what opens, ends or measures something', () => {
    const { batch, written } = open()
    batch.send(frame(DATA, 1, 10))
    batch.send(frame(WINDOW_UPDATE, 1, 0, FIN))
    batch.send(frame(PING, 0, 7))
    expect(written).to.deep.equal([
      [
        [DATA, 1, 10],
        [WINDOW_UPDATE, 1, 0],
      ],
      [[PING, 0, 7]],
    ])
  })

  it('keeps small credits back and tells their sum before an eighth of the window is missing', async () => {
    const { batch, written } = open()
    for (let i = 0; i < 32; i++) {
      expect(written).to.deep.equal([])
      batch.send(frame(WINDOW_UPDATE, 5, 1024))
      batch.send(frame(WINDOW_UPDATE, 7, 1))
      await turn()
    }
    expect(written).to.deep.equal([[[WINDOW_UPDATE, 5, 32 * 1024]]])
  })

  it('remembers credits of a bounded number of streams', async () => {
    const { batch, written } = open()
    for (let stream = 1; stream <= 65; stream++) batch.send(frame(WINDOW_UPDATE, stream, 1))
    await turn()
    expect(written.flat()).to.have.length(65)
  })

  it('drops what waits when the connection is gone', async () => {
    const { batch, written, connection } = open()
    batch.send(frame(DATA, 1, 10))
    connection.status = 'closed'
    await turn()
    expect(written).to.deep.equal([])
  })

  it('survives a connection that closes under what waits', async () => {
    const connection = { status: 'open', writableNeedsDrain: false }
    let tries = 0
    const batch = new FrameBatch(connection as MessageStream, () => {
      tries++
      throw new Error('closing')
    })
    batch.send(frame(DATA, 1, 10))
    await turn()
    expect(tries).to.equal(1)
    expect(() => batch.send(frame(DATA, 1, 100_000))).to.throw('closing')
  })
})
