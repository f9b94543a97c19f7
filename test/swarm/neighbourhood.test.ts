// Whom a node dials and lets in, near and far.
import { expect } from 'chai'
import { DEFAULT_NEIGHBOURHOOD_POLICY as P } from '../../src/swarm/neighbourhood-events.ts'
import { seededRandom } from '../../src/swarm/random.ts'
import { Bench, each, names } from './neighbourhood-bench.ts'

describe('neighbourhood', () => {
  describe('dials', () => {
    it('after a moment in which it hears of more, three at a time, until it has seven', () => {
      const b = new Bench()
      expect(b.heard(['first']).dialled()).to.deep.equal([])
      b.heard(names(40)).pass(P.gatherMs)
      const begun = b.dialled()
      expect(begun).to.have.length(P.dialsAtOnce)
      for (const peer of begun) b.linked(peer)
      b.settle()
      expect(b.hood.degree).to.equal(P.wantedLinks)
    })

    it('two, and then one a second, while it is busy', () => {
      const b = new Bench().tell({ type: 'busy', busy: true }).heard(names(40)).pass(P.gatherMs)
      const begun = b.dialled()
      expect(begun).to.have.length(P.busyLinks)
      for (const peer of begun) b.linked(peer)
      expect(b.pass(P.busyDialMs - 1).dialled()).to.deep.equal([])
      const next = b.pass(1).dialled()
      expect(next).to.have.length(1)
      expect(b.pass(P.busyDialMs).dialled(), 'while that is under way').to.have.length(1)
      expect(b.tell({ type: 'busy', busy: false }).dialled()).to.have.length(1)
    })

    it('whom chance chooses, whatever the order in which they were named', () => {
      const firsts = new Set<string>()
      for (let seed = 1; seed <= 100; seed++) {
        const b = new Bench({ random: seededRandom(seed) }).heard(names(20)).pass(P.gatherMs)
        firsts.add(b.dialled()[0] as string)
      }
      expect(firsts.size).to.be.above(15)
    })

    it('less when others come by themselves', () => {
      const b = new Bench().heard(names(40)).linkedAll(names(4, 'in'))
      expect(b.settle()).to.have.length(P.wantedLinks - 4)
    })

    it('again when too few are left, and not before', () => {
      const b = new Bench().heard(names(40))
      b.settle()
      for (let i = 0; b.hood.degree > P.lowLinks; i++) b.tell({ type: 'unlinked', peer: `p${i}`, why: 'gone' })
      expect(b.settle()).to.deep.equal([])
      const left = names(40).find(peer => b.hood.knows(peer) && !b.tell({ type: 'unlinked', peer, why: 'gone' }).hood.knows(peer))
      expect(left).to.be.a('string')
      expect(b.settle()).to.have.length(P.wantedLinks - P.lowLinks + 1)
    })

    it('nobody for a while when others have no room and it has enough', () => {
      const b = new Bench()
        .heard(names(60))
        .linkedAll(names(P.lowLinks - 1, 'in'))
        .pass(P.gatherMs)
      const refused = (peers: readonly string[]) => {
        for (const peer of peers) b.tell({ type: 'failed', peer, why: 'busy' })
      }
      // who lacks links goes on at once
      const [first, ...others] = b.dialled() as [string, ...string[]]
      refused(others)
      expect(b.dialled()).to.have.length(others.length)
      b.linked(first)
      refused(names(60).filter(peer => b.hood.knows(peer)))
      expect(b.pass(P.restMs - 1).dialled()).to.deep.equal([])
      b.tell({ type: 'unlinked', peer: first, why: 'gone' })
      expect(b.pass(1).dialled(), 'who lacks links again').to.not.deep.equal([])
    })

    it('nobody when it has everything', () => {
      const b = new Bench().used(true, {}).heard(names(40))
      expect(b.settle()).to.deep.equal([])
    })

    it('one that failed after a pause that doubles, and then forgets it', () => {
      const b = new Bench().heard(['a'])
      const at: number[] = []
      while (b.now < 120_000) {
        if (b.pass(10).dialled().length === 0) continue
        at.push(b.now)
        b.tell({ type: 'failed', peer: 'a', why: 'unreachable' })
      }
      expect(at).to.have.length(P.maxFailures)
      const pauses = at.slice(1).map((time, i) => Math.round((time - (at[i] as number)) / 1000))
      expect(pauses).to.deep.equal([2, 4, 8])
      expect(b.hood.knows('a')).to.equal(false)
    })

    it('one that has nothing to do with the content no more', () => {
      const b = new Bench().heard(['a']).pass(P.gatherMs)
      b.tell({ type: 'failed', peer: 'a', why: 'unwanted' })
      expect(b.hood.knows('a')).to.equal(false)
    })

    it('one whose connection broke soon, one that left by its own will not for long', () => {
      const again = (why: 'parted' | 'broken') => {
        const b = new Bench().linked('a').tell({ type: 'unlinked', peer: 'a', why })
        while (b.pass(100).dialled().length === 0);
        return b.now
      }
      expect(again('broken')).to.be.within(P.retryMs, P.retryMs + 200)
      expect(again('parted')).to.be.within(P.partedMs, P.partedMs + 200)
    })

    it('one that left soon, too, when it has everything: it may have taken us for one that has', () => {
      const b = new Bench().linked('a').used(false, { a: { complete: true } })
      b.tell({ type: 'unlinked', peer: 'a', why: 'parted' })
      expect(b.pass(P.retryMs).dialled()).to.deep.equal(['a'])
    })
  })

  describe('near and far', () => {
    const rack = (peer: string) => (peer.startsWith('near') ? 'mine' : `far ${peer}`)
    const groups = ['mine']

    it('half of what it dials is near, the rest far', () => {
      const b = new Bench({ groups }).heard(names(40, 'near'), 'x', 'mine').heard(names(40, 'far'), 'x', 'other')
      const dialled = b.settle(rack)
      expect(dialled.filter(peer => peer.startsWith('near'))).to.have.length(Math.ceil(P.wantedLinks / 2))
    })

    it('looks for far ones when only near ones came', () => {
      const b = new Bench({ groups }).linkedAll(names(6, 'near'), 'mine').heard(names(40, 'far'), 'x', 'other')
      expect(b.settle(rack)).to.have.length(P.farLinks)
      expect(b.hood.degree).to.equal(6 + P.farLinks)
      const busy = each(names(6, 'near').slice(2), { busy: true })
      const idle = each(names(2, 'near'), {})
      b.pass(P.settleMs).used(false, { ...idle, ...busy })
      expect(b.dropped()).to.deep.equal(['near0 surplus', 'near1 surplus'])
    })

    it('asks for far ones when it knows none', () => {
      const b = new Bench({ groups }).linkedAll(names(P.wantedLinks, 'near'), 'mine').pass(P.askMs)
      const asked = b.take().filter(action => action.type === 'tell' && action.peers.length === 0)
      expect(asked).to.not.deep.equal([])
    })

    it('a short round trip makes a whole subnet near', () => {
      const b = new Bench().linked('a', { group: 'g' }).used(false, { a: { rtt: P.nearRttMs } })
      b.heard(names(40, 'near'), 'x', 'g').heard(names(40, 'far'), 'x', 'h')
      const dialled = b.settle(peer => (peer.startsWith('near') ? 'g' : 'h'))
      expect(dialled.filter(peer => peer.startsWith('near')).length + 1).to.equal(Math.ceil(P.wantedLinks / 2))
    })

    it('tells whom it can of its own subnet, for half of the list', () => {
      const b = new Bench({ isSeed: true, groups })
      for (let i = 0; i < 100; i++) b.linked(`p${i}`, { group: `rack${i % 10}` })
      const hints = b.hood.hints({ peer: 'x', group: 'rack3' }, b.now)
      expect(hints.filter(peer => peer.endsWith('3'))).to.have.length.within(P.hintPeers / 2, P.hintPeers / 2 + 2)
      expect(new Set(hints)).to.have.property('size', P.hintPeers)
    })
  })

  describe('lets in', () => {
    it('up to seven whoever comes, after a second up to ten who has few, a seed always', () => {
      const b = new Bench().linkedAll(names(P.surplusLinks - 1))
      expect(b.hood.refuses('x', 'peer', 10, b.now)).to.equal(false)
      b.linked('last')
      expect(b.hood.refuses('x', 'peer', 0, b.now), 'while all come at once').to.equal(true)
      b.pass(P.settledMs)
      expect(b.hood.refuses('x', 'peer', P.lowLinks, b.now)).to.equal(true)
      expect(b.hood.refuses('x', 'peer', P.lowLinks - 1, b.now)).to.equal(false)
      b.linkedAll(names(P.maxLinks - P.surplusLinks, 'more'))
      expect(b.hood.refuses('x', 'peer', 0, b.now)).to.equal(true)
      expect(b.hood.refuses('x', 'seed', 0, b.now)).to.equal(false)
      expect(b.hood.refuses('p0', 'peer', 0, b.now), 'who is a neighbour already').to.equal(false)
    })

    it('with a seed many more', () => {
      const b = new Bench({ isSeed: true, policy: { maxSeedLinks: 100 } }).linkedAll(names(99))
      expect(b.hood.refuses('x', 'peer', 10, b.now)).to.equal(false)
      expect(b.linked('x').hood.refuses('y', 'peer', 0, b.now)).to.equal(true)
    })

    it('and names others to whom it refuses, never itself', () => {
      const b = new Bench().linkedAll(names(P.maxLinks))
      expect(b.hood.hints({ peer: 'p3', group: undefined }, b.now))
        .to.have.length(P.hintPeers)
        .and.not.include('p3')
    })
  })
})
