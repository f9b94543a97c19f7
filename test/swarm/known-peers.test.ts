// Which peers are remembered, and which of them are tried.
import { expect } from 'chai'
import {
  BRIEFLY_KNOWN_FOR_MS,
  chosen,
  KNOWN_FOR_MS,
  type KnownPeer,
  MAX_KNOWN,
  MAX_TRIED,
  merged,
} from '../../src/swarm/known-peers.ts'

const NOW = 10 * KNOWN_FOR_MS

const peer = (id: string, change: Partial<KnownPeer> = {}): KnownPeer => ({
  id,
  record: `record of ${id}`,
  seenAt: NOW,
  isLongLived: true,
  isHere: false,
  place: '192.0.2.1',
  ...change,
})
const many = (count: number, name: string, change: (i: number) => Partial<KnownPeer> = () => ({})) =>
  Array.from({ length: count }, (_, i) => peer(`${name}${i}`, change(i)))
const ids = (peers: readonly KnownPeer[]) => peers.map(({ id }) => id)

describe('known peers', () => {
  it('are merged: of one peer what was seen last, the long-lived ones first, then the last met', () => {
    const old = [peer('a', { seenAt: NOW - 9, record: 'old' }), peer('b', { seenAt: NOW - 5 })]
    const all = merged([old, [peer('a'), peer('c', { isLongLived: false })]], NOW)
    expect(all.map(({ id, record }) => `${id} ${record}`)).to.deep.equal(['a record of a', 'b record of b', 'c record of c'])
  })

  it('expire: in two weeks, and lingering downloads in an hour; a date of the future counts as old', () => {
    const long = (age: number) => peer(`l${age}`, { seenAt: NOW - age })
    const brief = (age: number) => peer(`b${age}`, { seenAt: NOW - age, isLongLived: false })
    const all = [long(KNOWN_FOR_MS - 1), long(KNOWN_FOR_MS), brief(BRIEFLY_KNOWN_FOR_MS - 1), brief(BRIEFLY_KNOWN_FOR_MS)]
    expect(ids(merged([all, [long(-120_000)]], NOW))).to.deep.equal([`l${KNOWN_FOR_MS - 1}`, `b${BRIEFLY_KNOWN_FOR_MS - 1}`])
  })

  it('are so many at most: the oldest go', () => {
    const all = merged([many(2 * MAX_KNOWN, 'p', i => ({ seenAt: NOW - i }))], NOW)
    expect(ids(all)).to.deep.equal(ids(many(MAX_KNOWN, 'p')))
  })

  it('are not driven out by many identities of one host', () => {
    const honest = many(10, 'honest', i => ({ seenAt: NOW - 1000, place: `198.51.100.${i}` }))
    const all = ids(merged([honest, many(1000, 'attacker')], NOW))
    expect(all).to.have.length(MAX_KNOWN).and.to.include.members(ids(honest))
  })

  it('are tried a few at a time: the last met, some by lot, and those that failed last of all', () => {
    const all = many(40, 'p', i => ({ seenAt: NOW - i }))
    const failedAt = new Map([['p0', 5]])
    const tried = ids(chosen(all, failedAt, () => 0.5))
    expect(tried).to.have.length(MAX_TRIED).and.to.not.include('p0')
    expect(tried.slice(0, 4)).to.deep.equal(['p1', 'p2', 'p3', 'p4'])
    expect(ids(chosen(all.slice(0, 2), failedAt, () => 0.5))).to.deep.equal(['p1', 'p0'])
    const draws = [0, 0.9, 0.1].map(lot => ids(chosen(all, failedAt, () => lot * Math.random())).join())
    expect(new Set(draws).size).to.be.above(1)
  })
})
