// Neighbours that are silent, busy, gone or lying; late pieces; and the origin as the last way out.
import { expect } from 'chai'
import { DEFAULT_POLICY } from '../../src/swarm/events.ts'
import { Neighbour } from '../../src/swarm/neighbour.ts'
import { PIECE_LENGTH, Table } from './table.ts'

describe('swarm: neighbours in trouble', () => {
  it('gives what a leaver was asked for to another', () => {
    const t = new Table({ mine: '00', others: { a: '11' } })
    t.take()
    t.joins('b', '11')
    expect(t.tell({ type: 'left', peer: 'a' }).takeSorted()).to.equal('ask b 0, ask b 1')
  })

  it('keeps a piece whose sender left before it was checked', () => {
    const t = new Table({ mine: '0', others: { a: '1' } })
    t.take()
    expect(t.tell({ type: 'left', peer: 'a' }).receives(0, 'a').take()).to.equal('announce 0')
    expect(t.swarm.isComplete).to.equal(true)
  })

  it('asks elsewhere after a silence', () => {
    const t = new Table({ mine: '0', others: { a: '1' }, policy: { hedgeMs: 1e9 } })
    t.joins('b', '1').take()
    expect(t.wait(4999).take()).to.equal('')
    expect(t.wait(1).take()).to.equal('cancel a 0, snub a silent, ask b 0')
  })

  it('progress is a sign of life', () => {
    const t = new Table({ mine: '0', others: { a: '1' } })
    t.take()
    for (let i = 0; i < 10; i++) t.wait(4000).tell({ type: 'progress', peer: 'a', piece: 0, bytes: 100 })
    expect(t.take()).to.equal('')
  })

  it('a byte now and then is none', () => {
    const t = new Table({ mine: '0', others: { a: '1' }, policy: { hedgeMs: 1e9 } })
    t.take()
    // what begins is one, once
    t.tell({ type: 'progress', peer: 'a', piece: 0, bytes: 1 }).joins('b', '1')
    for (let i = 0; i < 3; i++) t.wait(1000).tell({ type: 'progress', peer: 'a', piece: 0, bytes: 1 })
    expect(t.take()).to.equal('')
    expect(t.wait(2000).take()).to.equal('cancel a 0, snub a silent, ask b 0')
  })

  it('who sends just enough to seem alive is waited for no longer than others take: what it owes is asked for elsewhere', () => {
    const trickle = ['a', 'b', 'c', 'd']
    const have = '1'.repeat(24)
    const t = new Table({ mine: '0'.repeat(24), others: Object.fromEntries(trickle.map(peer => [peer, have])) })
    t.joins('S', have)
    const owed = new Map<number, Set<string>>()
    const look = () => {
      for (const [, peer = '', piece] of t.take().matchAll(/ask (\w) (\d+)/g)) {
        if (peer === 'S') t.receives(Number(piece), 'S')
        else owed.set(Number(piece), (owed.get(Number(piece)) ?? new Set()).add(peer))
      }
    }
    for (let s = 0; s < 60 && !t.swarm.isComplete; s++) {
      t.wait(1000)
      for (const [piece, peers] of owed) for (const peer of peers) t.tell({ type: 'progress', peer, piece, bytes: 20 })
      for (let i = 0; i < 30; i++) look()
    }
    expect(t.swarm.isComplete).to.equal(true)
    expect(t.now).to.be.below(15_000)
  })

  it('a piece of which one byte has come is late as soon as one that has not begun', () => {
    const late = (bytes: number) => {
      const t = new Table({ mine: '0', others: { a: '1' } })
      t.take()
      t.tell({ type: 'progress', peer: 'a', piece: 0, bytes }).joins('S', '1')
      while (!t.wait(100).take().includes('ask S 0')) if (t.now > 60_000) throw new Error('never late')
      return t.now
    }
    expect(late(1)).to.equal(1000)
    expect(late(Math.ceil(PIECE_LENGTH / 16))).to.equal(2000)
  })

  it('a late piece waits for those who have shown that they give, though others are idle', () => {
    const policy = { hedgeMs: 100, maxWindow: 2 }
    const t = new Table({ mine: '000', others: { a: '100' }, policy })
    t.take()
    t.joins('S', '111')
    expect(t.take()).to.match(/ask S 1, ask S 2|ask S 2, ask S 1/)
    t.joins('b', '100')
    t.wait(400)
    expect(t.take()).to.equal('')
    expect(t.receives(1, 'S').wait(1).take()).to.include('ask S 0')
  })

  it('a peer that let us down comes after seeds and before the origin, until it gives a piece', () => {
    const [peer, seed, origin] = [
      new Neighbour('a', 'peer'),
      new Neighbour('S', 'seed'),
      new Neighbour('origin', 'origin'),
    ] as const
    const order = () => [peer, seed, origin].toSorted((x, y) => x.rank - y.rank).map(n => n.kind)
    expect(order()).to.deep.equal(['peer', 'seed', 'origin'])
    peer.backOff(DEFAULT_POLICY, 0, 'silent')
    expect(order()).to.deep.equal(['seed', 'peer', 'origin'])
    peer.delivered(undefined, PIECE_LENGTH, 1000)
    expect(order()).to.deep.equal(['peer', 'seed', 'origin'])
  })

  it('asks the silent one again after a pause that doubles up to a bound', () => {
    const t = new Table({ mine: '0', others: { a: '1' }, policy: { snubMs: 100, backOffMs: 1000, maxBackOffMs: 4000 } })
    const asked: number[] = []
    const end = 30_000
    for (t.take(); t.now < end; ) if (t.wait(50).take().includes('ask a 0')) asked.push(t.now)
    const gaps = asked.slice(1).map((at, i) => at - (asked[i] as number))
    const pauses = gaps.map(gap => Math.round((gap - 100) / 1000))
    expect(pauses.slice(0, 5)).to.deep.equal([2, 4, 4, 4, 4])
  })

  it('heals with the first piece that comes', () => {
    const t = new Table({ mine: '00', others: { a: '11' }, policy: { snubMs: 100, minWindow: 1, maxWindow: 1 } })
    t.take()
    expect(t.wait(100).take()).to.match(/^cancel a \d, snub a silent$/)
    const piece = 1
    expect(t.receives(piece, 'a').take()).to.equal('announce 1, ask a 0')
    t.wait(99)
    expect(t.take()).to.equal('')
    t.wait(1).take()
    expect(t.wait(900).take(), 'the pause begins small again').to.equal('')
    expect(t.wait(250).take()).to.equal('ask a 0')
  })

  it('a busy neighbour is left alone for a while', () => {
    const t = new Table({ mine: '0', others: { a: '1' } })
    t.take()
    expect(t.tell({ type: 'refused', peer: 'a', piece: 0, forever: false }).take()).to.equal('snub a busy')
    expect(t.wait(999).take()).to.equal('')
    expect(t.wait(251).take()).to.equal('ask a 0')
  })

  it('who lacks a piece is not asked for it again, but for others', () => {
    const t = new Table({ mine: '00', others: { a: '11' } })
    t.take()
    expect(t.tell({ type: 'refused', peer: 'a', piece: 0, forever: true }).take()).to.equal('')
    expect(t.wait(4000).take()).to.equal('')
    expect(t.receives(1, 'a').take()).to.equal('announce 1')
    expect(t.has('a', 0).take(), 'until it says that it has it').to.equal('ask a 0')
  })

  it('bans a proven liar, moves its requests, and does not let it in again', () => {
    const t = new Table({ mine: '00', others: { a: '11' } })
    t.joins('b', '11').take()
    const said = t.tell({ type: 'corrupt', peer: 'a', piece: 0 }).takeSorted()
    expect(said).to.equal('ask b 0, ask b 1, ban a 0')
    expect(t.swarm.isBanned('a')).to.equal(true)
    t.joins('a', '11').tell({ type: 'left', peer: 'b' })
    expect(t.wait(20_000).take()).to.equal('')
    expect(t.requests('a', 0).take()).to.equal('')
  })

  it('bans a liar that left before its piece was checked, once', () => {
    const t = new Table({ mine: '0', others: { a: '1' } })
    t.tell({ type: 'left', peer: 'a' }).take()
    expect(t.tell({ type: 'corrupt', peer: 'a', piece: 0 }).take()).to.equal('ban a 0')
    expect(t.tell({ type: 'corrupt', peer: 'a', piece: 1 }).take()).to.equal('')
    expect(t.joins('a', '1').take()).to.equal('')
  })
})

