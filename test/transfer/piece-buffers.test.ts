import { expect } from 'chai'
import { PieceBuffers } from '../../src/transfer/piece-buffers.ts'

/** No other test has pieces of this length. */
const LENGTH = 3 * 4096

describe('piece buffers', () => {
  it('lends what was given back again, to whichever content', () => {
    const piece = new PieceBuffers(LENGTH).take(LENGTH)
    new PieceBuffers(LENGTH).give(piece)
    expect(new PieceBuffers(LENGTH).take(LENGTH / 2).buffer).to.equal(piece.buffer)
  })

  it('never lends one buffer to two, though it is given back twice', () => {
    const buffers = new PieceBuffers(LENGTH)
    const piece = buffers.take(LENGTH)
    buffers.give(piece)
    buffers.give(piece)
    const [a, b] = [buffers.take(LENGTH), buffers.take(LENGTH)]
    expect(a.buffer).to.not.equal(b.buffer)
    buffers.give(b.subarray(0, 10))
    expect(buffers.take(LENGTH).buffer).to.equal(b.buffer)
    expect(buffers.take(LENGTH).buffer).to.not.equal(a.buffer)
  })

  it('gives a small piece no more memory than it needs', () => {
    const buffers = new PieceBuffers(LENGTH)
    const small = buffers.take(100)
    expect(small.buffer.byteLength).to.equal(100)
    buffers.give(small)
    expect(buffers.take(100).buffer).to.not.equal(small.buffer)
  })

  it('takes no memory that it has not lent', () => {
    const buffers = new PieceBuffers(LENGTH)
    const foreign = new Uint8Array(LENGTH)
    buffers.give(foreign)
    expect(buffers.take(LENGTH).buffer).to.not.equal(foreign.buffer)
  })

  it('keeps a few only', () => {
    const buffers = new PieceBuffers(LENGTH)
    const many = Array.from({ length: 100 }, () => buffers.take(LENGTH))
    for (const one of many) buffers.give(one)
    const again = Array.from({ length: 100 }, () => buffers.take(LENGTH).buffer)
    expect(again.filter(buffer => many.some(one => one.buffer === buffer))).to.have.lengthOf(8)
  })
})
