// What is asked of whom: every case is a swarm as strings and the expected intentions in one line.
import { expect } from 'chai'
import type { SwarmPolicy } from '../../src/swarm/events.ts'
import { Table } from './table.ts'

const wide: Partial<SwarmPolicy> = { minWindow: 16 }
const narrow: Partial<SwarmPolicy> = { minWindow: 1, maxWindow: 1 }

interface Case {
  name: string
  mine: string
  others: Record<string, string>
  policy?: Partial<SwarmPolicy>
  /** Sorted; `?` is any piece. */
  asks: string
}

const CASES: Case[] = [
  { name: 'nobody there', mine: '0000', others: {}, asks: '' },
  { name: 'nothing missing', mine: '1111', others: { a: '1111', S: '1111' }, asks: '' },
  { name: 'no content at all', mine: '', others: { a: '1' }, asks: '' },
  { name: 'only what is missing', mine: '1100', others: { a: '1111' }, asks: 'ask a 2, ask a 3' },
  { name: 'only what the holder has', mine: '0000', others: { a: '0110' }, asks: 'ask a 1, ask a 2' },
  { name: 'only what the manifest names', mine: '00', others: { a: '1111' }, asks: 'ask a 0, ask a 1' },
  { name: 'a neighbour with nothing', mine: '0000', others: { a: '0000' }, asks: '' },
  { name: 'a piece only at the seed', mine: '000', others: { a: '101', S: '111' }, asks: 'ask S 1, ask a 0, ask a 2' },
  { name: 'peers before seeds', mine: '0000', others: { S: '1111', a: '1111' }, asks: 'ask a 0, ask a 1, ask a 2, ask a 3' },
  { name: 'peers full: seeds help', mine: '00', others: { S: '11', a: '11' }, policy: narrow, asks: 'ask S ?, ask a ?' },
  { name: 'never the origin at once', mine: '00', others: { O: '11' }, asks: '' },
  { name: 'no more than the window', mine: '0000', others: { a: '1100' }, policy: narrow, asks: 'ask a ?' },
  { name: 'the rest to the next holder', mine: '00', others: { a: '11', b: '11' }, policy: narrow, asks: 'ask a ?, ask b ?' },
  {
    name: 'equal holders get equal shares',
    mine: '0000',
    others: { a: '1111', b: '1111' },
    asks: 'ask a ?, ask a ?, ask b ?, ask b ?',
  },
  {
    name: 'no more bytes than allowed',
    mine: '0000',
    others: { a: '1111' },
    policy: { minWindow: 2, maxWindow: 9, maxAskedBytes: 1 },
    asks: 'ask a ?, ask a ?',
  },
]

describe('swarm: whom to ask', () => {
  for (const { name, mine, others, policy = wide, asks } of CASES) {
    it(name, () => {
      const said = new Table({ mine, others, policy }).takeSorted('ask')
      expect(asks.includes('?') ? said.replace(/\d/g, '?') : said).to.equal(asks)
    })
  }

  it('prefers the holder at whom fewer wait', () => {
    const t = new Table({ mine: '', others: { a: '11', b: '11' }, policy: wide })
    t.tell({ type: 'have', peer: 'a', pieces: [], queue: 640 })
    expect(t.tell({ type: 'manifest', count: 2, sealed: true }).takeSorted()).to.equal('ask b 0, ask b 1')
  })

  it('asks the faster holder for more, within bounds', () => {
    const t = new Table({ mine: '0', others: { a: '1' }, policy: { maxWindow: 5 } })
    t.now = 1
    t.receives(0, 'a').take()
    expect(
      t.has('a', 1, 2, 3, 4, 5, 6, 7, 8).tell({ type: 'manifest', count: 9, sealed: true }).take().split(', '),
    ).to.have.length(5)
  })

  it('tends to the rare piece', () => {
    let rare = 0
    for (let seed = 0; seed < 100; seed++) {
      const t = new Table({
        mine: '0000',
        others: { a: '1111', b: '0111', c: '0111' },
        policy: { ...narrow, maxAskedBytes: 1 },
        seed,
      })
      if (t.take() === 'ask a 0') rare++
    }
    // Of what falls to a (a third), four samples of four pieces find the rare one in 68 of 100.
    expect(rare).to.be.within(12, 40)
  })

  it('picks in no particular order', () => {
    const first = new Set<string>()
    for (let seed = 0; seed < 50; seed++)
      first.add(new Table({ mine: '0000', others: { a: '1111' }, policy: narrow, seed }).take())
    expect(first.size).to.equal(4)
  })

  it('asks for a piece as soon as somebody has it, once', () => {
    const t = new Table({ mine: '00', others: { a: '00', b: '00' } })
    expect(t.has('a', 1).take()).to.equal('ask a 1')
    expect(t.has('b', 1).take()).to.equal('')
    expect(t.receives(1, 'a').take()).to.equal('announce 1')
    expect(t.has('b', 0, 1).take()).to.equal('ask b 0')
  })

  it('is complete when sealed and all there, not before', () => {
    const t = new Table({ mine: '', others: { a: '1' } })
    t.tell({ type: 'manifest', count: 1, sealed: false }).receives(0, 'a')
    const growing = new Table({ mine: '' })
    expect(growing.swarm.isComplete, 'an empty content').to.equal(true)
    expect(t.swarm.isComplete).to.equal(true)
  })

  it('does not think a manifest complete that still grows', () => {
    const t = new Table({ mine: null })
    t.tell({ type: 'manifest', count: 1, sealed: false }).tell({ type: 'stored', piece: 0 })
    expect(t.swarm.isComplete).to.equal(false)
    t.tell({ type: 'manifest', count: 1, sealed: true })
    expect(t.swarm.isComplete).to.equal(true)
  })
})

describe('swarm: a reader in order', () => {
  const policy = { ...wide, maxWindow: 64, minWindow: 64, streamWindow: 3 }

  it('picks among the first missing pieces from the cursor on', () => {
    const t = new Table({ mine: null, others: { a: '1111111111' }, policy })
    t.tell({ type: 'cursor', piece: 0 }).tell({ type: 'manifest', count: 10, sealed: true })
    expect(t.takeSorted()).to.equal('ask a 0, ask a 1, ask a 2')
    expect(t.receives(0, 'a').take()).to.equal('announce 0, ask a 3')
    expect(t.receives(2, 'a').take()).to.equal('announce 2, ask a 4')
  })

  it('follows the cursor and forgets it', () => {
    const t = new Table({ mine: null, others: { a: '11111111' }, policy: { ...policy, streamWindow: 1 } })
    t.tell({ type: 'cursor', piece: 6 }).tell({ type: 'manifest', count: 7, sealed: true })
    expect(t.take()).to.include('ask a 6')
    t.tell({ type: 'cursor', piece: undefined }).tell({ type: 'manifest', count: 8, sealed: true })
    expect(t.take()).to.include('ask a 7')
  })

  it('asks a second holder for the piece that the reader waits for', () => {
    const t = new Table({ mine: null, others: { a: '11111111' }, policy: { minWindow: 3, maxWindow: 3, streamWindow: 3 } })
    t.tell({ type: 'cursor', piece: 0 }).tell({ type: 'manifest', count: 8, sealed: true })
    expect(t.takeSorted()).to.equal('ask a 0, ask a 1, ask a 2')
    t.joins('b', '10000000')
    for (let i = 0; i < 8; i++) t.wait(100).tell({ type: 'progress', peer: 'a', piece: 1, bytes: 1 })
    expect(t.take()).to.equal('')
    expect(t.wait(250).take()).to.equal('ask b 0')
  })
})
