// Whom a node tells of whom, which links it ends, and what talkative strangers can do to it.
import { expect } from 'chai'
import { DEFAULT_NEIGHBOURHOOD_POLICY as P } from '../../src/swarm/neighbourhood-events.ts'
import { Bench, each, names } from './neighbourhood-bench.ts'

describe('neighbourhood', () => {
  describe('tells', () => {
    const told = (b: Bench, peer: string) =>
      b
        .take()
        .flatMap(action => (action.type === 'tell' && action.peer === peer && action.peers.length > 0 ? [action.peers] : []))

    it('one with few links of others, unasked; one with enough only when it asks', () => {
      const b = new Bench().linkedAll(names(5)).linked('poor', { links: 0 }).linked('rich', { links: P.needyLinks })
      b.pass(P.tellMs)
      expect(b.actions.filter(action => action.type === 'tell').map(action => action.peer)).to.deep.equal(['poor'])
      expect(told(b, 'poor')[0]?.toSorted()).to.deep.equal([...names(5), 'rich'])
      b.tell({ type: 'asked', peer: 'rich', links: 3 }).pass(P.tellMs)
      expect(told(b, 'rich')[0]).to.have.length(6)
    })

    it('nothing twice, and nothing when there is no news', () => {
      const b = new Bench({ isSeed: true }).linked('poor', { links: 0 }).linkedAll(names(3))
      const first = told(b.pass(10_000), 'poor')
      expect(first).to.have.length(1)
      b.tell({ type: 'asked', peer: 'poor', links: 3 }).pass(10_000)
      expect(told(b, 'poor')).to.deep.equal([])
      b.linked('news').tell({ type: 'asked', peer: 'poor', links: 3 }).pass(P.tellMs)
      expect(told(b, 'poor')).to.deep.equal([['news']])
    })

    it('goes on as others come, for a few seconds and up to sixteen', () => {
      const b = new Bench({ isSeed: true }).linked('poor', { links: 0 })
      for (const peer of names(60)) b.linked(peer).pass(100)
      const lists = told(b, 'poor')
      expect(lists.length).to.be.within(2, 6)
      expect(lists.flat()).to.have.length.within(8, P.toldPeers)
    })

    it('nobody who has everything', () => {
      const b = new Bench()
        .linkedAll(names(5))
        .linked('whole', { links: 0 })
        .used(false, { whole: { complete: true } })
      expect(told(b.pass(10_000), 'whole')).to.deep.equal([])
    })

    it('names everybody about equally often', () => {
      const b = new Bench({ isSeed: true }).linkedAll(names(200))
      const count = new Map<string, number>()
      for (let i = 0; i < 500; i++) {
        for (const peer of b.hood.hints({ peer: 'x', group: undefined }, b.now)) count.set(peer, (count.get(peer) ?? 0) + 1)
      }
      const mean = (500 * P.hintPeers) / 200
      expect(count.size).to.equal(200)
      expect(Math.max(...count.values())).to.be.below(1.5 * mean)
      expect(Math.min(...count.values())).to.be.above(0.5 * mean)
    })

    it('names former neighbours, too, for a while, but none that has gone', () => {
      const b = new Bench().linkedAll(['parted', 'gone', 'broken'])
      for (const why of ['parted', 'gone', 'broken'] as const) b.tell({ type: 'unlinked', peer: why, why })
      const hints = () => b.hood.hints({ peer: 'x', group: undefined }, b.now)
      expect(hints()).to.deep.equal(['parted'])
      b.pass(P.formerMs)
      expect(hints()).to.deep.equal([])
    })

    it('asks when it has too few and nobody to dial, at growing pauses', () => {
      const b = new Bench().linked('seed', { kind: 'seed' }).linked('a')
      const at: number[] = []
      while (b.now < 70_000)
        if (
          b
            .pass(100)
            .take()
            .some(action => action.type === 'tell')
        )
          at.push(b.now)
      const pauses = at.slice(1).map((time, i) => time - (at[i] as number))
      expect(pauses.slice(0, 3)).to.deep.equal([500, 1000, 2000])
      expect(Math.max(...pauses)).to.equal(P.maxAskMs)
    })
  })

  describe('drops', () => {
    const enough = names(P.wantedLinks)
    const active = { gave: 1, offers: true }

    it('links between two that have everything, once they are quiet; and tells newcomers of them', () => {
      const b = new Bench().linkedAll(['whole', 'partial']).linked('seed', { kind: 'seed' })
      const uses = { whole: { complete: true }, partial: {}, seed: { complete: true } }
      expect(b.used(true, uses).dropped()).to.deep.equal([])
      expect(b.pass(P.needlessMs).used(true, uses).dropped()).to.deep.equal(['whole needless'])
      expect(b.hood.hints({ peer: 'x', group: undefined }, b.now).toSorted()).to.deep.equal(['partial', 'whole'])
    })

    it('one through which nothing passes and that has nothing for us, when another could be had', () => {
      const b = new Bench().linkedAll(enough)
      const uses = { ...each(enough, active), p4: {} }
      for (let i = 0; i < 20; i++) b.pass(1000).used(false, uses)
      expect(b.dropped(), 'without a candidate').to.deep.equal([])
      b.heard(['better']).used(false, uses)
      expect(b.actions.map(action => action.type)).to.deep.equal(['drop'])
      expect(b.dropped()).to.deep.equal(['p4 useless'])
      expect(b.pass(P.gatherMs).dialled()).to.deep.equal(['better'])
    })

    it('none of those while the whole swarm waits, or while it has what we lack', () => {
      for (const uses of [each(enough, {}), { ...each(enough, active), p4: { offers: true } }]) {
        const b = new Bench().linkedAll(enough).heard(['better'])
        for (let i = 0; i < 30; i++) b.pass(1000).used(false, uses)
        expect(b.dropped()).to.deep.equal([])
      }
    })

    it('one that lets request after request go by', () => {
      const b = new Bench().linkedAll(enough).heard(['better'])
      const uses = { ...each(enough, active), p4: { took: 1, offers: true, fruitless: 3 } }
      for (let i = 0; i < 15; i++) b.pass(1000).used(false, uses)
      expect(b.dropped()).to.deep.equal(['p4 useless'])
    })

    it('one every five seconds', () => {
      const b = new Bench().linkedAll(enough).heard(names(20, 'better'))
      const uses = { ...each(enough, active), p1: {}, p2: {} }
      const at: number[] = []
      for (let i = 0; i < 40; i++) if (b.pass(1000).used(false, uses).dropped().length > 0) at.push(b.now / 1000)
      expect(at).to.deep.equal([15, 20])
    })

    it('what is too much, the longest unused first, but none that is used, new, or one of the last far ones', () => {
      const all = names(12)
      const b = new Bench({ groups: ['mine'], policy: { surplusLinks: 10, maxLinks: 12 } })
      for (const peer of all) b.linked(peer, { group: ['p0', 'p1', 'p2'].includes(peer) ? 'far' : 'mine' })
      b.pass(P.settleMs - 1)
      expect(b.used(false, each(all, { gave: 1 })).dropped(), 'new').to.deep.equal([])
      b.pass(1000).used(false, { ...each(all, { gave: 1, busy: true }), ...each(['p0', 'p1', 'p2', 'p7', 'p9'], {}) })
      expect(b.dropped()).to.deep.equal(['p7 surplus', 'p9 surplus'])
    })
  })

  describe('is not hurt by strangers', () => {
    it('that name peers without end: nobody crowds out what others told', () => {
      const b = new Bench().heard(names(20, 'honest'), 'a')
      for (let i = 0; i < 100; i++)
        b.heard(
          Array.from({ length: 32 }, (_, j) => `lie${i * 32 + j}`),
          'liar',
        )
      expect(names(20, 'honest').filter(peer => b.hood.knows(peer))).to.have.length(20)
    })

    it('that never stop talking: dials go on', () => {
      const b = new Bench()
      let dials = 0
      for (let i = 0; i < 100; i++, b.now += 10) dials += b.heard([`lie${i}`], 'liar').dialled().length
      expect(dials).to.equal(P.dialsAtOnce)
    })
  })
})
