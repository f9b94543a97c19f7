// The account of a download, from what its swarm was told: moments, bound, losses, givers, requests.
import { expect } from 'chai'
import fc from 'fast-check'
import { Timeline } from '../../src/node/account/timeline.ts'
import type { Explanation } from '../../src/node/api/explanation.ts'
import type { SwarmAction, SwarmEvent } from '../../src/swarm/events.ts'

/** Bytes of a piece. */
const PIECE = 1000
/** When the download was asked for, on the clock of the events. */
const BEGUN = 5000

/** A download as told step by step; times are milliseconds from its start. */
class Told {
  readonly counts = { fromOrigin: 0, fromPeers: 0, fromSeeds: 0, resumed: 0 }
  readonly timeline: Timeline

  constructor(already = 0) {
    this.counts.fromPeers = already
    this.timeline = new Timeline(BEGUN, this.counts)
  }

  at(t: number, event: SwarmEvent, ...actions: SwarmAction[]): this {
    this.timeline.told(event, BEGUN + t, actions)
    return this
  }

  manifest(t: number, count: number, sealed = true): this {
    return this.at(t, { type: 'manifest', count, sealed })
  }

  joined(t: number, peer: string, kind: 'peer' | 'seed' | 'origin' = 'peer'): this {
    return this.at(t, { type: 'joined', peer, kind })
  }

  asks(t: number, peer: string, ...pieces: number[]): this {
    return this.at(t, { type: 'wake' }, ...pieces.map(piece => ({ type: 'ask', peer, piece, load: 0 }) as const))
  }

  progress(t: number, peer: string, piece: number, bytes: number): this {
    return this.at(t, { type: 'progress', peer, piece, bytes })
  }

  received(t: number, peer: string, piece: number, source: keyof Told['counts'] | 'again' = 'fromPeers'): this {
    if (source !== 'again') this.counts[source] += PIECE
    return this.at(t, { type: 'received', peer, piece, bytes: PIECE })
  }

  /** One frame of the whole piece, and the piece. */
  piece(t: number, peer: string, piece: number, source: keyof Told['counts'] | 'again' = 'fromPeers'): this {
    return this.progress(t, peer, piece, PIECE).received(t, peer, piece, source)
  }

  end(t: number, unreachable = 0): Explanation {
    return this.timeline.explain(BEGUN + t, { unreachable, busy: 0.25 })
  }
}

/** 100 pieces from one peer, one each 100 ms from 500 on, asked for at 400; known at 300, over at 10,900. */
function even(): Told {
  const told = new Told()
    .manifest(300, 100)
    .joined(350, 'a')
    .asks(400, 'a', ...Array(100).keys())
  for (let i = 0; i < 100; i++) told.piece(500 + 100 * i, 'a', i)
  return told
}

function sumOf(explain: Explanation): number {
  return Object.values(explain.lost).reduce((sum, s) => sum + s, explain.bound)
}

