// Who falls behind although it could take more gets two pieces at a time.
import { expect } from 'chai'
import { Backlogs } from '../../src/swarm/backlogs.ts'
import { DEFAULT_POLICY } from '../../src/swarm/events.ts'
import { Flows } from '../../src/swarm/flows.ts'
import { Table } from './table.ts'

/** What a, b and c want something of; nobody else is sent anything. */
const ALL = new Map(['a', 'b', 'c'].map(peer => [peer, undefined]))

class Receivers {
  readonly #flows = new Flows(DEFAULT_POLICY)
  #now = 0
  readonly #backlogs = new Backlogs(DEFAULT_POLICY, this.#flows)

  /** It has so many pieces, and took the last one of ours in so many milliseconds. */
  got(peer: string, has: number | undefined, took = 100): this {
    this.#flows.done(peer, 1, took)
    if (has !== undefined) this.#backlogs.told(peer, has)
    this.#now += 250
    this.#backlogs.survey(ALL, new Map(), this.#now)
    return this
  }

  /** Pieces at a time for a, b and c. */
  get places(): number[] {
    return [...ALL.keys()].map(peer => this.#backlogs.places(peer, false))
  }
}

describe('swarm: keeping up', () => {
  const begin = () => new Receivers().got('a', 1).got('b', 1).got('c', 1)

  it('gives a second piece meanwhile to who got clearly less than the others', () => {
    expect(begin().got('a', 17).got('b', 17).got('c', 1).places, 'ten and two thirds behind the mean').to.deep.equal([1, 1, 1])
    expect(begin().got('a', 21).got('b', 21).got('c', 1).places).to.deep.equal([1, 1, 2])
    expect(begin().got('a', 21).got('b', 21).got('c', 1).got('c', 15).places, 'it has caught up').to.deep.equal([1, 1, 1])
  })

  it('not where its own line is full', () => {
    expect(begin().got('a', 41).got('b', 41).got('c', 1, 200).places).to.deep.equal([1, 1, 1])
    expect(begin().got('a', 41).got('b', 41).got('c', 1, 90).places).to.deep.equal([1, 1, 2])
  })

  it('nor to who does not say what it has, nor to who has only come late', () => {
    expect(new Receivers().got('a', 1).got('b', 1).got('a', 90).got('b', 90).got('c', undefined).places).to.deep.equal([1, 1, 1])
    const late = new Receivers().got('a', 1).got('b', 1).got('a', 90).got('b', 90).got('c', 1)
    expect(late.places).to.deep.equal([1, 1, 1])
    expect(late.got('a', 120).got('b', 120).places, 'it gets nothing from now on, either').to.deep.equal([1, 1, 2])
  })

  it('serves it so', () => {
    const t = new Table({ mine: '1'.repeat(40), others: { a: '0', b: '0', c: '0' } })
    const ask = (peer: string, piece: number, has: number) => t.tell({ type: 'request', peer, piece, load: 8, has })
    for (const peer of ['a', 'b', 'c']) ask(peer, 0, 1)
    t.now += 100
    for (const peer of ['a', 'b', 'c']) t.tell({ type: 'served', peer, piece: 0 })
    t.take()
    for (const peer of ['a', 'b', 'c']) for (const piece of [1, 2]) ask(peer, piece, 2)
    for (const peer of ['a', 'b']) ask(peer, 3, 30)
    t.now += 250
    t.take()
    ask('c', 3, 2)
    expect(t.take()).to.equal('serve c 2')
  })

  it('asks who is idle for what one that let us down was asked for', () => {
    const t = new Table({ mine: '0', others: { a: '1' } })
    t.wait(5000).take()
    expect(t.wait(1500).take(), 'asked again').to.include('ask a 0')
    expect(t.joins('b', '1').wait(250).take()).to.equal('cancel a 0, ask b 0')
  })

  it('says how much we have with each request', () => {
    const t = new Table({ mine: '110', others: {} })
    t.tell({ type: 'joined', peer: 'a', kind: 'peer' })
    const have = new Table({ mine: '111' }).swarm.have
    expect(t.swarm.handle({ type: 'bitfield', peer: 'a', have, queue: 0 }, t.now)).to.deep.equal([
      { type: 'ask', peer: 'a', piece: 2, load: 0, has: 2 },
    ])
  })
})