describe('swarm: late pieces', () => {
  it('asks a second holder at the end, and calls the loser back', () => {
    const t = new Table({ mine: '0', others: { a: '1' } })
    t.joins('b', '1').take()
    expect(t.wait(999).take()).to.equal('')
    expect(t.wait(251).take()).to.equal('ask b 0')
    expect(t.wait(2000).take(), 'no third one').to.equal('')
    expect(t.receives(0, 'b').take()).to.equal('cancel a 0, announce 0')
  })

  it('does not ask twice while there are pieces that nobody was asked for', () => {
    const policy = { minWindow: 1, maxWindow: 1, snubMs: 1e9 }
    const t = new Table({ mine: '00', others: { a: '10' }, policy })
    t.joins('b', '10').take()
    expect(t.wait(10_000).take()).to.equal('')
  })

  it('a piece that we got by other means is called back', () => {
    const t = new Table({ mine: '0', others: { a: '1' } })
    t.take()
    expect(t.tell({ type: 'stored', piece: 0 }).take()).to.equal('cancel a 0, announce 0')
    expect(t.receives(0, 'a').take(), 'it came all the same').to.equal('')
  })
})

describe('swarm: seeds and the origin', () => {
  it('relieves the seed when a peer has the piece', () => {
    const t = new Table({ mine: '0', others: { S: '1', a: '0' } })
    expect(t.take()).to.equal('ask S 0')
    expect(t.has('a', 0).take()).to.equal('cancel S 0, ask a 0')
  })

  it('lets the seed finish what it has begun', () => {
    const t = new Table({ mine: '0', others: { S: '1', a: '0' } })
    t.tell({ type: 'progress', peer: 'S', piece: 0, bytes: 1 }).take()
    expect(t.has('a', 0).take()).to.equal('')
  })

  it('does not push more on a peer than its window', () => {
    const t = new Table({ mine: '00', others: { S: '11', a: '00' }, policy: { minWindow: 1, maxWindow: 1 } })
    const [asked] = t.take().match(/\d/) as RegExpMatchArray
    t.has('a', 1 - Number(asked)).take()
    expect(t.has('a', Number(asked)).take()).to.equal('')
  })

  for (const [name, others, reads] of [
    ['as long as the seed lives that may have it', { S1: '1', O: '1' }, false],
    ['although a seed lives that lacks it, too, when the one that has it is mute', { S1: '1', S2: '0', O: '1' }, true],
  ] as const) {
    it(`${reads ? 'reads' : 'leaves'} the origin ${name}`, () => {
      const t = new Table({ mine: '0', others })
      for (let i = 0; i < 4; i++) t.tell({ type: 'patience', ms: 9000, handoverMs: 0 }).wait(5000)
      expect(t.take().includes('ask O 0')).to.equal(reads)
    })
  }

  for (const [name, others, patience] of [
    ['with a peer that has nothing either', { O: '1', a: '0' }, 1000],
    ['alone', { O: '1' }, 1000],
    ['with a seed', { O: '1', S: '0' }, 4000],
  ] as const) {
    it(`reads the origin by range after ${patience / 1000} s without progress ${name}`, () => {
      const t = new Table({ mine: '0', others, policy: { turnMs: 0 } })
      expect(t.wait(patience - 1).take()).to.equal('')
      expect(t.wait(1).take()).to.equal('ask O 0')
    })
  }

  it('asks the origin for nothing more once the swarm moves', () => {
    const t = new Table({
      mine: '000',
      others: { O: '111', a: '000', S: '000' },
      policy: { minWindow: 1, maxWindow: 1, turnMs: 0 },
    })
    t.wait(4000)
    const first = Number((t.take().match(/^ask O (\d)$/) as RegExpMatchArray)[1])
    const rest = [0, 1, 2].filter(p => p !== first)
    t.has('a', rest[0] as number)
    t.receives(rest[0] as number, 'a').take()
    expect(t.receives(first, 'O').take()).to.equal(`announce ${first}`)
    expect(t.wait(3999).take()).to.equal('')
    expect(t.wait(1).take()).to.equal(`ask O ${rest[1]}`)
  })

  it('goes on with the origin as long as nobody else delivers', () => {
    const t = new Table({ mine: '00', others: { O: '11' }, policy: { minWindow: 1, maxWindow: 1 } })
    t.wait(1000)
    const first = Number((t.take().match(/^ask O (\d)$/) as RegExpMatchArray)[1])
    expect(t.receives(first, 'O').take()).to.equal(`announce ${first}, ask O ${1 - first}`)
  })
})

