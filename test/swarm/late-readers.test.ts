// Whoever asks and does not read counts for nothing; whoever reads slowly loses a slot, not its piece.
import { expect } from 'chai'
import { Table, type TableOptions } from './table.ts'

const IDLE = ['i1', 'i2', 'i3', 'i4', 'i5', 'i6']
const PIECES = 40

function seed(others: readonly string[], policy: TableOptions['policy'] = {}): Table {
  const all = Object.fromEntries(others.map(peer => [peer, '0'.repeat(PIECES)]))
  return new Table({ mine: '1'.repeat(PIECES), others: all, isSeed: true, policy })
}

/** The six fill all that a seed gives at the same time. */
function stopped(others: readonly string[], policy: TableOptions['policy'] = {}): Table {
  const t = seed([...IDLE, ...others], policy)
  for (const [i, peer] of IDLE.entries()) t.requests(peer, i)
  expect(t.take()).to.equal(IDLE.map((peer, i) => `serve ${peer} ${i}`).join(', '))
  return t
}

describe('swarm: late readers', () => {
  it('hold a slot for 4 s, and their pieces go to others', () => {
    const t = stopped(['a', 'b'])
    t.requests('a', 0, 1).requests('b', 2)
    expect(t.wait(3999).take()).to.equal('')
    expect(t.wait(1).take()).to.equal('serve a 0, serve b 2')
    t.tell({ type: 'served', peer: 'a', piece: 0 })
    expect(t.take()).to.equal('serve a 1')
    expect(t.swarm.usage.uploads, 'what is late is not held against the host').to.equal(2)
  })

  it('get one piece at a time from then on, beside the slots of others', () => {
    const t = stopped(['a'])
    for (const peer of IDLE) t.requests(peer, 10, 11)
    t.requests('a', 20)
    expect(t.wait(4000).take()).to.equal('serve a 20')
    t.tell({ type: 'served', peer: 'i1', piece: 0 })
    expect(t.take()).to.equal('serve i1 10')
    expect(t.swarm.usage.uploads).to.equal(1)
  })

  it('are late again at once when they come back, and those who only come and go are late, too', () => {
    const t = stopped(['a'])
    t.requests('a', 20).wait(4000).take()
    t.tell({ type: 'left', peer: 'i1' }).joins('i1').requests('i1', 9)
    expect(t.take()).to.equal('serve i1 9')
    expect(t.swarm.usage.uploads).to.equal(1)
  })

  it('have a full slot again once they have read a piece in time', () => {
    const t = stopped(['a'])
    t.requests('a', 20).wait(4000).take()
    t.tell({ type: 'served', peer: 'i1', piece: 0 }).requests('i1', 10)
    expect(t.swarm.usage.uploads).to.equal(1)
    t.tell({ type: 'served', peer: 'i1', piece: 10 }).requests('i1', 11)
    expect(t.swarm.usage.uploads).to.equal(2)
  })

  it('are those that are slow, too, once it is known how fast others are', () => {
    const t = seed(['a', 'slow'])
    for (let piece = 0; piece < 8; piece++) t.requests('a', piece).wait(100).tell({ type: 'served', peer: 'a', piece })
    t.requests('slow', 30)
    for (let s = 0; s < 3; s++) t.wait(1000).tell({ type: 'sent', peer: 'slow' })
    expect(t.swarm.usage.uploads).to.equal(1)
    t.requests('a', 31, 32).wait(1000).tell({ type: 'sent', peer: 'slow' })
    expect(t.swarm.usage.uploads, 'it goes on beside the slots').to.equal(2)
    t.tell({ type: 'served', peer: 'slow', piece: 30 }).requests('slow', 33)
    expect(t.take()).to.match(/serve slow 33$/)
  })

  it('are nobody as long as all take as long: then it is our own line', () => {
    const t = seed(['a', 'b'])
    for (let piece = 0; piece < 8; piece++) {
      t.requests('a', piece)
      for (let s = 0; s < 10; s++) t.wait(1000).tell({ type: 'sent', peer: 'a' })
      t.tell({ type: 'served', peer: 'a', piece })
    }
    t.requests('b', 20)
    for (let s = 0; s < 60; s++) t.wait(1000).tell({ type: 'sent', peer: 'b' })
    expect(t.swarm.usage.uploads).to.equal(1)
  })

  it('leave half of the slots to those who have shown that they read, however many come anew', () => {
    const t = stopped(['a', 'b', 'c', 'd'])
    for (const [i, peer] of ['a', 'b', 'c'].entries()) t.requests(peer, 10 + i)
    t.wait(4000)
    for (const [i, peer] of ['a', 'b', 'c'].entries()) t.tell({ type: 'served', peer, piece: 10 + i })
    t.take()
    for (let i = 0; i < 20; i++) t.joins(`new${i}`).requests(`new${i}`, 20 + (i % 10))
    expect(t.take().split(', ')).to.have.length(3)
    expect(t.requests('a', 31).requests('b', 32).requests('c', 33).take()).to.equal('serve a 31, serve b 32, serve c 33')
  })

  it('of one address do not keep out those who come from others', () => {
    const t = stopped([])
    for (const peer of IDLE) t.tell({ type: 'placed', peer, place: 7, roundTrip: undefined })
    t.wait(0)
    for (let i = 0; i < 9; i++)
      t.joins(`new${i}`)
        .tell({ type: 'placed', peer: `new${i}`, place: 7, roundTrip: undefined })
        .requests(`new${i}`, 20 + i)
    t.joins('other').tell({ type: 'placed', peer: 'other', place: 8, roundTrip: undefined }).requests('other', 30)
    expect(t.wait(4000).take()).to.match(/^serve other 30/)
  })

  it('end when they are too many, those first that have stood still longest, and after 15 s when others wait for their places', () => {
    const t = seed(IDLE, { maxUploadBytes: 4000 })
    for (const [i, peer] of IDLE.entries()) t.requests(peer, i)
    expect(t.take(), 'so large are the pieces').to.equal('serve i1 0, serve i2 1, serve i3 2, serve i4 3')
    expect(t.wait(4000).take()).to.equal('serve i5 4, serve i6 5')
    t.tell({ type: 'sent', peer: 'i1' })
    expect(t.requests('i5', 9).wait(4000).take('drop')).to.equal('drop i2, drop i3')
    for (const peer of ['i2', 'i3']) t.tell({ type: 'left', peer })
    expect(t.wait(10_000).take(), 'nobody needs their places').to.equal('')
    t.joins('i2').requests('i2', 1)
    expect(t.wait(900).take()).to.equal('drop i4')
  })
})
