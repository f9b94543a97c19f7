// Whom we serve, and when: slots, the queue and its limits, and a seed's duty to send each piece once before any twice.
import { expect } from 'chai'
import { DEFAULT_POLICY } from '../../src/swarm/events.ts'
import { Table } from './table.ts'

describe('swarm: serving', () => {
  it('serves what it has, refuses what it lacks, ignores strangers', () => {
    const t = new Table({ mine: '10', others: { a: '00' } })
    expect(t.requests('a', 0).take()).to.equal('serve a 0')
    expect(t.requests('a', 1).take()).to.equal('refuse a 1 missing')
    expect(t.requests('a', 7).take()).to.equal('refuse a 7 missing')
    expect(t.requests('stranger', 0).take()).to.equal('')
  })

  it('takes the same request once', () => {
    const t = new Table({ mine: '11', others: { a: '00' }, policy: { slotsPerPeer: 1 } })
    expect(t.requests('a', 0, 1, 1).take()).to.equal('serve a 0')
    expect(t.swarm.queue).to.equal(1)
  })

  it('sends a piece again to who called it back too late, and asks anew before it has said that it threw it away', () => {
    const t = new Table({ mine: '1', others: { a: '0' }, policy: { uploadSlots: 4, slotsPerPeer: 4 } })
    expect(t.requests('a', 0).take()).to.equal('serve a 0')
    expect(t.tell({ type: 'cancel', peer: 'a', piece: 0 }).requests('a', 0).take(), 'not while it is being sent').to.equal('')
    expect(t.tell({ type: 'served', peer: 'a', piece: 0 }).take()).to.equal('serve a 0')
    expect(t.tell({ type: 'served', peer: 'a', piece: 0 }).take()).to.equal('')
  })

  it('keeps to its slots, in all and per neighbour', () => {
    const t = new Table({ mine: '1111', others: { a: '0', b: '0', c: '0' }, policy: { uploadSlots: 3, slotsPerPeer: 2 } })
    expect(t.requests('a', 0, 1, 2).requests('b', 0).requests('c', 0).take()).to.equal('serve a 0, serve a 1, serve b 0')
    expect(t.tell({ type: 'served', peer: 'b', piece: 0 }).take()).to.equal('serve c 0')
    expect(t.tell({ type: 'served', peer: 'a', piece: 0 }).take(), 'not two to one while others get some').to.equal('')
    expect(t.tell({ type: 'served', peer: 'c', piece: 0 }).take()).to.equal('serve a 2')
  })

  it('serves those first who get nothing yet', () => {
    const t = new Table({ mine: '111', others: { a: '0', b: '0' }, policy: { uploadSlots: 2 } })
    t.requests('a', 0, 1, 2).requests('b', 0).take()
    expect(t.tell({ type: 'served', peer: 'a', piece: 1 }).take()).to.equal('serve b 0')
  })

  it('serves the hungriest first', () => {
    const t = new Table({ mine: '1', others: { a: '0', b: '0', c: '0' }, policy: { uploadSlots: 1 } })
    t.tell({ type: 'request', peer: 'a', piece: 0, load: 9 }).take()
    for (const [peer, load] of [
      ['b', 4],
      ['c', 2],
    ] as const)
      t.tell({ type: 'request', peer, piece: 0, load })
    expect(t.tell({ type: 'served', peer: 'a', piece: 0 }).take()).to.equal('serve c 0')
  })

  it('serves few idle receivers, who get it fast, but many busy ones, to keep the line full', () => {
    const serving = (load: number) => {
      const others = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`p${i}`, '0']))
      const t = new Table({ mine: '1', others, policy: { uploadSlots: 10, appetite: 3 } })
      for (const peer of Object.keys(others)) t.tell({ type: 'request', peer, piece: 0, load })
      return t.take().split(', ').length
    }
    expect([0, 1, 2, 3, 8].map(serving)).to.deep.equal([3, 3, 6, 9, 10])
  })

  it('has a bounded queue, in all and per neighbour', () => {
    const others = { a: '0', b: '0', c: '0' }
    const t = new Table({ mine: '111111', others, policy: { uploadSlots: 1, maxQueue: 3, maxQueuePerPeer: 2 } })
    expect(t.requests('a', 0, 1, 2, 3).take()).to.equal('serve a 0, refuse a 3 busy')
    expect(t.requests('b', 0).requests('c', 0).take()).to.equal('refuse c 0 busy')
    expect(t.swarm.queue).to.equal(3)
  })

  it('forgets what is called back and who leaves', () => {
    const t = new Table({ mine: '111', others: { a: '0', b: '0' }, policy: { uploadSlots: 1 } })
    t.requests('a', 0).requests('b', 0, 1, 2).tell({ type: 'cancel', peer: 'b', piece: 0 }).take()
    expect(t.tell({ type: 'left', peer: 'a' }).take(), 'the slot is free again').to.equal('serve b 1')
    expect(t.tell({ type: 'left', peer: 'b' }).swarm.queue).to.equal(0)
    expect(t.tell({ type: 'served', peer: 'b', piece: 1 }).take()).to.equal('')
  })

  it('announces every piece once', () => {
    const t = new Table({ mine: '0', others: { a: '1' } })
    t.take()
    expect(t.receives(0, 'a').receives(0, 'a').tell({ type: 'stored', piece: 0 }).take('announce')).to.equal('announce 0')
  })
})

