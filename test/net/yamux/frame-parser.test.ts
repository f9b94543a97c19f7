// Frames come out as they went in, wherever the connection cuts them.
import { expect } from 'chai'
import fc from 'fast-check'
import { encodeHeader, FRAME_TYPE } from '../../../src/net/yamux/frame.ts'
import { FrameParser } from '../../../src/net/yamux/frame-parser.ts'

interface Frame {
  type: number
  flags: number
  stream: number
  length: number
  payload?: string
}

const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const control = fc.record({
  type: fc.constantFrom(FRAME_TYPE.windowUpdate, FRAME_TYPE.ping, FRAME_TYPE.goAway),
  flags: fc.integer({ min: 0, max: 0xffff }),
  stream: uint32,
  length: uint32,
})
const dataFrame = fc.tuple(fc.integer({ min: 0, max: 0xffff }), uint32, fc.uint8Array({ maxLength: 300 })).map(
  ([flags, stream, payload]): Frame => ({
    type: FRAME_TYPE.data,
    flags,
    stream,
    length: payload.byteLength,
    payload: Buffer.from(payload).toString('hex'),
  }),
)

function encoded(frames: readonly Frame[]): Buffer {
  const parts = frames.flatMap(f => [encodeHeader(f.type, f.flags, f.stream, f.length), Buffer.from(f.payload ?? '', 'hex')])
  return Buffer.concat(parts)
}

/** What a parser makes of chunks. */
function parsed(chunks: readonly Uint8Array[]): Frame[] {
  const frames: Frame[] = []
  let open: Frame | undefined
  const parser = new FrameParser({
    onControl: (type, flags, stream, length) => frames.push({ type, flags, stream, length }),
    onDataFrame: (flags, stream, length) => {
      expect(open).to.equal(undefined)
      open = { type: FRAME_TYPE.data, flags, stream, length, payload: '' }
    },
    onPayload: part => {
      expect(part.byteLength).to.be.above(0)
      const frame = open as Frame
      frame.payload += Buffer.from(part).toString('hex')
    },
    onPayloadEnd: () => {
      frames.push(open as Frame)
      open = undefined
    },
  })
  for (const chunk of chunks) parser.push(chunk)
  return frames
}

describe('net/yamux/frame-parser', () => {
  it('gives the same frames for any cut of the bytes', () => {
    const frames = fc.array(fc.oneof(control, dataFrame), { maxLength: 20 })
    const run = (list: Frame[], cuts: number[]) => {
      const bytes = encoded(list)
      const at = [0, ...cuts.map(cut => cut % (bytes.byteLength + 1)).toSorted((a, b) => a - b), bytes.byteLength]
      const chunks = at.slice(1).map((end, i) => bytes.subarray(at[i], end))
      expect(parsed(chunks)).to.deep.equal(list)
    }
    fc.assert(fc.property(frames, fc.array(fc.nat(), { maxLength: 40 }), run), { numRuns: 300 })
  })

  it('byte by byte', () => {
    const list = fc.sample(fc.oneof(control, dataFrame), 10)
    const bytes = encoded(list)
    expect(parsed(Array.from(bytes, (_, i) => bytes.subarray(i, i + 1)))).to.deep.equal(list)
  })

  it('gives payload on as it comes, without a copy', () => {
    const bytes = Buffer.concat([encodeHeader(FRAME_TYPE.data, 0, 1, 100), Buffer.alloc(60)])
    const parts: Uint8Array[] = []
    const parser = new FrameParser({ onControl() {}, onDataFrame() {}, onPayload: part => parts.push(part), onPayloadEnd() {} })
    parser.push(bytes)
    expect(parts.map(p => p.byteLength)).to.deep.equal([60])
    expect(parts[0]?.buffer).to.equal(bytes.buffer)
  })
})