describe('swarm: who reads the origin', () => {
  /** Pieces that each of these peers asks the origin for when nobody has anything and nothing moves for `ms`. */
  function readers(peers: readonly string[], pieces: number, ms: number): string[][] {
    return peers.map(self => {
      const others = Object.fromEntries(peers.filter(p => p !== self).map(p => [p, '0'.repeat(pieces)]))
      const policy = { minWindow: pieces, maxWindow: pieces, snubMs: 1e9 }
      const t = new Table({ self, mine: '0'.repeat(pieces), others: { ...others, O: '1'.repeat(pieces) }, policy })
      t.wait(ms)
      return t.takeSorted('ask O').split(', ').filter(Boolean)
    })
  }

  it('shares the pieces out among all who lack them, each to one', () => {
    const asked = readers(['a', 'b', 'c', 'd'], 16, 1000)
    expect(asked.flat().toSorted()).to.deep.equal(Array.from({ length: 16 }, (_, i) => `ask O ${i}`).toSorted())
    for (const own of asked) expect(own).to.have.length.within(1, 8)
  })

  it('lets the next one try when the first does not', () => {
    const asked = readers(['a', 'b', 'c'], 8, 3000)
    expect(asked.flat()).to.have.length(16)
  })

  it('leaves a piece that a neighbour has to that neighbour for a while', () => {
    const t = new Table({ mine: '0', others: { O: '1', a: '1' }, policy: { snubMs: 1000 } })
    t.take()
    expect(t.wait(4000 + 7999).take('ask O')).to.equal('')
    expect(t.wait(1).take('ask O')).to.equal('ask O 0')
  })
})

