// Pieces: how long they are, and the one gate through which bytes become one.
import { createHash } from 'node:crypto'
import { expect } from 'chai'
import { hex, parseDigest } from '../../src/core/digest.ts'
import { DragonflyError } from '../../src/core/errors.ts'
import {
  choosePieceLength,
  hashPiece,
  isPieceLength,
  MAX_PIECE_LENGTH,
  pieceCountOf,
  sameBytes,
  sha256Stream,
  VerifiedPiece,
  verifyPiece,
} from '../../src/core/piece.ts'
import { failure } from './failure.ts'

const KiB = 1024
const MiB = 1024 * KiB
const GiB = 1024 * MiB

describe('core: piece length', () => {
  for (const [length, expected] of [
    [undefined, 1 * MiB],
    [0, 128 * KiB],
    [1, 128 * KiB],
    [32 * MiB, 128 * KiB],
    [32 * MiB + 1, 256 * KiB],
    [64 * MiB, 256 * KiB],
    [200e6, 256 * KiB],
    [256 * MiB, 256 * KiB],
    [256 * MiB + 1, 512 * KiB],
    [1 * GiB, 1 * MiB],
    [1 * GiB + 1, 2 * MiB],
    [2 * GiB + 1, 4 * MiB],
    [10 * GiB, 4 * MiB],
    [2 ** 50, 4 * MiB],
  ] as const) {
    it(`${length} bytes: ${expected / KiB} KiB`, () => {
      expect(choosePieceLength(length)).to.equal(expected)
      expect(isPieceLength(expected)).to.equal(true)
    })
  }

  it('is a power of two within bounds', () => {
    for (const n of [1, 2, 256 * KiB, MAX_PIECE_LENGTH]) expect(isPieceLength(n), String(n)).to.equal(true)
    for (const n of [0, -1, -2, 3, 1.5, Number.NaN, Infinity, MAX_PIECE_LENGTH * 2, 2 ** 32, 2 ** 32 + 1]) {
      expect(isPieceLength(n), String(n)).to.equal(false)
    }
  })

  it('counts pieces', () => {
    expect([0, 1, 9, 10, 11, 25].map(length => pieceCountOf(length, 10))).to.deep.equal([0, 1, 1, 1, 2, 3])
  })
})

describe('core: the gate', () => {
  for (const size of [0, 1, 64 * KiB - 1, 64 * KiB, 64 * KiB + 1, 4 * MiB]) {
    it(`lets ${size} bytes through if they have the digest, and only then`, () => {
      const bytes = Uint8Array.from({ length: size }, (_, i) => i * 7)
      const digest = createHash('sha256').update(bytes).digest()
      const piece = verifyPiece(3, bytes, digest)
      expect(piece).to.be.instanceOf(VerifiedPiece)
      expect([piece.index, piece.bytes, hex(piece.digest)]).to.deep.equal([3, bytes, digest.toString('hex')])
      expect(hex(hashPiece(3, bytes).digest)).to.equal(digest.toString('hex'))
      for (const wrong of [Buffer.alloc(32), digest.subarray(1), new Uint8Array()]) {
        expect(() => verifyPiece(3, bytes, wrong))
          .to.throw(DragonflyError)
          .with.property('code', 'corrupt-piece')
      }
    })
  }

  it('is the only way', () => {
    expect(() => new VerifiedPiece(Symbol('verified') as never, 0, new Uint8Array(), new Uint8Array(32))).to.throw(TypeError)
  })

  it('compares bytes by value', () => {
    expect(sameBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).to.equal(true)
    expect(sameBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).to.equal(false)
    expect(sameBytes(Uint8Array.of(1, 2), Uint8Array.of(1))).to.equal(false)
  })

  it('hashes a stream as a whole', () => {
    const stream = sha256Stream()
    stream.update(Buffer.from('ab'))
    stream.update(Buffer.from('c'))
    expect(hex(stream.digest())).to.equal('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  })
})

describe('core: digest', () => {
  const text = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'

  it('is read in any case and written in lower case', () => {
    expect(hex(parseDigest(`sha256:${text}`))).to.equal(text)
    expect(hex(parseDigest(`SHA256:${text.toUpperCase()}`))).to.equal(text)
  })

  it('writes a view of a larger buffer', () => expect(hex(Uint8Array.of(1, 2, 255).subarray(1))).to.equal('02ff'))

  for (const bad of [
    '',
    text,
    `sha256:${text}0`,
    `sha256:${text.slice(1)}`,
    `sha256:${text.slice(1)}g`,
    `md5:${text}`,
    ` sha256:${text}`,
    `sha256:${text}\n`,
  ]) {
    it(`rejects ${JSON.stringify(bad.slice(0, 12))} of ${bad.length}`, () => {
      const error = failure(() => parseDigest(bad), 'bad-digest')
      expect(error.message.length).to.be.below(150)
    })
  }

  it('quotes only the beginning of something long', () => {
    expect(failure(() => parseDigest('x'.repeat(1e6)), 'bad-digest').message.length).to.be.below(200)
  })
})