describe('swarm: serving as a seed', () => {
  const others = { a: '00', b: '00', c: '00' }

  it('sends each piece once before any twice', () => {
    const t = new Table({ mine: '11', others, isSeed: true, policy: { uploadSlots: 1, secondCopyMs: 0, firstHaveMs: 0 } })
    t.requests('a', 0).requests('b', 0).requests('c', 1)
    expect(t.take()).to.equal('serve a 0')
    expect(t.tell({ type: 'served', peer: 'a', piece: 0 }).take()).to.equal('serve c 1')
    expect(t.tell({ type: 'served', peer: 'c', piece: 1 }).take()).to.equal('serve b 0')
  })

  it('waits with a second copy for the first one to arrive and be told of', () => {
    const t = new Table({ mine: '11', others, isSeed: true })
    expect(t.requests('a', 0).requests('b', 0).take()).to.equal('serve a 0')
    expect(t.wait(2000).take(), 'the first is still on its way').to.equal('')
    t.tell({ type: 'served', peer: 'a', piece: 0 })
    expect(t.wait(49).take()).to.equal('')
    expect(t.wait(1).take()).to.equal('serve b 0')
  })

  it('keeps it back for 300 ms when another neighbour has it', () => {
    const t = new Table({ mine: '11', others, isSeed: true })
    t.requests('a', 0).requests('b', 0).tell({ type: 'served', peer: 'a', piece: 0 }).has('a', 0).take()
    expect(t.wait(299).take()).to.equal('')
    expect(t.wait(1).take()).to.equal('serve b 0')
  })

  it('serves whoever has waited for a second one after the other while it has nothing else to do, though others have it', () => {
    const many = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`p${i}`, '00']))
    const t = new Table({ mine: '11', others: { ...others, ...many }, isSeed: true })
    t.requests('a', 0).tell({ type: 'served', peer: 'a', piece: 0 }).has('a', 0).take()
    for (let i = 0; i < 12; i++) t.requests(`p${i}`, 0)
    let served = 0
    for (let i = 0; i < 12; i++) {
      const serves = t
        .wait(i === 0 ? 1000 : 1)
        .take()
        .match(/serve p(\d+) 0/)
      if (serves === null) continue
      served++
      t.tell({ type: 'served', peer: `p${serves[1]}`, piece: 0 })
    }
    expect(served).to.be.at.least(10)
  })

  it('does not count the asking neighbour among those who have it', () => {
    const t = new Table({ mine: '11', others, isSeed: true })
    t.requests('a', 0).requests('b', 0).tell({ type: 'served', peer: 'a', piece: 0 }).has('b', 0).take()
    expect(t.wait(50).take()).to.equal('serve b 0')
  })

  it('names the moment at which it wants to be woken, never one that has passed', () => {
    const t = new Table({ mine: '11', others, isSeed: true, policy: { uploadSlots: 1 } })
    t.requests('a', 0).requests('b', 0)
    expect(t.swarm.nextWake(t.now), 'when a may be late').to.equal(4000)
    t.tell({ type: 'served', peer: 'a', piece: 0 })
    expect(t.swarm.nextWake(t.now)).to.equal(50)
    t.requests('c', 1)
    t.now = 60
    expect(t.swarm.nextWake(t.now), 'due, but without a slot').to.equal(4000)
  })

  it('a peer that is no seed serves the same piece to all at once', () => {
    const t = new Table({ mine: '11', others })
    expect(t.requests('a', 0).requests('b', 0).requests('c', 0).take()).to.equal('serve a 0, serve b 0, serve c 0')
  })
})

describe('swarm: serving a neighbour that is far away', () => {
  const PIECES = 200

  /** Serves one that asks for all, over a line of so many pieces a second, for some seconds; answers the most that were under way at the end. */
  function underWay(roundTrip: number | undefined, perSecond: number, seconds: number): number {
    const t = new Table({ mine: '1'.repeat(PIECES), others: { a: '0'.repeat(PIECES) }, isSeed: true })
    t.tell({ type: 'placed', peer: 'a', place: 1, roundTrip }).take()
    let [asked, free, most] = [0, 0, 0]
    const arrives: { piece: number; at: number }[] = []
    for (let now = 0; now < 1000 * seconds; now++) {
      while (asked < PIECES && asked < now / 5 + 32) t.requests('a', asked++)
      while ((arrives[0]?.at ?? Infinity) <= now) t.tell({ type: 'served', peer: 'a', piece: arrives.shift()?.piece as number })
      for (const [, piece] of t.take('serve').matchAll(/serve a (\d+)/g)) {
        free = Math.max(now, free) + 1000 / perSecond
        arrives.push({ piece: Number(piece), at: free + (roundTrip ?? 0) })
      }
      if (now > 500 * seconds) most = Math.max(most, arrives.length)
      t.wait(1)
    }
    return most
  }

  it('fills a fast line, as far as it may', () => {
    expect(underWay(60, 1000, 1)).to.be.within(2 * DEFAULT_POLICY.uploadSlots, DEFAULT_POLICY.farPieces)
  })

  it('keeps no more than half a round trip waiting where the line is slower', () => {
    // a round trip takes 6 pieces
    expect(underWay(60, 100, 1.5)).to.be.within(7, 10)
  })

  it('two at a time where it is near, or nobody knows', () => {
    expect(underWay(0.3, 10, 4)).to.equal(2)
    expect(underWay(undefined, 10, 4)).to.equal(2)
  })
})