describe('node: the account of a download', () => {
  it('puts every second down to the bound or to a cause', () => {
    const explain = even().end(10_900)
    expect(explain.bestRate).to.equal(10 * PIECE)
    expect(explain.bound).to.equal(10)
    expect(explain.efficiency).to.equal(0.917)
    expect(explain.at).to.deep.equal({
      manifest: 0.3,
      neighbour: 0.35,
      firstPiece: 0.5,
      half: 5.4,
      tail: 9.9,
      lastPiece: 10.4,
      sealed: 0.3,
      hereWhenSealed: 0,
    })
    expect(explain.lost).to.deep.equal({ finding: 0.3, firstPiece: 0.1, middle: 0, tail: 0, wasted: 0, finish: 0.5 })
  })

  it('sees a slow middle and a slow tail', () => {
    const told = new Told()
      .manifest(0, 100)
      .joined(0, 'a')
      .asks(0, 'a', ...Array(100).keys())
    let t = 0
    // 40 at ten a second, 55 at five a second, 5 at one a second
    for (let i = 0; i < 100; i++) {
      t += i < 40 ? 100 : i < 95 ? 200 : 1000
      told.piece(t, 'a', i)
    }
    const { lost, bound, at } = told.end(t)
    expect(bound).to.equal(10)
    expect(at).to.include({ half: 6, tail: 15, lastPiece: 20 })
    expect(lost).to.deep.equal({ finding: 0, firstPiece: 0, middle: 5.5, tail: 4.5, wasted: 0, finish: 0 })
  })

  it('takes the best second, not the best moment', () => {
    const told = new Told()
      .manifest(0, 40)
      .joined(0, 'a')
      .asks(0, 'a', ...Array(40).keys())
    // 20 at once, as from a buffer, then ten a second
    for (let i = 0; i < 40; i++) told.piece(i < 20 ? 2000 : 2000 + 100 * (i - 19), 'a', i)
    expect(told.end(4000).bestRate).to.be.within(20 * PIECE, 30 * PIECE)
  })

  it('is not misled by a source that gives in bursts', () => {
    const told = new Told()
      .manifest(0, 80)
      .joined(0, 'a')
      .asks(0, 'a', ...Array(80).keys())
    // two pieces at the start of every second, which comes a little early
    for (let i = 0; i < 80; i++) told.piece(990 * (1 + Math.floor(i / 2)), 'a', i)
    const { bestRate, bestOver, silence } = told.end(40_000)
    expect(bestOver).to.equal(3.96)
    expect(bestRate).to.be.within(2 * PIECE, 2.6 * PIECE)
    expect(silence.total).to.equal(0)
  })

  it('says who gave what, most first, and what came over time', () => {
    const told = new Told().manifest(0, 10).joined(0, 'p').joined(0, 's', 'seed').joined(0, 'origin', 'origin')
    told.asks(0, 'p', 0, 1, 2).asks(0, 's', 3).asks(0, 'origin', 4)
    told.piece(100, 'p', 0).piece(200, 'p', 1).piece(900, 'p', 2).piece(950, 's', 3, 'fromSeeds')
    // a range of the origin tells no progress: it came between the asking and now
    told.received(1000, 'origin', 4, 'fromOrigin')
    const { givers, series } = told.end(1500)
    expect(givers).to.deep.equal([
      { kind: 'peer', peer: 'p', bytes: 3 * PIECE },
      { kind: 'seed', peer: 's', bytes: PIECE },
      { kind: 'origin', peer: undefined, bytes: PIECE },
    ])
    expect(series.seconds).to.equal(0.25)
    expect(series.peers).to.deep.equal([8000, 0, 0, 4000, 0, 0])
    expect(series.seeds).to.deep.equal([0, 0, 0, 4000, 0, 0])
    expect(series.origin).to.deep.equal([1000, 1000, 1000, 1000, 0, 0])
    expect(series.neighbours).to.deep.equal([2, 2, 2, 2, 2, 2])
  })

  it('counts a read of our own by what comes in, and its pieces once', () => {
    const told = new Told().manifest(100, 0, false)
    for (let i = 0; i < 4; i++) {
      told.timeline.read(600, BEGUN + 200 + 100 * i)
      told.timeline.read(400, BEGUN + 250 + 100 * i)
      told.counts.fromOrigin += PIECE
      told.at(260 + 100 * i, { type: 'stored', piece: i })
    }
    const explain = told.manifest(600, 4).end(700)
    expect(explain.givers).to.deep.equal([{ kind: 'origin', peer: undefined, bytes: 4 * PIECE }])
    expect(explain.requests).to.include({ asked: 0, wastedBytes: 0, duplicates: 0 })
    expect(explain.at).to.include({ sealed: 0.6, hereWhenSealed: 1, neighbour: undefined })
    expect(sumOf(explain)).to.be.closeTo(0.7, 0.002)
  })

  it('knows what was here from an earlier try, and that nothing else was needed', () => {
    const told = new Told().manifest(50, 2)
    for (const piece of [0, 1]) {
      told.counts.resumed += PIECE
      told.at(60, { type: 'stored', piece })
    }
    const explain = told.end(200)
    expect(explain).to.include({ bestRate: 0, bound: 0, efficiency: undefined })
    expect(explain.givers).to.deep.equal([])
    expect(explain.at.firstPiece).to.equal(undefined)
    expect(sumOf(explain)).to.be.closeTo(0.2, 0.001)
  })

  it('begins to count where it begins to look: the session may be shared', () => {
    const told = new Told(50 * PIECE).joined(0, 'a').asks(0, 'a', 60)
    const explain = told.piece(400, 'a', 60).end(500)
    expect(explain.bound).to.be.closeTo(0.4, 0.001)
    expect(explain.givers[0]?.bytes).to.equal(PIECE)
  })

  it('tells requests by how they ended', () => {
    const told = new Told().manifest(0, 10).joined(0, 'a').joined(0, 'b').joined(0, 's', 'seed')
    told.asks(0, 'a', 0, 1).asks(0, 's', 2).asks(10, 'b', 3)
    // hedged: a second neighbour while the first is asked
    told.asks(20, 'b', 0)
    // moved: a peer says that it has what the seed was asked for
    const moves = [{ type: 'cancel', peer: 's', piece: 2 } as const, { type: 'ask', peer: 'a', piece: 2, load: 0 } as const]
    told.at(30, { type: 'have', peer: 'a', pieces: [2], queue: 0 }, ...moves)
    // snubbed: taken from who is silent
    told.at(40, { type: 'wake' }, { type: 'cancel', peer: 'b', piece: 3 }, { type: 'ask', peer: 'a', piece: 3, load: 0 })
    // the first of two copies calls the other back: that is no snub
    const back = { type: 'cancel', peer: 'b', piece: 0 } as const
    told.progress(50, 'b', 0, 300).progress(60, 'a', 0, PIECE)
    told.counts.fromPeers += PIECE
    told.at(60, { type: 'received', peer: 'a', piece: 0, bytes: PIECE }, back)
    told.at(70, { type: 'refused', peer: 'a', piece: 1, forever: false })
    told.piece(80, 'a', 2).piece(90, 'a', 3).received(95, 'b', 3, 'again')
    const { requests } = told.end(100)
    expect(requests).to.deep.equal({
      asked: 7,
      hedged: 1,
      moved: 1,
      snubbed: 1,
      refused: 1,
      duplicates: 1,
      wastedBytes: 300 + PIECE,
    })
  })

  it('charges bytes that came for nothing', () => {
    const told = even()
    for (let i = 0; i < 20; i++) told.piece(10_450 + i, 'b', i, 'again')
    const spoilt = even().joined(450, 'b').progress(5000, 'b', 7, 500).at(5001, { type: 'corrupt', peer: 'b', piece: 7 })
    expect(told.end(11_000).requests).to.include({ wastedBytes: 20 * PIECE, duplicates: 20 })
    expect(spoilt.end(10_900).requests.wastedBytes).to.equal(500)
    expect(spoilt.end(10_900).lost.wasted).to.be.above(0)
  })

  it('measures neighbours and silence', () => {
    const told = new Told().manifest(0, 10).joined(1000, 'a').joined(1500, 'b').joined(1500, 'origin', 'origin')
    told.asks(1500, 'a', 0, 1, 2).piece(2000, 'a', 0).at(2000, { type: 'left', peer: 'b' })
    told.piece(2400, 'a', 1).piece(4400, 'a', 2).piece(5600, 'a', 3)
    const { neighbours, silence, at } = told.end(6000, 3)
    expect(at.neighbour).to.equal(1)
    // one for half a second, two for half a second, one for 3.6: 5.1 in 4.6
    expect(neighbours).to.deep.equal({ most: 2, unreachable: 3, mean: 1.1 })
    expect(silence).to.deep.equal({ total: 3.2, longest: 2 })
  })

  it('is told of a content that grows while the origin is read', () => {
    const told = new Told().manifest(0, 1, false).joined(0, 's', 'seed').asks(0, 's', 0, 1, 2, 3)
    for (let i = 0; i < 3; i++) told.piece(1000 * (i + 1), 's', i, 'fromSeeds').manifest(1000 * (i + 1), i + 2, false)
    const { at } = told.manifest(3500, 4).piece(4000, 's', 3, 'fromSeeds').end(4000)
    expect(at).to.include({ sealed: 3.5, hereWhenSealed: 0.75 })
  })

  it('stays small however long it takes', () => {
    const told = new Told().manifest(0, 20_000).joined(0, 'a')
    // a day with one piece each four seconds, from ever new neighbours
    for (let i = 0; i < 20_000; i++)
      told
        .joined(4000 * i, `n${i}`)
        .asks(4000 * i, `n${i}`, i)
        .piece(4000 * i + 3000, `n${i}`, i)
    const explain = told.end(80_000_000)
    expect(explain.givers).to.have.length(16)
    for (const track of [explain.series.peers, explain.series.neighbours]) expect(track).to.have.length.within(600, 1200)
    expect(explain.at.half).to.be.closeTo(40_000, 400)
    expect(explain.at.tail).to.be.closeTo(76_000, 400)
    expect(sumOf(explain)).to.be.closeTo(80_000, 0.01)
    expect(JSON.stringify(explain)).to.have.length.below(40_000)
  })

  it('adds up, whatever happens', () => {
    const step = fc.record({
      gap: fc.double({ min: 0, max: 3000, noNaN: true }),
      peer: fc.constantFrom('a', 's', 'origin'),
      piece: fc.nat(40),
      what: fc.constantFrom('ask', 'frame', 'piece', 'again', 'read', 'refused', 'left', 'sealed'),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), steps => {
        const told = new Told().manifest(10, 40, false).joined(20, 'a').joined(30, 's', 'seed').joined(40, 'origin', 'origin')
        let t = 50
        const has = new Set<number>()
        for (const { gap, peer, piece, what } of steps) {
          t += gap
          const isNew = !has.has(piece)
          if (what === 'ask') told.asks(t, peer, piece)
          if (what === 'frame') told.progress(t, peer, piece, 500)
          if (what === 'piece') told.received(t, peer, piece, isNew ? 'fromPeers' : 'again')
          if (what === 'piece') has.add(piece)
          if (what === 'read') told.timeline.read(700, BEGUN + t)
          if (what === 'refused') told.at(t, { type: 'refused', peer, piece, forever: true })
          if (what === 'left') told.at(t, { type: 'left', peer })
          if (what === 'sealed') told.manifest(t, 41)
        }
        const explain = told.end(t + 5)
        expect(sumOf(explain)).to.be.closeTo((t + 5) / 1000, 0.005)
        for (const lost of Object.values(explain.lost)) expect(lost).to.be.at.least(0)
        expect(explain.efficiency ?? 1).to.be.within(0, 1)
        expect(explain.givers.reduce((sum, g) => sum + g.bytes, 0)).to.equal(has.size * PIECE)
      }),
    )
  })
})
