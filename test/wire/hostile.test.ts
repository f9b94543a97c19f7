// Messages that no honest peer sends: each is refused as a protocol error, or made harmless.
import { expect } from 'chai'
import type { Bitfield } from '../../src/core/bitfield.ts'
import { MAX_PIECES } from '../../src/core/piece.ts'
import { decodeControl, encodeControl } from '../../src/wire/codec-control.ts'
import { decodeDataRequest, decodeFrameHeader } from '../../src/wire/codec-data.ts'
import { decodeHead } from '../../src/wire/codec-manifest.ts'
import { decodeResolveReply, decodeResolveRequest, encodeResolveRequest } from '../../src/wire/codec-resolve.ts'
import {
  Control,
  DataRequest,
  Frame,
  Head,
  Reason,
  ResolveReply,
  ResolveRequest,
  StoreRecord,
} from '../../src/wire/generated/messages.js'
import { LIMITS } from '../../src/wire/limits.ts'
import { decodeRecord } from '../../src/wire/records.ts'
import { failureOf } from './failure.ts'
import { HEAD, PEER_ID, VECTORS } from './vectors.ts'

const UINT32 = 0xffffffff
const TOPIC = new Uint8Array(36)
const EMPTY = new Uint8Array(0)

function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'))
}

function refuses(what: string, decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array): void {
  it(`refuses ${what}`, () => {
    expect(failureOf(() => decode(bytes))).to.have.property('code', 'protocol')
  })
}

const PEER = VECTORS.find(v => v.label === 'peers')?.encode() as Uint8Array
const ID = Control.decode(PEER).peers?.peers[0]?.id as Uint8Array<ArrayBuffer>
const ADDRESS = Control.decode(PEER).peers?.peers[0]?.addresses[0] as Uint8Array<ArrayBuffer>

function peers(list: Array<{ id: Uint8Array<ArrayBuffer>; addresses: Uint8Array<ArrayBuffer>[] }>): Uint8Array {
  return Control.encode({ peers: { peers: list, links: 0 } })
}

