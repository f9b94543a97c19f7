// Frames of one turn go out together; bulk, and what is flushed, goes at once.
import { expect } from 'chai'
import { FLAG, FRAME_TYPE } from '../../../src/net/yamux/frame.ts'
import { FrameParser } from '../../../src/net/yamux/frame-parser.ts'
import { FrameWriter } from '../../../src/net/yamux/frame-writer.ts'

const { data, windowUpdate, ping } = FRAME_TYPE

class Output {
  isOpen = true
  isFull = false
  /** By write, the frames: [type, stream, length]. */
  readonly writes: number[][][] = []

  write(parts: Uint8Array[]): void {
    const frames: number[][] = []
    const parser = new FrameParser({
      onControl: (type, _flags, stream, length) => frames.push([type, stream, length]),
      onDataFrame: (_flags, stream, length) => frames.push([data, stream, length]),
      onPayload() {},
      onPayloadEnd() {},
    })
    for (const part of parts) parser.push(part)
    this.writes.push(frames)
  }
}

const turn = () => new Promise(resolve => setImmediate(resolve))
const bytes = (length: number) => [new Uint8Array(length)]

describe('net/yamux/frame-writer', () => {
  let output: Output
  let writer: FrameWriter

  beforeEach(() => {
    output = new Output()
    writer = new FrameWriter(output)
  })

  it('writes the frames of one turn at once, in order', async () => {
    writer.control(windowUpdate, FLAG.syn, 1, 0)
    for (const stream of [1, 3]) expect(writer.data(data, 0, stream, bytes(10), 10)).to.equal(true)
    writer.control(windowUpdate, FLAG.fin, 1, 0)
    expect(output.writes).to.deep.equal([])
    await turn()
    const frames = [
      [windowUpdate, 1, 0],
      [data, 1, 10],
      [data, 3, 10],
      [windowUpdate, 1, 0],
    ]
    expect(output.writes).to.deep.equal([frames])
    await turn()
    expect(output.writes).to.have.length(1)
  })

  it('writes bulk by 64 KiB, and by up to 256 KiB while the connection takes that at once', () => {
    const frame = 65_536
    const send = () => writer.data(data, 0, 1, bytes(frame), frame)
    const framesInAWrite = (afterMs: number) => {
      const before = output.writes.length
      output.isFull = false
      let frames = 1
      // full as soon as something is written
      for (; ; frames++) {
        output.isFull = true
        send()
        if (output.writes.length > before) break
      }
      writer.drained(performance.now() + afterMs)
      return frames
    }
    // neither fast nor slow after 7 ms
    expect([0, 0, 0, 7, 7, 1000, 7, 1000, 1000].map(framesInAWrite)).to.deep.equal([1, 2, 4, 4, 4, 4, 2, 2, 1])
    expect(writer.batch).to.equal(frame)
  })

  it('says when the connection is full', () => {
    expect(writer.data(data, 0, 1, bytes(10), 10)).to.equal(true)
    output.isFull = true
    expect(writer.data(data, 0, 1, bytes(100_000), 100_000)).to.equal(false)
    expect(output.writes.map(frames => frames.length)).to.deep.equal([2])
  })

  it('writes what waits when it is told to', () => {
    writer.data(data, 0, 1, bytes(10), 10)
    writer.control(ping, FLAG.syn, 0, 7)
    writer.flush()
    expect(output.writes).to.deep.equal([
      [
        [data, 1, 10],
        [ping, 0, 7],
      ],
    ])
  })

  it('drops what waits when the connection is gone, or goes meanwhile', async () => {
    writer.control(ping, FLAG.syn, 0, 7)
    output.isOpen = false
    await turn()
    expect(output.writes).to.deep.equal([])
    output.isOpen = true
    output.write = () => {
      throw new Error('closing')
    }
    writer.control(ping, FLAG.syn, 0, 8)
    await turn()
  })
})
