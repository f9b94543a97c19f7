// Every codec: what is encoded comes back; random and damaged bytes give a value or a protocol error, never anything else.
import { expect } from 'chai'
import fc from 'fast-check'
import { DragonflyError } from '../../src/core/errors.ts'
import { decodeControl, encodeControl } from '../../src/wire/codec-control.ts'
import { decodeDataRequest, decodeFrameHeader, encodeDataRequest, encodeFrameHeader } from '../../src/wire/codec-data.ts'
import { decodeFleetReply, decodeFleetRequest, encodeFleetReply, encodeFleetRequest } from '../../src/wire/codec-fleet.ts'
import { decodeHead, encodeHead } from '../../src/wire/codec-manifest.ts'
import {
  decodeResolveReply,
  decodeResolveRequest,
  encodeResolveReply,
  encodeResolveRequest,
} from '../../src/wire/codec-resolve.ts'
import { decodeStatusReply, decodeStatusRequest, encodeStatusReply, encodeStatusRequest } from '../../src/wire/codec-status.ts'
import {
  decodeTreeHead,
  decodeTreeReply,
  decodeTreeRequest,
  encodeTreeHead,
  encodeTreeReply,
  encodeTreeRequest,
} from '../../src/wire/codec-tree.ts'
import { decodeRecord, encodeRecord } from '../../src/wire/records.ts'
import * as arbitrary from './arbitraries.ts'

interface Codec {
  name: string
  value: fc.Arbitrary<unknown>
  encode: (value: never) => Uint8Array
  decode: (bytes: Uint8Array) => unknown
}

const head = fc
  .tuple(arbitrary.info, fc.nat({ max: 1 << 20 }), arbitrary.bytes(32), fc.option(arbitrary.seal, { nil: undefined }))
  .map(([info, count, chain, seal]) => ({ ...info, count, chain, seal }))

const CODECS: Codec[] = [
  { name: 'control', value: arbitrary.control, encode: encodeControl, decode: decodeControl },
  { name: 'data request', value: arbitrary.dataRequest, encode: encodeDataRequest, decode: decodeDataRequest },
  { name: 'frame header', value: arbitrary.frame, encode: encodeFrameHeader, decode: decodeFrameHeader },
  { name: 'resolve request', value: arbitrary.request, encode: encodeResolveRequest, decode: decodeResolveRequest },
  { name: 'resolve reply', value: arbitrary.reply, encode: encodeResolveReply, decode: decodeResolveReply },
  { name: 'fleet request', value: arbitrary.fleetRequest, encode: encodeFleetRequest, decode: decodeFleetRequest },
  { name: 'fleet reply', value: arbitrary.fleetReply, encode: encodeFleetReply, decode: decodeFleetReply },
  { name: 'status request', value: arbitrary.statusRequest, encode: encodeStatusRequest, decode: decodeStatusRequest },
  { name: 'status reply', value: arbitrary.statusReply, encode: encodeStatusReply, decode: decodeStatusReply },
  { name: 'tree request', value: arbitrary.treeRequest, encode: encodeTreeRequest, decode: decodeTreeRequest },
  { name: 'tree reply', value: arbitrary.treeReply, encode: encodeTreeReply, decode: decodeTreeReply },
  { name: 'tree head', value: arbitrary.treeHead, encode: encodeTreeHead, decode: decodeTreeHead },
  { name: 'head', value: head, encode: encodeHead, decode: decodeHead },
  { name: 'record', value: arbitrary.record, encode: encodeRecord, decode: decodeRecord },
]

/** Encodes what a generator made; the generators are typed where they are written. */
function encoded(codec: Codec): fc.Arbitrary<Uint8Array> {
  return codec.value.map(value => codec.encode(value as never))
}

/** A value, or the only error that a decoder may throw. */
function decodeOrRefuse(codec: Codec, bytes: Uint8Array): unknown {
  try {
    return codec.decode(bytes)
  } catch (error) {
    if (error instanceof DragonflyError && error.code === 'protocol') return undefined
    throw error
  }
}

