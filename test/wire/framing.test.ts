// Length prefixes: any way of cutting a stream into chunks gives the same messages; bad lengths stop at once.
import { expect } from 'chai'
import fc from 'fast-check'
import { Uint8ArrayList } from 'uint8arraylist'
import { MessageDecoder, PrefixDecoder, prefixed } from '../../src/wire/framing.ts'
import { failureOf } from './failure.ts'

const MAX = 1000

function join(messages: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(messages.map(m => prefixed(m).subarray()))
}

function decodeAll(chunks: Iterable<Uint8Array | Uint8ArrayList>, max = MAX): Uint8Array[] {
  const decoder = new MessageDecoder(max)
  const messages = [...chunks].flatMap(chunk => [...decoder.push(chunk)])
  decoder.end()
  return messages
}

/** `bytes` cut at the given places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places.map(p => p % (bytes.byteLength + 1)).toSorted((a, b) => a - b), bytes.byteLength]
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end))
}

const messages = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 8 })

describe('wire/framing', () => {
  it('writes lengths as LEB128', () => {
    for (const [length, prefix] of [
      [1, '01'],
      [127, '7f'],
      [128, '8001'],
      [300, 'ac02'],
      [16384, '808001'],
    ] as const) {
      const bytes = prefixed(new Uint8Array(length)).subarray()
      expect(Buffer.from(bytes).toString('hex', 0, bytes.byteLength - length)).to.equal(prefix)
    }
  })

  it('gives the same messages wherever a stream is cut in two', () => {
    const sent = [Uint8Array.of(1), new Uint8Array(127).fill(2), new Uint8Array(128).fill(3), new Uint8Array(300).fill(4)]
    const bytes = join(sent)
    for (let at = 0; at <= bytes.byteLength; at++) {
      expect(decodeAll([bytes.subarray(0, at), bytes.subarray(at)]), `cut at ${at}`).to.deep.equal(sent)
    }
  })

  it('gives the same messages however a stream is cut', () => {
    fc.assert(
      fc.property(messages, fc.array(fc.nat(), { maxLength: 20 }), fc.boolean(), (sent, places, asList) => {
        const chunks = cut(join(sent), places)
        expect(decodeAll(asList ? [new Uint8ArrayList(...chunks)] : chunks)).to.deep.equal(sent)
      }),
    )
  })

  it('gives messages in memory of their own', () => {
    const bytes = join([Uint8Array.of(1, 2, 3)])
    const [message] = decodeAll([bytes])
    bytes.fill(0xee)
    expect(message).to.deep.equal(Uint8Array.of(1, 2, 3))
  })

  it('takes a message of the limit, and no longer one, before its first byte', () => {
    expect(decodeAll([join([new Uint8Array(MAX)])])).to.have.length(1)
    const decoder = new MessageDecoder(MAX)
    const prefix = prefixed(new Uint8Array(MAX + 1)).subarray(0, 2)
    expect(failureOf(() => [...decoder.push(prefix)])).to.have.property('code', 'protocol')
    expect(failureOf(() => [...decoder.push(Uint8Array.of(0))])).to.have.property('code', 'protocol')
  })

  for (const [what, bytes] of Object.entries({
    'an empty message': [0],
    'a padded length': [0x81, 0x00],
    'a length without end': [0x80, 0x80, 0x80, 0x80],
    'a length of 2³²': [0x80, 0x80, 0x80, 0x80, 0x10],
    'a negative length': [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  })) {
    it(`refuses ${what}, even with a limit that would allow it`, () => {
      expect(failureOf(() => decodeAll([Uint8Array.from(bytes)], Number.MAX_SAFE_INTEGER))).to.have.property('code', 'protocol')
    })
  }

  it('refuses an end inside a length or a message', () => {
    for (const bytes of [[0x80], [3], [3, 1, 2]]) {
      const decoder = new MessageDecoder(MAX)
      expect([...decoder.push(Uint8Array.from(bytes))]).to.deep.equal([])
      expect(failureOf(() => decoder.end())).to.have.property('code', 'protocol')
    }
  })

  it('survives noise', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 5 }), chunks => {
        try {
          for (const message of decodeAll(chunks)) expect(message.byteLength).to.be.within(1, MAX)
        } catch (error) {
          expect(error).to.have.property('code', 'protocol')
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('takes memory as bytes come, not as they are announced', () => {
    const decoders = Array.from({ length: 500 }, () => new MessageDecoder(2 ** 24))
    const before = process.memoryUsage().arrayBuffers
    for (const decoder of decoders) expect([...decoder.push(Uint8Array.of(0x80, 0x80, 0x80, 0x04, 7))]).to.deep.equal([])
    expect(process.memoryUsage().arrayBuffers - before).to.be.below(16 * 1024 * 1024)
  })

  it('knows whether a length has begun', () => {
    const prefix = new PrefixDecoder(MAX)
    expect(prefix.isInside).to.equal(false)
    expect(prefix.push(0xac)).to.equal(undefined)
    expect(prefix.isInside).to.equal(true)
    expect(prefix.push(0x02)).to.equal(300)
    expect(prefix.isInside).to.equal(false)
  })
})
