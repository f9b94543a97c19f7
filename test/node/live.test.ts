import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { PieceAccount, SOURCE } from '../../src/node/account/piece-account.ts'
import { densityCells, ownCells } from '../../src/node/account/piece-cells.ts'
import { LIVE_BOUNDS } from '../../src/node/api/live.ts'
import type { SwarmObserver } from '../../src/node/session/swarm-observer.ts'
import { content, PIECE } from '../world/content.ts'
import type { TestOrigin } from '../world/origin.ts'
import type { Observed, World } from '../world/world.ts'
import { seedForEach } from '../world/world-for-each.ts'

const BODY = content('live', 6 * PIECE)

describe('the live status', () => {
  let world: World
  let origin: TestOrigin
  let seed: Observed
  seedForEach(BODY, (w, o, s) => {
    world = w
    origin = o
    seed = s
  })

  it('tells of a download what it is, where its pieces came from, and who sends them', async () => {
    const { node } = await world.node({ seeds: [seed.address] })
    const before = await node.live()
    expect(before).to.deep.include({ contents: [], contentCount: 0, hostCount: 1, rates: { down: 0, up: 0 } })
    const seen: string[] = []
    origin.hold(3 * PIECE + 1)
    const fetched = node.fetch(`${origin.url}?signature=SECRET`, {}, async () => {
      // a snapshot is the same for a moment
      let [one] = (await node.live()).contents
      for (; one?.state !== 'complete'; [one] = (await node.live()).contents) await sleep(5)
      seen.push(JSON.stringify(one))
      expect(one).to.deep.include({ length: BODY.byteLength, bytes: BODY.byteLength, cells: 'SSSSSS' })
      expect(one?.pieces).to.deep.equal({ size: PIECE, all: 6, have: 6 })
      expect(one?.from).to.deep.equal({ origin: 0, seed: BODY.byteLength, peer: 0, store: 0 })
    })
    const linkNow = async () => (await node.live()).contents[0]?.links[0]
    let link = await linkNow()
    for (; link?.have !== 3; link = await linkNow()) await sleep(5)
    expect(link).to.include({ peer: seed.id, kind: 'seed', address: '127.0.0.1' })
    origin.release()
    await fetched
    expect(seen.join()).to.include('?…').and.not.include('SECRET')
    const { hosts, totals } = await node.live()
    expect(hosts).to.have.length(1)
    expect(hosts[0]).to.include({ peer: seed.id, role: 'seed', state: 'connected' })
    expect(totals).to.include({ origin: 0, seed: BODY.byteLength, read: 0, saved: BODY.byteLength })
    const { totals: ofSeed } = await seed.node.live()
    expect(ofSeed).to.include({ read: BODY.byteLength, saved: 0 })
  })

  it('names a bounded number of contents, the rest as a count', async () => {
    const { node } = await world.node({ seeds: [seed.address] })
    for (let i = 0; i <= LIVE_BOUNDS.contents; i++) await node.fetch(origin.url, { tag: String(i) }, async () => {})
    const { contents, contentCount } = await node.live()
    expect(contents).to.have.length(LIVE_BOUNDS.contents)
    expect(contentCount).to.equal(LIVE_BOUNDS.contents + 1)
  })
})

