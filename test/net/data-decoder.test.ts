// Frames out of chunks: every way of cutting the stream, payloads straight to their place, villains stopped at the header.
import { expect } from 'chai'
import fc from 'fast-check'
import { Uint8ArrayList } from 'uint8arraylist'
import { FrameDecoder, type FrameHandler } from '../../src/net/data-decoder.ts'
import { encodeFrame, type FrameHeader } from '../../src/wire/codec-data.ts'
import { LIMITS } from '../../src/wire/limits.ts'

interface Frame {
  header: FrameHeader
  payload: Uint8Array
}

/** Keeps what a decoder says, in order. */
class Collector implements FrameHandler {
  readonly begun: FrameHeader[] = []
  readonly frames: Frame[] = []
  #room: Uint8Array = new Uint8Array(0)

  onFrame(header: FrameHeader): Uint8Array {
    this.begun.push(header)
    this.#room = new Uint8Array(header.length)
    return this.#room
  }

  onFrameEnd(header: FrameHeader): void {
    this.frames.push({ header, payload: this.#room })
  }
}

function frame(piece: number, offset: number, payload: Uint8Array): Frame {
  return { header: { piece, offset, length: payload.byteLength }, payload }
}

function refusal(piece: number): Frame {
  return { header: { piece, offset: 0, length: 0, refused: 'no-such-piece' }, payload: new Uint8Array(0) }
}

function join(frames: readonly Frame[]): Uint8Array {
  return Buffer.concat(frames.map(({ header, payload }) => encodeFrame(header, payload).subarray()))
}

function decodeAll(chunks: Iterable<Uint8Array | Uint8ArrayList>): Frame[] {
  const collector = new Collector()
  const decoder = new FrameDecoder(collector)
  for (const chunk of chunks) decoder.push(chunk)
  decoder.end()
  expect(collector.begun).to.deep.equal(collector.frames.map(f => f.header))
  return collector.frames
}

const payloads = fc.uint8Array({ minLength: 1, maxLength: 200 })
const frames = fc.array(
  fc.oneof(
    fc
      .tuple(fc.nat({ max: 1000 }), fc.nat({ max: 100_000 }), payloads)
      .map(([piece, offset, bytes]) => frame(piece, offset, bytes)),
    fc.nat({ max: 1000 }).map(refusal),
  ),
  { maxLength: 8 },
)

describe('net/data-decoder', () => {
  it('gives the same frames wherever the stream is cut in two', () => {
    const sent = [
      frame(0, 0, Uint8Array.of(1)),
      refusal(5),
      frame(300, 262144, new Uint8Array(150).fill(7)),
      frame(0, 1, Uint8Array.of(2)),
    ]
    const bytes = join(sent)
    for (let at = 0; at <= bytes.byteLength; at++) {
      expect(decodeAll([bytes.subarray(0, at), bytes.subarray(at)]), `cut at ${at}`).to.deep.equal(sent)
    }
  })

  it('gives the same frames byte by byte', () => {
    const sent = [frame(1, 2, new Uint8Array(130).fill(3)), refusal(1)]
    expect(decodeAll(Array.from(join(sent), byte => Uint8Array.of(byte)))).to.deep.equal(sent)
  })

  it('gives the same frames however the stream is cut, also as lists', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.nat(), { maxLength: 20 }), fc.boolean(), (sent, places, asList) => {
        const bytes = join(sent)
        const ends = [...places.map(p => p % (bytes.byteLength + 1)).toSorted((a, b) => a - b), bytes.byteLength]
        const chunks = ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end))
        expect(decodeAll(asList ? [new Uint8ArrayList(...chunks)] : chunks)).to.deep.equal(sent)
      }),
    )
  })

  it('puts the payload where it is told, and touches nothing around it', () => {
    const piece = new Uint8Array(100)
    const decoder = new FrameDecoder({
      onFrame: ({ offset, length }) => piece.subarray(offset, offset + length),
      onFrameEnd: () => {},
    })
    decoder.push(join([frame(0, 10, new Uint8Array(20).fill(1)), frame(0, 30, new Uint8Array(5).fill(2))]))
    const expected = new Uint8Array(100).fill(1, 10, 30).fill(2, 30, 35)
    expect(piece).to.deep.equal(expected)
  })

  it('takes the largest frame', () => {
    const sent = [frame(LIMITS.pieces - 1, LIMITS.piece - LIMITS.framePayload, new Uint8Array(LIMITS.framePayload).fill(9))]
    expect(decodeAll([join(sent)])).to.deep.equal(sent)
  })

  it('copies no byte of a frame that the handler does not want', () => {
    const decoder = new FrameDecoder({
      onFrame: () => {
        throw new Error('not asked for')
      },
      onFrameEnd: () => expect.fail('it has no end'),
    })
    expect(() => decoder.push(join([frame(0, 0, Uint8Array.of(1, 2, 3))]))).to.throw('not asked for')
  })

  it('insists on room of the right size', () => {
    for (const size of [0, 2, 4]) {
      const decoder = new FrameDecoder({ onFrame: () => new Uint8Array(size), onFrameEnd: () => {} })
      expect(() => decoder.push(join([frame(0, 0, Uint8Array.of(1, 2, 3))])))
        .to.throw()
        .with.property('code', 'internal')
    }
  })

  for (const [what, bytes] of Object.entries({
    'no header at all': [0],
    'a header that is too long': [65],
    'a header without end': [0xff, 0xff, 0xff, 0xff, 0xff],
    'a header that is none': [3, 0xff, 0xff, 0xff],
    'an empty payload': [4, 0x08, 0x01, 0x10, 0x00],
    'a payload that is too long': [5, 0x18, 0x81, 0x80, 0x10, 0x00],
    'a negative length': [6, 0x18, 0xff, 0xff, 0xff, 0xff, 0x0f],
    'a reason that does not exist': [2, 0x20, 0x63],
  })) {
    it(`refuses ${what}`, () => {
      const collector = new Collector()
      const decoder = new FrameDecoder(collector)
      expect(() => decoder.push(Uint8Array.from(bytes)))
        .to.throw()
        .with.property('code', 'protocol')
      expect(collector.begun).to.deep.equal([])
    })
  }

  it('refuses an end inside a prefix, a header or a payload', () => {
    const bytes = join([frame(200, 0, Uint8Array.of(1, 2, 3))])
    for (let length = 1; length < bytes.byteLength; length++) {
      const decoder = new FrameDecoder(new Collector())
      decoder.push(bytes.subarray(0, length))
      expect(() => decoder.end(), `after ${length} bytes`)
        .to.throw()
        .with.property('code', 'protocol')
    }
  })

  it('survives noise', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 5 }), chunks => {
        try {
          decodeAll(chunks)
        } catch (error) {
          expect(error).to.have.property('code', 'protocol')
        }
      }),
      { numRuns: 1000 },
    )
  })
})