describe('wire/hostile', () => {
  describe('any message', () => {
    refuses('more bytes than the limit', decodeControl, new Uint8Array(LIMITS.message + 1))
    refuses('a larger request than the limit', decodeResolveRequest, new Uint8Array(LIMITS.requestMessage + 1))
    refuses('a larger frame header than the limit', decodeFrameHeader, new Uint8Array(LIMITS.frameHeader + 1))
    refuses('a varint without end', decodeControl, hex('ff ff ff ff ff ff ff ff ff ff ff'))
    refuses('groups nested as deep as fits', decodeControl, new Uint8Array(LIMITS.message).fill(0x0b))
    refuses('a field longer than the message', decodeControl, hex('0a ff ff ff ff 0f'))
    refuses('a field with a negative length', decodeControl, hex('0a ff ff ff ff ff ff ff ff ff 01'))
    refuses('a wire type that does not exist', decodeControl, hex('7f 00'))

    it('ignores kinds that it does not know', () => {
      for (const decode of [decodeControl, decodeDataRequest, decodeResolveReply]) {
        expect(decode(EMPTY)).to.equal(undefined)
        expect(decode(hex('fa 01 03 01 02 03'))).to.equal(undefined)
        expect(decode(hex('f8 01 07'))).to.equal(undefined)
      }
    })

    it('ignores fields that it does not know', () => {
      expect(decodeControl(hex('12 05 08 03 fa 01 00'))).to.deep.equal({ type: 'refused', reason: 'too-busy', peers: [] })
    })

    for (const { label, encode, decode } of VECTORS) {
      it(`takes no beginning of an example for the whole: ${label}`, () => {
        const bytes = encode()
        const whole = decode(bytes)
        for (let length = 0; length < bytes.byteLength; length++) {
          try {
            expect(decode(bytes.subarray(0, length))).to.not.deep.equal(whole)
          } catch (error) {
            if ((error as { code?: string }).code !== 'protocol') throw error
          }
        }
      })
    }
  })

  describe('hello', () => {
    const hello = { topic: TOPIC, proof: EMPTY, version: '', manifestCount: 0, links: 0, grant: EMPTY }
    for (const decode of [decodeControl, decodeDataRequest]) {
      const encode = decode === decodeControl ? Control.encode : DataRequest.encode
      refuses('no topic', decode, encode({ hello: { ...hello, topic: EMPTY } }))
      refuses('a long topic', decode, encode({ hello: { ...hello, topic: new Uint8Array(65) } }))
      refuses('half a proof', decode, encode({ hello: { ...hello, proof: new Uint8Array(16) } }))
      refuses('a long version', decode, encode({ hello: { ...hello, version: 'x'.repeat(513) } }))
      refuses('a long version in UTF-8', decode, encode({ hello: { ...hello, version: 'é'.repeat(257) } }))
      refuses('half a character', decode, encode({ hello: { ...hello, version: '\ud800' } }))
      refuses('a huge count', decode, encode({ hello: { ...hello, manifestCount: MAX_PIECES + 1 } }))
      refuses('a negative count', decode, encode({ hello: { ...hello, manifestCount: UINT32 } }))
      refuses('a large grant', decode, encode({ hello: { ...hello, grant: new Uint8Array(LIMITS.grant + 1) } }))
    }
  })

  describe('refused', () => {
    refuses('a reason that does not exist', decodeControl, hex('12 02 08 07'))
    refuses('a negative reason', decodeControl, hex('12 0b 08 ff ff ff ff ff ff ff ff ff 01'))
    refuses('a reason named like a property', decodeControl, hex('12 06 08 ff ff ff ff 0f'))
  })

  describe('part', () => {
    refuses('half a digest', decodeControl, Control.encode({ part: { from: 0, digests: new Uint8Array(48) } }))
    refuses('too many digests', decodeControl, Control.encode({ part: { from: 0, digests: new Uint8Array(32 * 4097) } }))
    refuses(
      'digests beyond the last piece',
      decodeControl,
      Control.encode({ part: { from: MAX_PIECES, digests: new Uint8Array(32) } }),
    )
    refuses('a negative index', decodeControl, Control.encode({ part: { from: UINT32, digests: new Uint8Array(32) } }))

    it('takes the largest, up to the last piece', () => {
      const digests = Uint8Array.from({ length: 32 * LIMITS.partDigests }, (_, i) => i / 32)
      const part = { type: 'part' as const, from: MAX_PIECES - LIMITS.partDigests, digests }
      expect(decodeControl(encodeControl(part))).to.deep.equal(part)
    })
  })

  describe('head', () => {
    const raw = Head.decode(VECTORS.find(v => v.label === 'head payload')?.encode() as Uint8Array)
    const seal = { ...raw.seal, length: 1, sha256: new Uint8Array(32), root: 'bafk' }
    refuses('no envelope', decodeControl, Control.encode({ head: { envelope: EMPTY } }))
    refuses('a large envelope', decodeControl, Control.encode({ head: { envelope: new Uint8Array(4097) } }))
    refuses('no task', decodeHead, Head.encode({ ...raw, task: '' }))
    refuses('a task with spaces', decodeHead, Head.encode({ ...raw, task: 'a b' }))
    refuses('a task in many lines', decodeHead, Head.encode({ ...raw, task: 'a\nb' }))
    refuses('a long task', decodeHead, Head.encode({ ...raw, task: 'b'.repeat(129) }))
    refuses('no version', decodeHead, Head.encode({ ...raw, version: '' }))
    for (const pieceLength of [0, 3, 1000, 2 ** 23, 2 ** 31, UINT32]) {
      refuses(`a piece length of ${pieceLength}`, decodeHead, Head.encode({ ...raw, pieceLength }))
    }
    refuses('an unsafe length', decodeHead, Buffer.concat([Head.encode(raw), field(4, 2n ** 53n)]))
    refuses('a negative length', decodeHead, Buffer.concat([Head.encode(raw), field(4, 2n ** 64n - 1n)]))
    refuses('a length of too many pieces', decodeHead, Head.encode({ ...raw, pieceLength: 1, length: MAX_PIECES + 1 }))
    refuses('too many pieces', decodeHead, Head.encode({ ...raw, count: MAX_PIECES + 1 }))
    refuses('a short chain', decodeHead, Head.encode({ ...raw, chain: new Uint8Array(31) }))
    refuses('a seal of an unsafe length', decodeHead, Buffer.concat([Head.encode(raw), nested(8, field(1, 2n ** 60n))]))
    refuses('a seal with a short sha2-256', decodeHead, Head.encode({ ...raw, seal: { ...seal, sha256: new Uint8Array(20) } }))
    refuses('a seal without a root', decodeHead, Head.encode({ ...raw, seal: { ...seal, root: '' } }))
    refuses('nothing', decodeHead, EMPTY)

    const names = [
      '../x',
      'a/b',
      'a\\b',
      '..',
      '.',
      '.bashrc',
      ' x',
      'x ',
      'a\0b',
      'a\nb',
      'txt.\u202eexe',
      'x'.repeat(256),
      '\x1b[2J',
    ]
    for (const fileName of names) {
      it(`drops the file name ${JSON.stringify(fileName.slice(0, 20))}`, () => {
        expect(decodeHead(Head.encode({ ...raw, fileName }))).to.deep.equal({ ...HEAD, fileName: '' })
      })
    }
  })

  describe('pieces and have', () => {
    const pieces = (size: number, bits: Uint8Array<ArrayBuffer>, queue = 0) => Control.encode({ pieces: { size, bits, queue } })
    refuses('a bitfield without its bits', decodeControl, pieces(10, EMPTY))
    refuses('a bitfield of a huge size', decodeControl, pieces(UINT32, EMPTY))
    refuses('a bitfield of a size that wraps around', decodeControl, pieces(UINT32 - 6, EMPTY))
    refuses(
      'a bitfield of more pieces than there can be',
      decodeControl,
      pieces(MAX_PIECES + 1, new Uint8Array(MAX_PIECES / 8 + 1)),
    )
    refuses('a bitfield with too many bytes', decodeControl, pieces(8, new Uint8Array(2)))
    refuses('a bit in the spare room', decodeControl, pieces(10, hex('0020') as Uint8Array<ArrayBuffer>))
    refuses('an index that is too high', decodeControl, Control.encode({ have: { pieces: [0, MAX_PIECES], queue: 0 } }))
    refuses('a negative index', decodeControl, Control.encode({ have: { pieces: [UINT32], queue: 0 } }))
    refuses('too many pieces', decodeControl, Control.encode({ have: { pieces: new Array(1025).fill(0), queue: 0 } }))

    it('takes the largest bitfield', () => {
      const bits = new Uint8Array(MAX_PIECES / 8).fill(0xff)
      const message = decodeControl(pieces(MAX_PIECES, bits)) as { have: Bitfield }
      expect(message.have.isFull).to.equal(true)
    })
  })

  describe('peers', () => {
    refuses('too many', decodeControl, peers(new Array(33).fill({ id: ID, addresses: [] })))
    const tooMany = new Array(33).fill({ id: ID, addresses: [] })
    refuses('too many in a refusal', decodeControl, Control.encode({ refused: { reason: Reason.TOO_BUSY, peers: tooMany } }))
    refuses('as many empty ones as fit', decodeControl, peers(new Array(100_000).fill({ id: EMPTY, addresses: [] })))
    refuses('too many addresses', decodeControl, peers([{ id: ID, addresses: new Array(9).fill(ADDRESS) }]))
    refuses('no id', decodeControl, peers([{ id: EMPTY, addresses: [] }]))
    refuses('an id that is no multihash', decodeControl, peers([{ id: new Uint8Array(34), addresses: [] }]))
    refuses(
      'an id with a short digest',
      decodeControl,
      peers([{ id: hex('12 02 01 02') as Uint8Array<ArrayBuffer>, addresses: [] }]),
    )
    refuses('a long id', decodeControl, peers([{ id: new Uint8Array(65), addresses: [] }]))
    const url = Buffer.from('http://127.0.0.1/')
    refuses('an id that is a URL', decodeControl, peers([{ id: Uint8Array.from([0, url.byteLength, ...url]), addresses: [] }]))
    refuses('a long address', decodeControl, peers([{ id: ID, addresses: [new Uint8Array(257)] }]))

    it('leaves out local sockets and addresses that it cannot read', () => {
      const path = Buffer.from('/run/docker.sock')
      const unix = Uint8Array.from([0x90, 0x03, path.byteLength, ...path])
      const unknown = hex('ff ff 03 01') as Uint8Array<ArrayBuffer>
      const message = decodeControl(peers([{ id: ID, addresses: [unix, unknown, ADDRESS] }]))
      expect(message).to.deep.equal({ type: 'peers', peers: [{ id: PEER_ID, addresses: ['/ip4/192.0.2.7/tcp/4001'] }], links: 0 })
    })
  })

  describe('data', () => {
    const frame = (piece: number, offset: number, length: number) => Frame.encode({ piece, offset, length })
    refuses('to be asked for a piece beyond all', decodeDataRequest, DataRequest.encode({ ask: MAX_PIECES }))
    refuses('to be asked for a negative piece', decodeDataRequest, DataRequest.encode({ ask: UINT32 }))
    refuses('to be asked under a negative load', decodeDataRequest, DataRequest.encode({ ask: 0, load: UINT32 }))
    refuses(
      'to be asked by one that has more than there can be',
      decodeDataRequest,
      DataRequest.encode({ ask: 0, has: MAX_PIECES + 1 }),
    )
    refuses('a cancel of a negative piece', decodeDataRequest, DataRequest.encode({ cancel: UINT32 }))
    refuses('a frame of a piece beyond all', decodeFrameHeader, frame(MAX_PIECES, 0, 1))
    refuses('a frame that is too long', decodeFrameHeader, frame(0, 0, LIMITS.framePayload + 1))
    refuses('a frame that ends beyond any piece', decodeFrameHeader, frame(0, LIMITS.piece, 1))
    refuses('a frame at a negative offset', decodeFrameHeader, frame(0, UINT32, 1))
    refuses('a frame of a negative length', decodeFrameHeader, frame(0, 0, UINT32))
    refuses('an empty frame', decodeFrameHeader, frame(0, 0, 0))
    refuses('a refusal with a payload', decodeFrameHeader, hex('18 01 20 05'))
    refuses('a refusal without a reason', decodeFrameHeader, hex('20 63'))
  })

  describe('resolve request', () => {
    const request = { url: 'http://a/', headers: [], filter: [], tag: '', digest: EMPTY, revalidate: false }
    const encode = (change: Partial<ResolveRequest>) => ResolveRequest.encode({ ...request, ...change })
    const header = { name: 'a', value: 'b' }
    refuses('no URL', decodeResolveRequest, encode({ url: '' }))
    refuses('a long URL', decodeResolveRequest, encode({ url: 'x'.repeat(8193) }))
    refuses('too many headers', decodeResolveRequest, encode({ headers: new Array(65).fill(header) }))
    refuses('large headers', decodeResolveRequest, encode({ headers: [{ name: 'a', value: 'x'.repeat(16384) }] }))
    refuses(
      'headers that are large together',
      decodeResolveRequest,
      encode({ headers: new Array(64).fill({ name: 'a', value: 'x'.repeat(256) }) }),
    )
    refuses('too many filters', decodeResolveRequest, encode({ filter: new Array(65).fill('a') }))
    refuses('a long filter', decodeResolveRequest, encode({ filter: ['x'.repeat(513)] }))
    refuses('a long tag', decodeResolveRequest, encode({ tag: 'x'.repeat(257) }))
    refuses('a short digest', decodeResolveRequest, encode({ digest: new Uint8Array(20) }))
    refuses('a name without a digest', decodeResolveRequest, encode({ namedByDigest: true }))

    const [trace, span] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7']
    const traceparents: Record<string, string> = {
      'a long traceparent': `00-${trace}-${span}-01-`,
      'a short traceparent': `00-${trace}-${span}`,
      'a traceparent of another version': `01-${trace}-${span}-01`,
      'a traceparent in capitals': `00-${trace.toUpperCase()}-${span}-01`,
      'a traceparent without a trace': `00-${'0'.repeat(32)}-${span}-01`,
      'a traceparent without a span': `00-${trace}-${'0'.repeat(16)}-01`,
      'a traceparent with a line break': `00-${trace}-${span}-01\n`,
    }
    for (const [what, traceparent] of Object.entries(traceparents)) refuses(what, decodeResolveRequest, encode({ traceparent }))

    it('fits its limit at its largest', () => {
      const bytes = encodeResolveRequest({
        url: 'x'.repeat(LIMITS.url),
        headers: new Array(LIMITS.headers).fill(['n', 'v'.repeat(LIMITS.headerBytes / LIMITS.headers - 1)]),
        filter: new Array(LIMITS.filters).fill('f'.repeat(LIMITS.filter)),
        tag: 't'.repeat(LIMITS.tag),
        digest: new Uint8Array(32),
        revalidate: true,
      })
      expect(decodeResolveRequest(bytes).headers).to.have.length(LIMITS.headers)
    })
  })

  describe('resolve reply', () => {
    const failed = { code: 'origin-error', message: '' }
    const encode = (change: Partial<NonNullable<ResolveReply['failed']>>) =>
      ResolveReply.encode({ failed: { ...failed, ...change } })
    refuses('a long code', decodeResolveReply, encode({ code: 'x'.repeat(1025) }))
    refuses('a long message', decodeResolveReply, encode({ message: 'x'.repeat(1025) }))
    refuses('a status that is none', decodeResolveReply, encode({ status: 99 }))
    refuses('a huge status', decodeResolveReply, encode({ status: UINT32 }))

    const failure = { type: 'failed', code: 'origin-error', message: '', status: undefined, retryAfter: undefined }
    it('takes a code of the future for the origin’s fault, and no property of Object for a code', () => {
      for (const code of ['new-code', '', 'toString', '__proto__']) {
        expect(decodeResolveReply(encode({ code }))).to.deep.equal(failure)
      }
    })

    it('waits a day at most', () => {
      expect(decodeResolveReply(encode({ retryAfterMs: UINT32 }))).to.deep.equal({ ...failure, retryAfter: LIMITS.retryAfter })
    })

    it('takes an origin for no faster than anything is, and tells one that is not known', () => {
      for (const [told, rate] of [
        [LIMITS.originRate + 1, LIMITS.originRate],
        [Number.MAX_SAFE_INTEGER, LIMITS.originRate],
        [0, 0],
      ] as const) {
        const bytes = ResolveReply.encode({ rate: { rate: told, peers: UINT32 } })
        expect(decodeResolveReply(bytes)).to.deep.equal({ type: 'origin-rate', rate, peers: UINT32 })
      }
      expect(decodeResolveReply(hex('22 00'))).to.deep.equal({ type: 'origin-rate', rate: 0, peers: 0 })
    })
    refuses('a rate of an unsafe size', decodeResolveReply, nested(4, field(1, 2n ** 53n)))
    const held = (bytes: number, length: number | undefined, digest = 0) =>
      ResolveReply.encode({
        progress: { bytes, ...(length === undefined ? {} : { length }), sha256: new Uint8Array(digest), wasHere: false },
      })
    refuses('more held than there is', decodeResolveReply, held(8, 7))
    refuses('progress of an unsafe size', decodeResolveReply, nested(6, field(1, 2n ** 53n)))
    refuses('a length of an unsafe size', decodeResolveReply, nested(6, field(2, 2n ** 53n)))
    refuses('a digest of a part', decodeResolveReply, held(6, 7, 32))
    refuses('a digest without a length', decodeResolveReply, held(7, undefined, 32))
    refuses('a short digest', decodeResolveReply, held(7, 7, 31))
    refuses('a negative rate', decodeResolveReply, nested(4, field(1, 2n ** 64n - 1n)))

    it('shows no control characters', () => {
      expect(decodeResolveReply(encode({ message: 'a\x1b[2Jb\r\nc' }))).to.deep.equal({ ...failure, message: 'a [2Jb c' })
    })
  })

  describe('record', () => {
    refuses(
      'another format',
      decodeRecord,
      StoreRecord.encode({ format: 2, seal: { length: 0, sha256: new Uint8Array(32), root: 'b' } }),
    )
    refuses('no kind', decodeRecord, StoreRecord.encode({ format: 1 }))
    refuses('nothing', decodeRecord, EMPTY)

    const answer = { status: 200, fields: [{ name: 'age', value: '0' }] }
    const encode = (changes: object) => StoreRecord.encode({ format: 1, freshness: { at: 1, answers: [answer], ...changes } })
    it('freshness', () => {
      const freshness = { at: 1, answers: [{ status: 200, fields: { age: '0' } }] }
      expect(decodeRecord(encode({}))).to.deep.equal({ type: 'freshness', freshness })
    })
    refuses('too many answers', decodeRecord, encode({ answers: Array(12).fill(answer) }))
    refuses('too many fields', decodeRecord, encode({ answers: [{ ...answer, fields: Array(9).fill(answer.fields[0]) }] }))
    refuses(
      'a long field',
      decodeRecord,
      encode({ answers: [{ status: 200, fields: [{ name: 'a', value: 'b'.repeat(1025) }] }] }),
    )
    refuses('a status that is none', decodeRecord, encode({ answers: [{ ...answer, status: 7 }] }))
  })
})

/** A varint field as a stranger may write it: any 64 bits, which our own encoder refuses. */
function field(number: number, value: bigint): Uint8Array {
  const bytes = [number << 3]
  for (let rest = value; ; rest >>= 7n) {
    if (rest < 0x80n) return Uint8Array.from([...bytes, Number(rest)])
    bytes.push(Number(rest & 0x7fn) | 0x80)
  }
}

function nested(number: number, message: Uint8Array): Uint8Array {
  return Uint8Array.from([(number << 3) | 2, message.byteLength, ...message])
}
