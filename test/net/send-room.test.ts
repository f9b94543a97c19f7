// How much of a connection may be on its way through a link worker.
import { expect } from 'chai'
import fc from 'fast-check'
import { SendRoom } from '../../src/net/link-workers/send-room.ts'

const KIB = 1024
const MAX = 2 * 1024 * KIB

describe('net/send-room', () => {
  it('begins with 64 KiB, and grows up to 2 MiB while half of it is written within 10 ms', () => {
    const room = new SendRoom()
    expect(room.give(64 * KIB, 0)).to.equal(true)
    expect(room.isFull).to.equal(true)
    room.written(1)
    expect(room.isFull).to.equal(false)
    for (let at = 1, i = 0; i < 10; i++) {
      while (!room.isFull) room.give(16 * KIB, at)
      // as many as were asked for
      for (let k = 0; k < 4; k++) room.written(++at)
    }
    let given = 0
    for (; !room.isFull; given += 16 * KIB) room.give(16 * KIB, 100)
    expect(given).to.equal(MAX)
  })

  it('shrinks on a slow line', () => {
    const room = new SendRoom()
    for (let at = 0; at < 1000; at += 100) {
      while (!room.isFull) room.give(16 * KIB, at)
      room.written(at + 90)
      room.written(at + 90)
    }
    let given = 0
    for (; !room.isFull; given += 16 * KIB) room.give(16 * KIB, 2000)
    expect(given).to.be.at.most(64 * KIB)
  })

  it('a line that turns slow after much was given leaves it not full', () => {
    const steps =
      'g138988 w30 g60770 w0 g304565 w30 g157634 w0 g111420 w0 g117041 g127604 g150292 w0 g243477 g51135 g106967 w0 g241980 g57448 g296852 w0 g93687 g201840 g207000 g133033 w30 w0'
    const room = new SendRoom()
    let at = 0
    for (const text of steps.split(' ')) {
      const number = Number(text.slice(1))
      if (text.startsWith('w')) at += number
      if (text.startsWith('w')) room.written(at)
      else room.give(number, at)
    }
    expect(room.isFull).to.equal(false)
  })

  it('whenever it is full, the worker was asked to say when it is not', () => {
    const step = fc.oneof(
      fc.record({ give: fc.noBias(fc.integer({ min: 1, max: 300 * KIB })) }),
      fc.record({ writtenAfter: fc.constantFrom(0, 30) }),
    )
    fc.assert(
      fc.property(fc.array(step, { minLength: 60, maxLength: 100 }), steps => {
        const room = new SendRoom()
        let asked = 0
        let at = 0
        for (const each of steps) {
          if ('give' in each) {
            if (room.isFull) continue
            if (room.give(each.give, at)) asked++
          } else if (asked > 0) {
            at += each.writtenAfter
            asked--
            room.written(at)
          }
          if (room.isFull) expect(asked).to.be.above(0)
        }
      }),
      { numRuns: 2000 },
    )
  })
})
