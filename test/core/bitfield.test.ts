// Bitfield: the same algebra as a Set of numbers, and bytes that cannot lie.
import { expect } from 'chai'
import fc from 'fast-check'
import { Bitfield } from '../../src/core/bitfield.ts'

const SIZES = [0, 1, 7, 8, 9, 31, 32, 33, 63, 64, 65, 1000]

type Step = { op: 'add' | 'delete' | 'grow'; at: number }

describe('core: bitfield', () => {
  it('is a set of numbers', () => {
    const step: fc.Arbitrary<Step> = fc.record({ op: fc.constantFrom('add', 'delete', 'grow'), at: fc.nat(130) })
    fc.assert(
      fc.property(fc.nat(70), fc.array(step, { maxLength: 100 }), (start, steps) => {
        const set = new Bitfield(start)
        const model = new Set<number>()
        let size = start
        for (const { op, at } of steps) {
          if (op === 'grow') {
            set.grow(at)
            size = Math.max(size, at)
          } else if (op === 'delete') expect(set.delete(at)).to.equal(model.delete(at))
          else if (at < size) {
            expect(set.add(at)).to.equal(!model.has(at))
            model.add(at)
          } else expect(() => set.add(at)).to.throw(RangeError)
          expectSame(set, model, size)
        }
        expectSame(Bitfield.fromBytes(set.toBytes(), size), model, size)
      }),
    )
  })

  it('a clone goes its own way', () => {
    const set = Bitfield.full(40)
    const copy = set.clone()
    copy.delete(39)
    expect([set.has(39), set.count, copy.has(39), copy.count]).to.deep.equal([true, 40, false, 39])
  })

  it('adds another set below a limit, and says what was new', () => {
    const bits = fc.uniqueArray(fc.nat(99), { maxLength: 100 })
    fc.assert(
      fc.property(bits, bits, fc.nat(120), (here, there, limit) => {
        const [set, other] = [new Bitfield(100), new Bitfield(100)]
        for (const piece of here) set.add(piece)
        for (const piece of there) other.add(piece)
        const fresh = set.addAll(other, limit)
        const below = there.filter(piece => piece < limit)
        const model = new Set([...here, ...below])
        expectSame(set, model, 100)
        expect(fresh.toArray()).to.deep.equal(below.filter(piece => !here.includes(piece)).toSorted((a, b) => a - b))
        expect([fresh.count, [...fresh]]).to.deep.equal([fresh.toArray().length, fresh.toArray()])
        const grown = new Bitfield()
        grown.addAll(other, limit)
        expect(grown.size).to.equal(Math.max(-1, ...below) + 1)
      }),
    )
  })

  for (const size of SIZES) {
    it(`full and empty of ${size} pieces`, () => {
      const full = Bitfield.full(size)
      expect([full.count, full.isFull, full.firstMissing()]).to.deep.equal([size, true, size])
      expect(new Bitfield(size).isFull).to.equal(size === 0)
      expect(full.toBytes()).to.have.length(Math.ceil(size / 8))
      full.grow(size + 1)
      expect([full.isFull, full.firstMissing(), full.has(size)]).to.deep.equal([false, size, false])
    })
  }

  it('finds the first missing piece as one looks for it', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 200 }), fc.nat(220), (bits, from) => {
        const set = new Bitfield(bits.length)
        for (const [i, bit] of bits.entries()) if (bit) set.add(i)
        const found = bits.findIndex((bit, i) => i >= from && !bit)
        expect(set.firstMissing(from)).to.equal(found === -1 ? bits.length : found)
      }),
    )
  })

  it('puts piece 0 into the highest bit of byte 0', () => {
    const set = new Bitfield(10)
    for (const i of [0, 2, 9]) set.add(i)
    expect([...set.toBytes()]).to.deep.equal([0b10100000, 0b01000000])
  })

  it('takes bytes only if they fit to the bit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), fc.nat(170), (bytes, size) => {
        const isFitting = bytes.length === Math.ceil(size / 8)
        const spare = bytes.length * 8 - size
        const isClean = spare <= 0 || ((bytes.at(-1) ?? 0) & ((1 << spare) - 1)) === 0
        if (isFitting && isClean) expect(Bitfield.fromBytes(bytes, size).toBytes()).to.deep.equal(bytes)
        else expect(() => Bitfield.fromBytes(bytes, size)).to.throw(RangeError)
      }),
      { numRuns: 1000 },
    )
  })

  for (const index of [-1, 10, 2 ** 32, 2 ** 53, 1.5, Number.NaN, Infinity]) {
    it(`never takes piece ${index} of 10`, () => {
      const set = new Bitfield(10)
      expect(() => set.add(index)).to.throw(RangeError)
      expect([set.has(index), set.delete(index), set.count]).to.deep.equal([false, false, 0])
    })
  }
})

function expectSame(set: Bitfield, model: Set<number>, size: number): void {
  expect(set.size).to.equal(size)
  expect(set.count).to.equal(model.size)
  expect(set.isFull).to.equal(model.size === size)
  expect([...set]).to.deep.equal([...model].sort((a, b) => a - b))
}