describe('the account of pieces', () => {
  const owner = (observers = new Set<SwarmObserver>()) => ({
    counts: { fromOrigin: 0, fromPeers: 0, fromSeeds: 0, resumed: 0 },
    observers,
    roles: { isSeed: (peer: string) => peer === 'seed' },
    sizeOf: () => 100,
  })

  it('knows who gave each piece, who is asked, and how much went where', () => {
    const of = owner()
    const account = new PieceAccount(of, 0)
    account.told({ type: 'wake' }, 1, [
      { type: 'ask', peer: 'seed', piece: 1, load: 0 },
      { type: 'ask', peer: 'peer', piece: 2, load: 0 },
    ])
    expect([...account.asked]).to.deep.equal([
      [1, 'seed'],
      [2, 'peer'],
    ])
    account.told({ type: 'progress', peer: 'seed', piece: 1, bytes: 60 }, 2, [])
    account.told({ type: 'received', peer: 'seed', piece: 1, bytes: 100 }, 3, [])
    account.told({ type: 'received', peer: 'peer', piece: 2, bytes: 100 }, 3, [])
    // the same once more, from somebody else: the first one counts
    account.told({ type: 'received', peer: 'seed', piece: 2, bytes: 100 }, 3, [])
    of.counts.resumed = 100
    account.told({ type: 'stored', piece: 3 }, 4, [])
    account.told({ type: 'stored', piece: 4 }, 5, [])
    account.told({ type: 'served', peer: 'peer', piece: 1 }, 6, [])
    expect([1, 2, 3, 4].map(piece => account.sourceOf(piece))).to.deep.equal([
      SOURCE.seed,
      SOURCE.peer,
      SOURCE.store,
      SOURCE.origin,
    ])
    expect(account.asked.size).to.equal(0)
    expect(account.traffic.get('seed')).to.include({ received: 200, sent: 0 })
    expect(account.traffic.get('peer')).to.include({ received: 100, sent: 100 })
  })

  it('stops looking when nobody has asked for 30 s', () => {
    const of = owner()
    const account = new PieceAccount(of, 0)
    account.told({ type: 'wake' }, 30_000, [])
    expect(account.isLive).to.equal(true)
    account.lookedAt(30_000)
    account.told({ type: 'wake' }, 60_000, [])
    expect(of.observers.size).to.equal(1)
    account.told({ type: 'wake' }, 60_001, [])
    expect(of.observers.size).to.equal(0)
  })

  it('counts a bounded number of neighbours', () => {
    const account = new PieceAccount(owner(), 0)
    for (let i = 0; i < 1000; i++) account.told({ type: 'progress', peer: `p${i}`, piece: 0, bytes: 1 }, 1, [])
    expect(account.traffic.size).to.equal(64)
  })

  it('says of pieces from before where they came from only when there is one answer', () => {
    const one = owner()
    one.counts.fromOrigin = 100
    expect(new PieceAccount(one, 0).sourceOf(5)).to.equal(SOURCE.origin)
    one.counts.fromPeers = 100
    expect(new PieceAccount(one, 0).sourceOf(5)).to.equal(SOURCE.unseen)
  })
})

describe('the picture of pieces', () => {
  it('has a letter for each piece, or for several', () => {
    const sources = [SOURCE.origin, SOURCE.seed, SOURCE.peer, SOURCE.store, SOURCE.unseen]
    const pieces = {
      has: (piece: number) => piece < 5,
      sourceOf: (piece: number) => sources[piece] ?? SOURCE.unseen,
      isAsked: (piece: number) => piece === 5,
    }
    expect(ownCells({ ...pieces, count: 7 }, 240)).to.equal('OSPDDa.')
    const halves = { has: (piece: number) => piece < 3, sourceOf: () => SOURCE.seed, isAsked: () => false }
    expect(ownCells({ ...halves, count: 8 }, 4)).to.equal('Ss..')
    expect(ownCells({ ...halves, count: 0 }, 4)).to.equal('')
  })

  it('says none and all exactly, and everything else in between', () => {
    expect(densityCells(4, 240, () => true)).to.equal('9')
    expect(densityCells(4, 240, () => false)).to.equal('0')
    expect(densityCells(100, 4, piece => piece < 26)).to.equal('9100')
    expect(densityCells(100, 4, piece => piece !== 0)).to.equal('8999')
  })

  it('takes no more work for a million pieces', () => {
    let looks = 0
    const count = 1 << 20
    const has = () => ++looks > 0
    expect(densityCells(count, LIVE_BOUNDS.cells, has)).to.equal('9')
    expect(ownCells({ count, has, sourceOf: () => SOURCE.seed, isAsked: () => false }, LIVE_BOUNDS.cells)).to.equal(
      'S'.repeat(LIVE_BOUNDS.cells),
    )
    expect(looks).to.be.at.most(2 * 64 * LIVE_BOUNDS.cells)
  })
})