/** Protobuf that is well formed, of fields and wire types at random: gets further into the decoders than plain noise. */
const protobuf: fc.Arbitrary<Uint8Array> = fc.letrec<{ message: Uint8Array; field: number[] }>(tie => ({
  message: fc.array(tie('field'), { maxLength: 6 }).map(fields => Uint8Array.from(fields.flat())),
  field: fc.oneof(
    { depthSize: 'small' },
    fc
      .tuple(fc.integer({ min: 1, max: 8 }), fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }))
      .map(([n, v]) => [n << 3, ...varint(v)]),
    fc.tuple(fc.integer({ min: 1, max: 8 }), fc.uint8Array({ maxLength: 40 })).map(([n, b]) => lengthDelimited(n, b)),
    fc.tuple(fc.integer({ min: 1, max: 8 }), tie('message')).map(([n, b]) => lengthDelimited(n, b)),
  ),
})).message

function lengthDelimited(field: number, bytes: Uint8Array): number[] {
  return [(field << 3) | 2, ...varint(BigInt(bytes.byteLength)), ...bytes]
}

function varint(value: bigint): number[] {
  const rest = value >> 7n
  const low = Number(value & 0x7fn)
  return rest === 0n ? [low] : [low | 0x80, ...varint(rest)]
}

for (const codec of CODECS) {
  describe(`wire/${codec.name}`, () => {
    it('gives back what was encoded', () => {
      fc.assert(
        fc.property(codec.value, value => {
          expect(codec.decode(codec.encode(value as never))).to.deep.equal(value)
        }),
      )
    })

    it('shares no memory with its input', () => {
      fc.assert(
        fc.property(codec.value, value => {
          const bytes = codec.encode(value as never)
          const decoded = codec.decode(bytes)
          bytes.fill(0xee)
          expect(decoded).to.deep.equal(value)
        }),
      )
    })

    it('decodes from the middle of a larger Buffer', () => {
      fc.assert(
        fc.property(codec.value, value => {
          const bytes = Buffer.concat([Buffer.from('before'), codec.encode(value as never), Buffer.from('after')])
          expect(codec.decode(bytes.subarray(6, -5))).to.deep.equal(value)
        }),
        { numRuns: 20 },
      )
    })

    it('survives noise', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 200 }), bytes => void decodeOrRefuse(codec, bytes)),
        { numRuns: 2000 },
      )
    })

    it('survives random protobuf', () => {
      fc.assert(
        fc.property(protobuf, bytes => void decodeOrRefuse(codec, bytes)),
        { numRuns: 2000 },
      )
    })

    it('survives a changed, missing or repeated part of a good message', () => {
      const damage = fc.tuple(encoded(codec), fc.nat(), fc.nat({ max: 255 }), fc.nat({ max: 20 }))
      fc.assert(
        fc.property(damage, ([bytes, where, byte, count]) => {
          const at = where % (bytes.byteLength + 1)
          const before = bytes.subarray(0, at)
          decodeOrRefuse(codec, before)
          decodeOrRefuse(codec, Buffer.concat([before, bytes.subarray(at + count)]))
          decodeOrRefuse(codec, Buffer.concat([before, Buffer.alloc(count, byte), bytes.subarray(at)]))
          decodeOrRefuse(codec, Buffer.concat([before, Buffer.alloc(count, byte), bytes.subarray(at + count)]))
        }),
        { numRuns: 500 },
      )
    })

    it('encodes again whatever it decoded', () => {
      fc.assert(
        fc.property(fc.oneof(protobuf, encoded(codec)), bytes => {
          const value = decodeOrRefuse(codec, bytes)
          if (value !== undefined) expect(codec.decode(codec.encode(value as never))).to.deep.equal(value)
        }),
        { numRuns: 500 },
      )
    })
  })
}