describe('swarm: a seed that is silent, but lives', () => {
  const policy = { snubMs: 1000 }

  it('is waited for: then the turns at the origin begin, and not all of them at once', () => {
    const t = new Table({ mine: '0000000000000000', others: { O: '1'.repeat(16), S: '1'.repeat(16), a: '0'.repeat(16) }, policy })
    t.take()
    t.tell({ type: 'patience', ms: 30_000, handoverMs: 0 })
    expect(t.wait(29_999).take('ask O')).to.equal('')
    const first = t.wait(1500).take('ask O').match(/ask O/g) ?? []
    expect(first).to.have.length.within(1, 12)
  })

  it('not when it has nothing of what is missing, nor when it is known to be gone', () => {
    const idle = new Table({ mine: '0', others: { O: '1', S: '0', a: '0' } })
    idle.take()
    idle.tell({ type: 'patience', ms: 30_000, handoverMs: 0 })
    expect(idle.wait(12_000).take('ask O')).to.match(/^ask O 0/)
    const gone = new Table({ mine: '0', others: { O: '1', S: '1' }, policy })
    gone.take()
    gone.tell({ type: 'patience', ms: 30_000, handoverMs: 0 })
    expect(gone.wait(6000).take('ask O')).to.equal('')
    gone.tell({ type: 'patience', ms: 0, handoverMs: 0 })
    expect(gone.wait(300).take('ask O')).to.equal('ask O 0')
  })

  it('while another one takes over the origin is left alone, although nobody has what is missing', () => {
    const t = new Table({ mine: '0', others: { O: '1', S: '0', a: '0' } })
    t.take()
    t.tell({ type: 'patience', ms: 0, handoverMs: 8000 })
    expect(t.wait(7999).take('ask O')).to.equal('')
    expect(t.wait(4000).take('ask O')).to.match(/^ask O 0/)
  })
})

describe('swarm: pieces that only the lost seeds had', () => {
  const LOST = { type: 'patience', ms: 0, handoverMs: 0, areLost: true } as const
  /** `a` gives a piece every 800 ms, so that nobody is ever silent. */
  function trickling(more: Record<string, string> = {}) {
    const policy = { minWindow: 64, maxWindow: 64, snubMs: 1e9, hedgeMs: 1e9 }
    const t = new Table({ mine: '0'.repeat(64), others: { O: '1'.repeat(64), a: '0'.repeat(64), ...more }, policy })
    t.take()
    return (lost: boolean, ms: number) => {
      if (lost) t.tell(LOST)
      for (let i = 0; i * 800 < ms; i++) {
        t.tell({ type: 'have', peer: 'a', pieces: [i], queue: 0 })
        t.wait(400)
        t.tell({ type: 'received', peer: 'a', piece: i, bytes: 1 })
        t.wait(400)
      }
      return new Set(t.take('ask O').match(/ask O \d+/g) ?? [])
    }
  }

  it('are read by turns once the peers have had nothing else for a second, though they give some now and then', () => {
    const asked = trickling()(true, 8000)
    // about a half each, as `a` has none of them either
    expect(asked.size).to.be.within(16, 48)
  })

  it('not while a seed may come back, nor where a neighbour has them', () => {
    expect(trickling()(false, 8000).size).to.equal(0)
    const held = trickling({ b: `${'0'.repeat(16)}${'1'.repeat(48)}` })(true, 8000)
    for (const ask of held) expect(Number(ask.split(' ')[2])).to.be.below(16)
  })
})

