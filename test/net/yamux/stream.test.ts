// How long the frames of bulk are, by what the connection takes at once.
import { defaultLogger } from '@libp2p/logger'
import { expect } from 'chai'
import { FrameParser } from '../../../src/net/yamux/frame-parser.ts'
import { FrameWriter } from '../../../src/net/yamux/frame-writer.ts'
import { YamuxStream } from '../../../src/net/yamux/stream.ts'

const KiB = 1024
/** A part of a piece with its header. */
const PART = 256 * KiB + 100

describe('net/yamux/stream: frames of bulk', () => {
  let lengths: number[]
  let output: { isOpen: boolean; isFull: boolean; write(parts: Uint8Array[]): void }
  let writer: FrameWriter
  let stream: YamuxStream

  beforeEach(() => {
    lengths = []
    const parser = new FrameParser({
      onControl() {},
      onDataFrame: (_flags, _stream, length) => lengths.push(length),
      onPayload() {},
      onPayloadEnd() {},
    })
    output = { isOpen: true, isFull: false, write: parts => parts.forEach(part => void parser.push(part)) }
    writer = new FrameWriter(output)
    stream = new YamuxStream({
      id: '1',
      streamId: 1,
      direction: 'outbound',
      log: defaultLogger().forComponent('test'),
      maxStreamWindowSize: 1024 * KiB,
      maxReadBufferLength: 4096 * KiB,
      writer,
      roundTrip: () => 1,
    })
    stream.onWindowUpdate(8192 * KiB)
  })
  afterEach(() => stream.abort(new Error('over')))

  /** The connection is full for so many milliseconds. */
  const full = (ms: number) => {
    output.isFull = true
    writer.control(1, 0, 1, 0)
    writer.flush()
    output.isFull = false
    writer.drained(performance.now() + ms)
  }
  const framesOf = (bytes: number) => {
    lengths = []
    stream.send(new Uint8Array(bytes))
    writer.flush()
    return lengths
  }

  it('are 64 KiB of a piece, and 256 KiB while the connection takes as much fast', () => {
    expect(stream.batch).to.equal(64 * KiB)
    expect(framesOf(64 * KiB + 100)).to.deep.equal([64 * KiB + 100])
    for (const _ of [1, 2]) full(0)
    expect(stream.batch).to.equal(256 * KiB)
    expect(framesOf(PART)).to.deep.equal([PART])
    full(1000)
    expect(stream.batch).to.equal(128 * KiB)
    const parts = framesOf(PART)
    expect(parts.reduce((sum, length) => sum + length, 0)).to.equal(PART)
    expect(Math.max(...parts)).to.be.at.most(128 * KiB + 128)
  })
})
