import { expect } from 'chai'
import { LAN_POLICY, LanPeers } from '../../src/swarm/lan-peers.ts'

const { peers, burst, dialEveryMs, dialsAtOnce, againMs, enough } = LAN_POLICY

describe('peers of the local network', () => {
  /** Hears of so many and fails to reach each of them, from `now` on; counts the dials. */
  function flood(lan: LanPeers, count: number, now: number): number {
    let dials = 0
    for (let i = 0; i < count; i++) {
      lan.heard(`forged-${now}-${i}`, ['a'], now)
      for (let next = lan.nextDial(now); next !== undefined; next = lan.nextDial(now)) {
        dials++
        lan.ended(next.peer, false, now)
      }
    }
    return dials
  }

  it('are few, whoever claims to be there, and dialled within a budget', () => {
    const lan = new LanPeers()
    expect(flood(lan, 10_000, 0)).to.equal(burst)
    expect(lan.size).to.be.at.most(peers)
    // an hour of it
    let dials = 0
    for (let now = 1000; now <= 3_600_000; now += 1000) dials += flood(lan, 10, now)
    expect(dials).to.be.at.most(3_600_000 / dialEveryMs)
    expect(lan.size).to.be.at.most(peers)
  })

  it('keep the connected ones, whoever else is heard of', () => {
    const lan = new LanPeers()
    lan.heard('good', ['a'], 0)
    expect(lan.nextDial(0)).to.deep.equal({ peer: 'good', addresses: ['a'] })
    lan.ended('good', true, 0)
    flood(lan, 10_000, 0)
    lan.heard('good', ['forged'], 1)
    expect(lan.connected).to.deep.equal(['good'])
    lan.gone('good')
    expect(lan.connected).to.deep.equal([])
  })

  it('come in where others could not be reached', () => {
    const lan = new LanPeers()
    flood(lan, 10_000, 0)
    const dialled: string[] = []
    for (let now = dialEveryMs; dialled.at(-1) !== 'real'; now += dialEveryMs) {
      lan.heard('real', ['a'], now)
      const next = lan.nextDial(now)
      if (next === undefined) continue
      dialled.push(next.peer)
      lan.ended(next.peer, next.peer === 'real', now)
    }
    expect(lan.connected).to.deep.equal(['real'])
    expect(dialled.length).to.be.at.most(peers + 1)
  })

  it('are dialled few at a time, and one that failed not again at once', () => {
    const lan = new LanPeers()
    for (const peer of ['a', 'b', 'c', 'd']) lan.heard(peer, [peer], 0)
    const first = lan.nextDial(0)
    for (let i = 1; i < dialsAtOnce; i++) expect(lan.nextDial(0)).to.not.equal(undefined)
    expect(lan.nextDial(0)).to.equal(undefined)
    expect(lan.nextDialAt(0)).to.equal(Infinity)
    lan.ended(first?.peer as string, false, 0)
    lan.heard(first?.peer as string, ['again'], 1)
    expect(lan.nextDial(1)?.peer).to.equal('c')
    lan.heard(first?.peer as string, ['again'], againMs)
    lan.ended('b', true, againMs)
    expect([lan.nextDial(againMs)?.peer]).to.deep.equal(['a'])
  })

  it('are not asked for while there are enough', () => {
    const lan = new LanPeers({ ...LAN_POLICY, burst: enough, dialsAtOnce: enough })
    expect(lan.nextQuestion().isAsked).to.equal(true)
    for (let i = 0; i < enough; i++) {
      lan.heard(`p${i}`, ['a'], 0)
      lan.nextDial(0)
      lan.ended(`p${i}`, true, 0)
    }
    expect(lan.nextQuestion().isAsked).to.equal(false)
    lan.gone('p0')
    const { isAsked, pauseMs } = lan.nextQuestion()
    expect(isAsked).to.equal(true)
    expect(pauseMs).to.be.above(1000)
  })

  it('have few addresses each', () => {
    const lan = new LanPeers()
    lan.heard(
      'a',
      Array.from({ length: 1000 }, (_, i) => `${i}`),
      0,
    )
    expect(lan.nextDial(0)?.addresses).to.have.lengthOf(LAN_POLICY.addresses)
  })
})