describe('swarm: an origin that is faster than the swarm', () => {
  const PIECES = 120
  const ALL = '1'.repeat(PIECES)

  /** Gets 2 bytes a millisecond from `giver` for 11 s, until that is judged, and goes on. */
  function moving(giver: string, others: Record<string, string> = {}) {
    const policy = { minWindow: 2, maxWindow: 2, snubMs: 1e9, hedgeMs: 1e9 }
    const t = new Table({ mine: '0'.repeat(PIECES), others: { O: ALL, [giver]: ALL, ...others }, policy })
    const asked: number[] = []
    const atOrigin: number[] = []
    const note = () => {
      for (const said of t.take().split(', ')) {
        const [what, whom, piece] = said.split(' ')
        if (what === 'ask') (whom === 'O' ? atOrigin : asked).push(Number(piece))
      }
    }
    const origins = () => {
      note()
      return atOrigin.splice(0)
    }
    /** Two seconds by default, 500 ms for each piece. */
    const go = (pieces = 4) => {
      for (let i = 0; i < pieces; i++) {
        note()
        t.receives(asked.shift() as number, giver).wait(500)
      }
      return origins()
    }
    go(22)
    const rate = (rate: number, peers: number) => t.tell({ type: 'origin-rate', rate, peers })
    return { t, go, rate, origins }
  }

  it('is read where only seeds have what is missing, after a second of that', () => {
    const { t, go, rate, origins } = moving('S')
    rate(3.1, 1)
    t.wait(900)
    expect(origins(), 'not at once').to.deep.equal([])
    expect(go(2)).to.have.length(2)
  })

  it('is left alone when it is no faster than one and a half times the swarm, shared by who may read it', () => {
    for (const [told, peers] of [
      [2.9, 1],
      [11.9, 4],
      [11.9, 5],
    ] as const) {
      const { go, rate } = moving('S')
      rate(told, peers)
      expect(go(), `${told} for ${peers}`).to.deep.equal([])
    }
    const { go, rate } = moving('S')
    rate(13, 4)
    expect(go()).to.have.length(2)
  })

  it('is left to others in a large swarm', () => {
    const { go, rate } = moving('S')
    rate(1e6, 1_000_000_000)
    expect(go()).to.deep.equal([])
  })

  it('is left alone while a peer has what nobody was asked for', () => {
    const { go, rate } = moving('a')
    rate(1e6, 1)
    expect(go()).to.deep.equal([])
  })

  it('is not read for a rate that is none', () => {
    const { go, rate } = moving('S')
    for (const none of [0, -1, Number.NaN, Infinity]) rate(none, 1)
    rate(10, Number.NaN)
    expect(go()).to.deep.equal([])
  })

  it('goes on when it proves faster, and never asks for a piece twice', () => {
    const { t, go, rate } = moving('S')
    rate(1e6, 1)
    let asked = go()
    const read = new Set<number>()
    for (let i = 0; i < 20; i++) {
      for (const piece of asked) {
        expect(read.has(piece)).to.equal(false)
        read.add(piece)
        t.wait(100).receives(piece, 'O')
      }
      asked = go(1)
    }
    expect(read.size).to.be.above(30)
  })

  it('is left alone for a while when it gives us no more than the swarm does', () => {
    const { t, go, rate, origins } = moving('S')
    rate(1e6, 1)
    const read: number[] = []
    for (let asked = go(); asked.length > 0 && read.length < 20; asked = [...asked.slice(1), ...origins()]) {
      read.push(asked[0] as number)
      t.receives(asked[0] as number, 'O')
      asked.push(...go(1))
    }
    expect(read.length, 'a first one, four to judge by, and what was under way').to.be.within(5, 7)
    expect(go(), 'no more for now').to.deep.equal([])
  })
})
