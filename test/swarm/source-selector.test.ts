// Which source is used when: the rules one by one, told as facts with their times.
import { expect } from 'chai'
import { hastyPolicy } from '../../src/swarm/hasty-policy.ts'
import {
  DEFAULT_SOURCE_POLICY as POLICY,
  SEED_SOURCE_POLICY,
  type SourceAction,
  type SourceEvent,
  type SourceSelectorOptions,
} from '../../src/swarm/source-events.ts'
import { SourceSelector } from '../../src/swarm/source-selector.ts'
import { PIECES, SourceWorld } from './source-world.ts'

const USUAL = { seeds: [], hasDht: false, mayRead: true, revalidate: false, believesOthers: false, chance: 0 }
/** Bytes of a piece. */
const PIECE = 256 * 1024
const KNOWN = { type: 'content', count: 4, missing: 0, sealed: false } as const

/** A selector, and how far the time is. */
class Table {
  readonly selector: SourceSelector

  constructor(options: Partial<SourceSelectorOptions> = {}) {
    this.selector = new SourceSelector({ ...USUAL, ...options })
    this.tell(0, { type: 'store-searched' })
  }

  /** Answers with the intentions in words; those that look around or wait are left out. */
  tell(at: number, event: SourceEvent): string[] {
    return this.selector.handle(event, at).flatMap(words)
  }

  /** Says every `wake` until then; answers with what was intended at which second. */
  until(at: number): string[] {
    const said: string[] = []
    while (this.selector.nextWake <= at) {
      const now = this.selector.nextWake
      said.push(
        ...this.selector
          .handle({ type: 'wake' }, now)
          .flatMap(words)
          .map(word => `${now / 1000} ${word}`),
      )
    }
    return said
  }
}

function words(action: SourceAction): string[] {
  if (['look-in-store', 'hear-anybody', 'look-at-seed', 'be-patient'].includes(action.type)) return []
  if (action.type === 'ask-seed' || action.type === 'leave-seed') return [`${action.type} ${action.seed}`]
  if (action.type === 'read-origin') return [`read ${action.how} ${action.from}`]
  return [action.type === 'fail' ? `fail ${action.why}` : action.type]
}

/** One seed that answered, linked up and told four pieces at 100. */
function served(options: Partial<SourceSelectorOptions> = {}): Table {
  const table = new Table({ seeds: ['s'], ...options })
  table.tell(50, { type: 'seed-heard', seed: 's' })
  table.tell(100, { type: 'seed-resolved', seed: 's', same: false })
  table.tell(100, { type: 'linked', peer: 's' })
  table.tell(100, KNOWN)
  return table
}

/** What is said of whom to hear, as `second isAlone`. */
function hears(selector: SourceSelector, at: number, event: SourceEvent): string[] {
  const actions = selector.handle(event, at)
  return actions.flatMap(action => (action.type === 'hear-anybody' ? [`${at / 1000} ${action.isAlone}`] : []))
}

/** The same for all wakes until then. */
function hearsUntil(selector: SourceSelector, at: number): string[] {
  const said: string[] = []
  while (selector.nextWake <= at) said.push(...hears(selector, selector.nextWake, { type: 'wake' }))
  return said
}

describe('sources: in a fleet, without the origin', () => {
  it('asks again who is there when nobody was found at first', () => {
    const table = new Table({ isInFleet: true, hasDht: true, mayRead: false })
    const said = [...table.tell(3000, { type: 'seeds', seeds: [] }), ...table.tell(3500, { type: 'dht-ended' })]
    said.push(...table.until(5500))
    expect(said.filter(word => word.includes('fail'))).to.deep.equal([])
    expect(said).to.include('5 seek-seeds')
    expect(table.tell(5600, { type: 'seeds', seeds: ['m'] })).to.deep.equal(['ask-seed m'])
  })

  it('ends when nobody comes', () => {
    const table = new Table({ isInFleet: true, hasDht: true, mayRead: false })
    const said: string[] = []
    for (let at = 100; at < 30_000 && !table.selector.isOver; at += 100) {
      const now = table.until(at)
      said.push(...now)
      if (now.some(word => word.includes('seek'))) table.tell(at, { type: 'seeds', seeds: [] })
      if (at === 100) table.tell(at, { type: 'seeds', seeds: [] })
      if (at === 100 || now.some(word => word.includes('search-dht'))) table.tell(at, { type: 'dht-ended' })
    }
    expect(said.at(-1)).to.match(/fail no-source$/)
  })
})

describe('sources: a seed that was busy', () => {
  it('is not waited for any longer once it says that it cannot help', () => {
    const table = new Table({ seeds: ['s'] })
    table.until(1500)
    table.tell(1600, { type: 'seed-listening', seed: 's' })
    const said = []
    // it has room for a part of the content only, which it finds out each time
    for (let at = 3000; at < 30_000; at += 4000) {
      said.push(...table.until(at), ...table.tell(at, { type: 'seed-heard', seed: 's' }))
      said.push(...table.tell(at, { type: 'seed-resolved', seed: 's', same: false }))
      said.push(...table.tell(at + 1500, { type: 'seed-failed', seed: 's', why: 'trouble' }))
    }
    expect(said.find(word => word.includes('read'))).to.equal('read new 0')
  })
})

describe('sources: strangers are heard', () => {
  const begun = (options: Partial<SourceSelectorOptions>) => {
    const selector = new SourceSelector({ ...USUAL, asksOrigin: true, ...options })
    return { selector, first: hears(selector, 0, { type: 'store-searched' }) }
  }
  it('at once, after the origin was asked, where there is no seed, or the only one is dead', () => {
    expect(begun({}).first).to.deep.equal(['0 true'])
    const { selector, first } = begun({ seeds: ['s'] })
    expect(first).to.deep.equal([])
    expect(hears(selector, 20, { type: 'seed-failed', seed: 's', why: 'unreachable' })).to.deep.equal(['0.02 true'])
  })

  it('without asking the origin while a seed is busy or slow: a crowd waits there', () => {
    const busy = begun({ seeds: ['s'] }).selector
    expect(hears(busy, 1500, { type: 'seed-listening', seed: 's' })).to.deep.equal(['1.5 false'])
    const slow = begun({ seeds: ['s', 't'] }).selector
    hears(slow, 50, { type: 'seed-heard', seed: 's' })
    expect(hearsUntil(slow, 6000)).to.deep.equal(['3 false'])
    const left = begun({ seeds: ['s', 't'] }).selector
    expect(hearsUntil(left, 3000)).to.deep.equal([])
    expect(hears(left, 3900, { type: 'seed-failed', seed: 's', why: 'busy' })).to.deep.equal(['3.9 false'])
  })

  it('after 5 s however many seeds are still to be tried, when none has shown any life', () => {
    const { selector } = begun({ seeds: ['s', 't', 'u'] })
    expect(hearsUntil(selector, 3000)).to.deep.equal([])
    expect(hears(selector, 3900, { type: 'seed-failed', seed: 's', why: 'unreachable' })).to.deep.equal([])
    expect(hearsUntil(selector, 6000)).to.deep.equal(['5 true'])
  })

  it('as soon as the seed is slow by those who ask no origin', () => {
    expect(hearsUntil(begun({ seeds: ['s', 't'], asksOrigin: false }).selector, 4000)).to.deep.equal(['3 false'])
  })
})

describe('sources: when every seed is lost in the middle', () => {
  /** Everything that is known is here at 1 s; then the only seed's host refuses connections. */
  function lost(missing: number) {
    const table = served({ chance: 0.5 })
    table.tell(1000, { type: 'content', count: 8, missing, sealed: false })
    table.tell(1000, { type: 'linked', peer: 'a' })
    table.tell(1100, { type: 'unlinked', peer: 's' })
    const told = table.selector.handle({ type: 'seed-failed', seed: 's', why: 'trouble' }, 1100)
    return { table, told: told.filter(({ type }) => type === 'be-patient') }
  }
  /** The seed is asked every two seconds, and never there; a piece comes every second until nothing is missing. */
  function asking(table: Table, missing: number, to: number): { read: string[]; told: SourceAction[] } {
    const read: string[] = []
    const told: SourceAction[] = []
    for (let now = 1200; now <= to; now += 100) {
      if (now % 1000 === 0 && missing > 0) missing--
      const actions = table.selector.handle({ type: 'content', count: 8, missing, sealed: false }, now)
      if (actions.some(({ type }) => type === 'ask-seed'))
        actions.push(...table.selector.handle({ type: 'seed-failed', seed: 's', why: 'trouble' }, now))
      read.push(...actions.filter(({ type }) => type === 'read-origin').map(({ type }) => `${now / 1000} ${type}`))
      told.push(...actions.filter(({ type }) => type === 'be-patient'))
    }
    return { read, told }
  }

  it('the swarm is told so, once, and not to wait for one that is asked again and again', () => {
    const { table, told } = lost(4)
    expect(told).to.deep.equal([{ type: 'be-patient', ms: 0, handoverMs: 0, areLost: true }])
    expect(asking(table, 40, 4900).told).to.deep.equal([])
    expect(table.tell(5200, { type: 'wake' })).to.include('ask-seed s')
    const resolved = table.selector.handle({ type: 'seed-resolved', seed: 's', same: true }, 5300)
    expect(resolved.filter(({ type }) => type === 'be-patient')).to.deep.equal([{ type: 'be-patient', ms: 0, handoverMs: 0 }])
  })

  it('the rest is read 15 s after the manifest last grew while known pieces come', () => {
    expect(asking(lost(6).table, 40, 20_000).read).to.deep.equal(['16 read-origin'])
  })

  it('and 6 s after it, a bit later by chance, once all of them are here, although they came until then', () => {
    expect(asking(lost(6).table, 6, 20_000).read).to.deep.equal(['8.5 read-origin'])
    expect(asking(lost(7).table, 9, 20_000).read).to.deep.equal(['10 read-origin'])
  })
})

describe('sources: at the start', () => {
  it('the store is searched before anything else, and the origin is read at once where there is nobody to ask', () => {
    const selector = new SourceSelector(USUAL)
    expect(selector.handle({ type: 'wake' }, 0)).to.deep.equal([{ type: 'look-in-store' }])
    expect(selector.nextWake).to.equal(Infinity)
    const actions = selector.handle({ type: 'store-searched' }, 5).filter(({ type }) => type !== 'hear-anybody')
    expect(actions).to.deep.equal([{ type: 'read-origin', how: 'new', from: 0 }])
    expect(selector.isReading).to.equal(true)
  })

  it('a finished content from the store needs nobody', () => {
    const selector = new SourceSelector({ ...USUAL, seeds: ['s'] })
    selector.handle({ type: 'wake' }, 0)
    expect(selector.handle({ type: 'content', count: 4, missing: 0, sealed: true }, 5)).to.deep.equal([])
    expect(selector.isOver).to.equal(true)
  })

  it('seeds are asked one after the other, each for 3 s; then the origin', () => {
    const table = new Table({ seeds: ['a', 'b'] })
    expect(table.until(3000)).to.deep.equal(['3 leave-seed a'])
    expect(table.tell(3010, { type: 'seed-failed', seed: 'a', why: 'unreachable' })).to.deep.equal(['ask-seed b'])
    expect(table.tell(3020, { type: 'seed-failed', seed: 'b', why: 'unreachable' })).to.deep.equal(['read new 0'])
    expect(table.until(5020)).to.deep.equal(['5.02 ask-seed a'])
  })

  it('a seed that refuses is not asked again', () => {
    const table = new Table({ seeds: ['a'], mayRead: false })
    expect(table.tell(10, { type: 'seed-failed', seed: 'a', why: 'refused' })).to.deep.equal([])
    expect(table.until(60_000)).to.deep.equal(['5 fail no-source'])
  })

  it('what a seed says of the content is true for us, too', () => {
    const table = new Table({ seeds: ['a'] })
    expect(table.tell(10, { type: 'seed-failed', seed: 'a', why: 'final' })).to.deep.equal(['fail seed'])
  })

  it('a seed whose tries at the origin are used up is asked once more, as some were over when we came; nobody else asks the origin', () => {
    const table = new Table({ seeds: ['a', 'b'] })
    expect(table.tell(10, { type: 'seed-failed', seed: 'a', why: 'spent' })).to.deep.equal(['ask-seed a'])
    table.tell(20, { type: 'seed-heard', seed: 'a' })
    expect(table.tell(9000, { type: 'seed-failed', seed: 'a', why: 'spent' })).to.deep.equal(['fail seed'])
    expect(table.selector.nextWake).to.equal(Infinity)
  })

  it('the DHT has 3 s where somebody could be believed', () => {
    const table = new Table({ hasDht: true, believesOthers: true })
    expect(table.until(2999)).to.deep.equal([])
    expect(table.until(3000)).to.deep.equal(['3 read new 0'])
    expect(new Table({ hasDht: true }).selector.isReading).to.equal(true)
  })

  it('whoever links to us before we have begun keeps the origin from being read only where he could be believed', () => {
    const readsAt = (believesOthers: boolean) => {
      const selector = new SourceSelector({ ...USUAL, hasDht: true, believesOthers })
      selector.handle({ type: 'wake' }, 0)
      selector.handle({ type: 'linked', peer: 'liar' }, 50)
      selector.handle({ type: 'store-searched' }, 100)
      let now = 100
      while (!selector.isReading) {
        now = selector.nextWake
        selector.handle({ type: 'wake' }, now)
      }
      return now
    }
    expect({ alone: readsAt(false), among: readsAt(true) }).to.deep.equal({ alone: 100, among: 6000 })
  })

  it('a seed that is waiting for its origin is waited for as long as it says so, five minutes at most', () => {
    const table = new Table({ seeds: ['s'] })
    const said: string[] = []
    for (let at = 50; at < 400_000; at += 5000) {
      said.push(...table.until(at))
      table.tell(at, { type: 'seed-heard', seed: 's' })
    }
    expect(said.filter(word => word.includes('read'))).to.deep.equal(['302 read new 0'])
  })

  it('one that has fallen silent is left after three of its signs', () => {
    const table = new Table({ seeds: ['s'] })
    table.tell(1000, { type: 'seed-heard', seed: 's' })
    expect(table.until(20_000)[0]).to.equal('16 leave-seed s')
  })
})

describe('sources: a crowd at a busy seed', () => {
  /** When a host with this number reads the origin, having found the seed busy at 3 s and ever after. */
  function firstRead(chance: number): number {
    const table = new Table({ seeds: ['s'], chance })
    table.until(3000)
    table.tell(3000, { type: 'seed-failed', seed: 's', why: 'busy' })
    for (;;) {
      const at = table.selector.nextWake
      const said = table.tell(at, { type: 'wake' })
      if (said.includes('read new 0')) return at
      if (said.includes('ask-seed s')) table.tell(at, { type: 'seed-failed', seed: 's', why: 'busy' })
      if (at > 100_000) throw new Error('never')
    }
  }

  it('goes to the origin in small shares: of a hundred that find it busy, two before half of the time', () => {
    const times = Array.from({ length: 100 }, (_, i) => firstRead(i / 100))
    expect(Math.min(...times)).to.be.at.least(3000 + POLICY.busyMs)
    expect(Math.max(...times)).to.be.at.most(3000 + POLICY.busyMs + POLICY.crowdMs)
    expect(times.filter(at => at < 3000 + POLICY.busyMs + POLICY.crowdMs / 2)).to.have.lengthOf(2)
  })

  it('waits on with every sign of its turn', () => {
    const table = new Table({ seeds: ['s'] })
    table.until(3000)
    table.tell(3000, { type: 'seed-failed', seed: 's', why: 'busy' })
    expect(table.until(5000)).to.deep.equal(['5 ask-seed s'])
    table.tell(7000, { type: 'seed-heard', seed: 's' })
    expect(table.until(14_999)).to.deep.equal([])
    expect(table.until(15_000)).to.deep.equal(['15 read new 0'])
  })

  it('keeps its place at the only seed whose host accepts connections, and goes to the origin as if it had failed', () => {
    const table = new Table({ seeds: ['s'] })
    expect(table.until(1500)).to.deep.equal([])
    expect(table.tell(1500, { type: 'seed-listening', seed: 's' })).to.deep.equal([])
    expect(table.until(29_000), 'no new visit').to.deep.equal(['9.5 read new 0'])
    table.tell(29_000, { type: 'content', count: 4, missing: 0, sealed: false })
    expect(table.tell(29_100, { type: 'seed-resolved', seed: 's', same: true })).to.include('stop-reading')
  })

  it('leaves it after 30 s', () => {
    const table = new Table({ seeds: ['s'], chance: 0.999 })
    table.tell(1500, { type: 'seed-listening', seed: 's' })
    expect(table.until(30_000)).to.deep.equal(['30 leave-seed s'])
  })

  it('keeps the next connection as long as the first, though it accepted that one without an answer, too', () => {
    const table = new Table({ seeds: ['s'], chance: 0.999 })
    table.tell(1500, { type: 'seed-listening', seed: 's' })
    expect(table.until(30_000)).to.deep.equal(['30 leave-seed s'])
    table.tell(30_100, { type: 'seed-failed', seed: 's', why: 'busy' })
    expect(table.until(62_000).filter(word => word.includes('seed'))).to.deep.equal(['32.1 ask-seed s'])
    expect(table.until(62_200).filter(word => word.includes('seed'))).to.deep.equal(['62.1 leave-seed s'])
  })

  it('asks one anew after 3 s whose host does not even accept a connection any more', () => {
    const table = new Table({ seeds: ['s'], chance: 0.999 })
    table.tell(1500, { type: 'seed-listening', seed: 's' })
    table.until(30_000)
    table.tell(30_100, { type: 'seed-failed', seed: 's', why: 'unreachable' })
    expect(table.until(36_000).filter(word => word.includes('seed'))).to.deep.equal(['32.1 ask-seed s', '35.1 leave-seed s'])
  })

  it('goes to the origin later where its own clocks run slowly, in the crowd too', () => {
    const table = new Table({ seeds: ['s'] })
    table.tell(1500, { type: 'seed-listening', seed: 's' })
    for (let at = 2000; at <= 20_000; at += 1000) expect(table.tell(at, { type: 'late', ms: 800 }), String(at)).to.deep.equal([])
    expect(table.until(30_000).find(word => word.includes('read'))).to.match(/^2[3-6](\.\d+)? read new 0$/)
  })

  it('does not keep it where there is another seed', () => {
    const table = new Table({ seeds: ['s', 't'] })
    table.tell(1500, { type: 'seed-listening', seed: 's' })
    expect(table.until(3000)).to.deep.equal(['3 leave-seed s'])
  })

  it('stops its own read when its turn has come, once', () => {
    const table = new Table({ seeds: ['s'] })
    table.until(3000)
    table.tell(3000, { type: 'seed-failed', seed: 's', why: 'busy' })
    expect(table.until(11_000)).to.include('11 read new 0')
    table.tell(11_100, KNOWN)
    table.until(12_000)
    expect(table.tell(12_000, { type: 'seed-resolved', seed: 's', same: false }), 'another version').to.deep.equal([])
    expect(table.tell(12_000, { type: 'seed-resolved', seed: 's', same: true })).to.deep.equal(['stop-reading', 'offer-ranges'])
  })

  it('without the origin waits for its return', () => {
    const table = new Table({ seeds: ['s'], mayRead: false })
    table.until(3000)
    table.tell(3000, { type: 'seed-failed', seed: 's', why: 'busy' })
    const failed = table.until(60_000).filter(word => word.includes('fail'))
    expect(failed).to.deep.equal(['11 fail no-source'])
  })
})

describe('sources: a seed whose program answers looks, and nothing else', () => {
  /** Asks every seed that is looked at, which answers after `answerMs` until `frozenAt`; answers with what was intended at which second. */
  function looking(table: Table, to: number, answerMs = 500, frozenAt = Infinity): string[] {
    const said: string[] = []
    let answerAt = Infinity
    for (;;) {
      const at = Math.min(table.selector.nextWake, answerAt)
      if (at > to) return said
      const isAnswer = at === answerAt
      if (isAnswer) answerAt = Infinity
      const event: SourceEvent = isAnswer ? { type: 'seed-looked', seed: 's', lives: true } : { type: 'wake' }
      const actions = table.selector.handle(event, at)
      if (actions.some(({ type }) => type === 'look-at-seed')) {
        table.selector.handle({ type: 'seed-listening', seed: 's' }, at)
        if (at < frozenAt) answerAt = at + answerMs
      }
      said.push(...actions.flatMap(words).map(word => `${at / 1000} ${word}`))
    }
  }

  it('is waited for, without a read of the origin, for five minutes and the turn in the crowd', () => {
    const said = looking(new Table({ seeds: ['s'], chance: 0 }), 400_000)
    expect(said.filter(word => word.includes('read'))).to.deep.equal(['300 read new 0'])
    const last = looking(new Table({ seeds: ['s'], chance: 0.999 }), 400_000)
    expect(last.filter(word => word.includes('read'))[0]).to.match(/^32\d/)
  })

  it('keeps our connection for 90 s', () => {
    expect(looking(new Table({ seeds: ['s'] }), 95_000, 5000)[0]).to.equal('90 leave-seed s')
  })

  it('is given up when it freezes: sooner where it used to answer soon', () => {
    for (const [answerMs, last] of [
      [100, 25],
      [5000, 45],
    ] as const) {
      const said = looking(new Table({ seeds: ['s'], chance: 0 }), 100_000, answerMs, 15_000)
      const at = Number(said.find(word => word.includes('read'))?.split(' ')[0])
      expect(at).to.be.within(15, last)
    }
  })

  it('that never answered one is given up within 34 s', () => {
    const said = looking(new Table({ seeds: ['s'], chance: 0.999 }), 100_000, 500, 0)
    const at = Number(said.find(word => word.includes('read'))?.split(' ')[0])
    expect(at).to.be.within(30, 34)
  })

  it('and that gives nothing to who is linked keeps the swarm from the origin for 30 s', () => {
    const table = served({ chance: 0 })
    table.tell(200, { type: 'content', count: 8, missing: 5, sealed: true })
    const said: SourceAction[] = []
    for (let at = 2200; at <= 32_000; at += 5000) {
      said.push(...table.selector.handle({ type: 'wake' }, at))
      table.selector.handle({ type: 'seed-looked', seed: 's', lives: true }, at)
    }
    expect(said.filter(({ type }) => type === 'look-at-seed')).to.have.lengthOf(6)
    // then the origin is read for what nobody gave
    const reads = looking(table, 100_000).filter(word => word.includes('read'))
    expect(Number(reads[0]?.split(' ')[0])).to.be.within(30, 50)
  })

  it('when it is dead after all the swarm may read at once', () => {
    const table = served()
    table.tell(200, { type: 'content', count: 8, missing: 5, sealed: true })
    expect(table.selector.handle({ type: 'wake' }, 2200)).to.deep.equal([
      { type: 'look-at-seed', seed: 's' },
      { type: 'be-patient', ms: POLICY.lookAnswerMs, handoverMs: 0 },
    ])
    const ended = table.selector.handle({ type: 'seed-looked', seed: 's', lives: false }, 2300)
    expect(ended).to.deep.equal([{ type: 'be-patient', ms: 0, handoverMs: 0 }])
  })

  it('while another one can be asked the origin is left alone until that has taken over', () => {
    const table = served({ seeds: ['s', 't'] })
    table.tell(200, { type: 'content', count: 8, missing: 5, sealed: false })
    const patience = (at: number) => table.selector.handle({ type: 'wake' }, at).find(({ type }) => type === 'be-patient')
    expect(patience(2200)).to.deep.equal({ type: 'be-patient', ms: POLICY.lookAnswerMs, handoverMs: POLICY.lookAnswerMs })
    expect(table.selector.handle({ type: 'wake' }, 5200)).to.deep.include({ type: 'leave-seed', seed: 's', why: 'it is frozen' })
    const next = table.selector.handle({ type: 'seed-failed', seed: 's', why: 'unreachable' }, 5300)
    expect(next).to.deep.include({ type: 'ask-seed', seed: 't' })
    expect(next.find(({ type }) => type === 'be-patient')).to.deep.include({ handoverMs: POLICY.handoverMs })
  })

  it('that is frozen is left by a seed even where there is no other, as others wait for it; not by who waits for itself alone', () => {
    for (const policy of [SEED_SOURCE_POLICY, {}]) {
      const table = served({ policy })
      table.tell(200, { type: 'content', count: 8, missing: 0, sealed: false })
      table.selector.handle({ type: 'wake' }, 2200)
      const left = [5199, 5200].map(at => table.selector.handle({ type: 'wake' }, at).some(({ type }) => type === 'leave-seed'))
      expect(left).to.deep.equal([false, policy === SEED_SOURCE_POLICY])
    }
  })

  it('tells the swarm that it is not silent yet while our clocks are slow, and only then', () => {
    const patience = (ms: number) => {
      const { selector } = served()
      return [1000, 2000, 3000, 4000].flatMap(at =>
        selector
          .handle(ms > 0 ? { type: 'late', ms } : { type: 'wake' }, at)
          .flatMap(action => (action.type === 'be-patient' ? [at + action.ms] : [])),
      )
    }
    expect(patience(900).at(-1), 'of 4 s, 0.4 have gone by').to.be.greaterThan(8000)
    expect(patience(0), 'the swarm knows by itself, until the seed is looked at').to.deep.equal([3000 + POLICY.lookAnswerMs])
  })

  it('a host whose own event loop stood still does not blame it', () => {
    const table = new Table({ seeds: ['s'] })
    expect(table.tell(12_000, { type: 'late', ms: 11_000 })).to.deep.equal([])
    expect(table.until(13_900)).to.deep.equal([])
    expect(table.until(14_000), 'as at 3 s').to.deep.equal(['14 leave-seed s'])
  })
})

describe('sources: on a starved host', () => {
  /** What is intended until then, if of each second so many milliseconds count as ours and as absent. */
  const starved = (table: Table, until: number, { lateMs, absentMs }: { lateMs: number; absentMs: number }) => {
    const said: string[] = []
    for (let at = 1000; at <= until; at += 1000) {
      said.push(...table.tell(at, { type: 'absent', ms: absentMs }), ...table.tell(at, { type: 'late', ms: lateMs }))
      said.push(...table.tell(at, { type: 'wake' }))
    }
    return said
  }

  it('a seed that does not answer is left, although the same time was missed in both ways', () => {
    const mayRead = false
    expect(starved(new Table({ seeds: ['s', 't'], mayRead }), 60_000, { lateMs: 900, absentMs: 800 })).to.include('leave-seed s')
    expect(starved(new Table({ seeds: ['s', 't'], mayRead }), 60_000, { lateMs: 500, absentMs: 900 })).to.include('leave-seed s')
  })

  it('what was missed before a seed was asked does not make it slow', () => {
    const table = new Table({ seeds: ['s', 't'], mayRead: false })
    table.tell(0, { type: 'absent', ms: 60_000 })
    table.tell(100, { type: 'seed-failed', seed: 's', why: 'unreachable' })
    expect(table.until(3200)).to.include('3.1 leave-seed t')
  })
})

describe('sources: a seed that freezes in the middle, where another one could be asked', () => {
  const left = { seeds: ['s', 't'] }
  /** Told every second that the seed answered the looks so far. */
  const answered = (table: Table, until: number) => {
    const said: string[] = []
    for (let at = 1000; at <= until; at += 1000) {
      said.push(...table.until(at), ...table.tell(at, { type: 'seed-looked', seed: 's', lives: true }))
    }
    return said
  }

  it('is left after 5 s without growth, when it does not answer a look', () => {
    expect(served(left).until(6000)).to.deep.equal(['5.1 leave-seed s'])
  })

  it('the next one is asked at once, and the origin left alone while it is', () => {
    const table = served(left)
    table.until(5100)
    expect(table.tell(5150, { type: 'seed-failed', seed: 's', why: 'busy' })).to.deep.equal(['ask-seed t'])
    table.tell(5200, { type: 'seed-heard', seed: 't', replies: true })
    table.tell(5300, { type: 'seed-resolved', seed: 't', same: true })
    table.tell(5300, { type: 'linked', peer: 't' })
    expect(table.until(12_000)).to.deep.equal([])
  })

  it('not while pieces come from anybody', () => {
    const table = served(left)
    for (let at = 2000; at <= 20_000; at += 2000) {
      expect(table.until(at)).to.deep.equal([])
      table.tell(at, { ...KNOWN, count: 4 + at / 2000 })
    }
  })

  it('not while it says that its origin is slow', () => {
    const table = served(left)
    for (let at = 5000; at <= 60_000; at += 5000) {
      expect(table.until(at)).to.deep.equal([])
      table.tell(at, { type: 'seed-heard', seed: 's', replies: true })
    }
  })

  it('not while it answers looks: it is only busy', () => {
    expect(answered(served(left), 14_000).filter(word => word.includes('leave'))).to.deep.equal([])
  })

  it('not where it is the only one: it is waited for, for 15 s', () => {
    const said = served({ mayRead: false }).until(16_000)
    expect(said.filter(word => word.includes('leave'))).to.deep.equal(['15.1 leave-seed s'])
  })

  it('its successor, a seed, reads on 3 s after it is asked by those that have what there is', () => {
    const table = new Table({ seeds: ['s'], hasDht: true, believesOthers: true, policy: SEED_SOURCE_POLICY })
    table.tell(20, { type: 'linked', peer: 'p' })
    table.until(1500)
    table.tell(1520, { type: 'seed-listening', seed: 's' })
    table.tell(1600, KNOWN)
    expect(table.until(3100)).to.include('3.1 read rest 4')
  })

  it('the same when the two have been connected for long', () => {
    const table = new Table({ seeds: ['s'], hasDht: true, believesOthers: true, policy: SEED_SOURCE_POLICY })
    table.tell(20, { type: 'seed-heard', seed: 's' })
    table.tell(20, { type: 'linked', peer: 'p' })
    table.until(2000)
    table.tell(2000, KNOWN)
    expect(table.until(3500)).to.include('3.5 read rest 4')
  })

  it('waits for links of those whom it has found before it reads from the beginning, as a dead seed and a search take no time', () => {
    const table = new Table({ seeds: ['s'], hasDht: true, believesOthers: true, policy: SEED_SOURCE_POLICY })
    table.tell(10, { type: 'seed-failed', seed: 's', why: 'unreachable' })
    expect(table.tell(60, { type: 'dht-ended' }).filter(word => word.includes('read'))).to.deep.equal([])
    expect(table.until(559).filter(word => word.includes('read'))).to.deep.equal([])
    expect(table.until(600).filter(word => word.includes('read'))).to.deep.equal(['0.56 read new 0'])
  })

  it('reads to the end once: pieces that are missing then are read by range', () => {
    const table = new Table({ seeds: ['s'], hasDht: true, believesOthers: true, policy: SEED_SOURCE_POLICY })
    table.tell(20, { type: 'seed-heard', seed: 's' })
    table.tell(20, { type: 'linked', peer: 'p' })
    table.until(2000)
    table.tell(2000, { ...KNOWN, missing: 1 })
    expect(table.until(3500)).to.include('3.5 read rest 4')
    table.tell(3600, { ...KNOWN, count: 6, missing: 1 })
    expect(table.tell(3700, { type: 'origin-ended' })).to.deep.equal(['offer-ranges'])
    expect(table.until(12_000).filter(word => word.includes('read') || word.includes('withdraw'))).to.deep.equal([])
  })

  it('and not while the seed shows that it lives', () => {
    const table = new Table({ seeds: ['s'], hasDht: true, believesOthers: true, policy: SEED_SOURCE_POLICY })
    table.tell(20, { type: 'seed-heard', seed: 's', replies: true })
    table.tell(20, { type: 'linked', peer: 'p' })
    table.tell(100, { type: 'seed-resolved', seed: 's', same: true })
    table.tell(100, { type: 'linked', peer: 's' })
    table.tell(100, KNOWN)
    for (let at = 2200; at <= 14_000; at += 5000) {
      expect(table.until(at).filter(word => word.includes('read'))).to.deep.equal([])
      table.tell(at, { type: 'seed-looked', seed: 's', lives: true })
    }
  })
})

describe('sources: the link to a seed that answered', () => {
  function answered(): Table {
    const table = new Table({ seeds: ['s'] })
    table.tell(50, { type: 'seed-heard', seed: 's' })
    table.tell(100, { type: 'seed-resolved', seed: 's', same: false })
    return table
  }

  it('has 15 s to be accepted', () => {
    const table = answered()
    expect(table.until(15_000)).to.deep.equal([])
    expect(table.until(15_100)).to.deep.equal(['15.1 leave-seed s'])
  })

  it('is lost when it does not stand 3 s after that, or after its end', () => {
    const never = answered()
    never.tell(9000, { type: 'seed-dialled', seed: 's' })
    expect(never.until(20_000)[0]).to.equal('12 leave-seed s')
    const ended = answered()
    ended.tell(9000, { type: 'linked', peer: 's' })
    ended.tell(9000, { type: 'seed-dialled', seed: 's' })
    ended.tell(10_000, { type: 'seed-heard', seed: 's' })
    ended.tell(11_000, { type: 'unlinked', peer: 's' })
    expect(ended.until(20_000)[0]).to.equal('14 leave-seed s')
  })
})

describe('sources: in the middle', () => {
  it('a read that its seed left unfinished is taken over after 3 s, where it ended', () => {
    const table = served()
    expect(table.tell(10_000, { type: 'content', count: 5, missing: 0, sealed: false })).to.deep.equal([])
    table.tell(10_000, { type: 'unlinked', peer: 's' })
    table.tell(10_000, { type: 'seed-failed', seed: 's', why: 'unreachable' })
    expect(table.until(12_999)).to.deep.equal(['12 ask-seed s'])
    expect(table.until(13_000)).to.deep.equal(['13 withdraw-ranges', '13 read rest 5'])
  })

  it('not while the seed says that it is waiting', () => {
    const table = served()
    for (let at = 5000; at < 60_000; at += 5000) {
      expect(table.until(at)).to.deep.equal([])
      table.tell(at, { type: 'seed-heard', seed: 's' })
    }
    // from its last sign on it has 15 s
    expect(table.until(69_999)).to.deep.equal([])
    expect(table.until(70_000)).to.deep.equal(['70 leave-seed s'])
    expect(table.tell(70_100, { type: 'seed-failed', seed: 's', why: 'busy' })).to.deep.equal(['withdraw-ranges', 'read rest 4'])
  })

  it('ranges that are refused lead to a whole read, whose failure is the download’s', () => {
    for (const why of ['no-ranges', 'changed'] as const) {
      const table = served()
      table.tell(200, { type: 'seed-failed', seed: 's', why: 'unreachable' })
      expect(table.until(3100)).to.include('3.1 read rest 4')
      expect(table.tell(3200, { type: 'origin-failed', why }), why).to.deep.equal(['read whole 0'])
      expect(table.tell(3300, { type: 'origin-failed', why: 'changed' })).to.deep.equal(['fail origin-changed'])
    }
  })

  it('pieces that nobody has any more are read by range, and whole where ranges are refused', () => {
    const table = new Table({ seeds: ['s'] })
    table.tell(100, { type: 'seed-resolved', seed: 's', same: false })
    table.tell(100, { type: 'linked', peer: 's' })
    const sealed = { type: 'content', count: 8, missing: 5, sealed: true } as const
    expect(table.tell(100, sealed)).to.deep.equal(['offer-ranges'])
    table.tell(200, { type: 'linked', peer: 'p' })
    table.tell(300, { type: 'unlinked', peer: 's' })
    table.tell(300, { type: 'seed-failed', seed: 's', why: 'unreachable' })
    table.tell(1300, { type: 'ranges', active: 1 })
    table.tell(1400, { type: 'ranges', active: 0 })
    expect(table.tell(1400, { type: 'ranges-refused' })).to.deep.equal(['withdraw-ranges'])
    expect(table.until(4000)).to.deep.equal(['2.3 ask-seed s', '3.1 read whole 0'])
  })

  it('a piece that the origin did not give, whatever was tried, ends what has no other source', () => {
    const table = served()
    table.tell(200, { type: 'content', count: 8, missing: 5, sealed: true })
    table.tell(300, { type: 'unlinked', peer: 's' })
    table.tell(300, { type: 'seed-failed', seed: 's', why: 'unreachable' })
    table.tell(1300, { type: 'ranges', active: 2 })
    table.tell(8000, { type: 'ranges', active: 1 })
    expect(table.tell(8000, { type: 'range-failed' })).to.include('fail origin')
  })

  it('not while another piece is on its way, nor while others may give it', () => {
    const table = served()
    table.tell(200, { type: 'content', count: 8, missing: 5, sealed: true })
    table.tell(300, { type: 'unlinked', peer: 's' })
    table.tell(300, { type: 'seed-failed', seed: 's', why: 'unreachable' })
    table.tell(1300, { type: 'ranges', active: 2 })
    table.tell(7500, { type: 'origin-progress' })
    expect(table.tell(8000, { type: 'range-failed' })).to.deep.equal([])
    table.tell(8100, { type: 'content', count: 8, missing: 4, sealed: true })
    expect(table.until(40_000).filter(word => word.includes('fail'))).to.deep.equal([])
  })

  it('a piece that is being read by range is no second read’s', () => {
    const table = new Table()
    table.tell(0, { type: 'origin-progress' })
    table.tell(0, { type: 'content', count: 8, missing: 5, sealed: true })
    expect(table.tell(10, { type: 'origin-ended' })).to.deep.equal(['offer-ranges'])
    table.tell(4000, { type: 'ranges', active: 1 })
    expect(table.until(60_000)).to.deep.equal([])
    expect(table.tell(60_000, { type: 'ranges', active: 0 })).to.deep.equal(['withdraw-ranges', 'read whole 0'])
  })

  it('without the origin it ends 9 s after the last growth when no seed is back, however many are linked', () => {
    const table = served({ mayRead: false })
    for (const peer of ['p', 'q']) table.tell(100, { type: 'linked', peer })
    table.tell(2000, { type: 'content', count: 8, missing: 3, sealed: true })
    table.tell(3000, { type: 'unlinked', peer: 's' })
    table.tell(3000, { type: 'seed-failed', seed: 's', why: 'unreachable' })
    const said = table.until(60_000)
    expect(said.filter(word => word.includes('fail'))).to.deep.equal(['11 fail no-source'])
  })

  it('goes on as long as bytes come from anybody', () => {
    const table = served({ mayRead: false })
    table.tell(200, { type: 'seed-failed', seed: 's', why: 'unreachable' })
    for (let at = 4000; at < 40_000; at += 4000) {
      expect(table.until(at).filter(word => word.includes('fail'))).to.deep.equal([])
      table.tell(at, { type: 'progress', bytes: 4096, pieceLength: PIECE })
    }
    expect(table.until(60_000)).to.include('45 fail no-source')
  })

  /** A seed that gave a part and was lost is back, and has begun another version. */
  function strayed(options: Partial<SourceSelectorOptions> = {}): Table {
    const table = served(options)
    table.tell(200, { type: 'content', count: 4, missing: 2, sealed: false })
    table.tell(1000, { type: 'unlinked', peer: 's' })
    table.tell(1000, { type: 'seed-failed', seed: 's', why: 'unreachable' })
    expect(table.until(3000)).to.include('3 ask-seed s')
    table.tell(3050, { type: 'seed-heard', seed: 's' })
    expect(table.tell(3100, { type: 'seed-resolved', seed: 's', same: false })).to.deep.equal([])
    return table
  }

  /** It goes on saying that it is there, and tells the same whenever it is asked. */
  function insisting(table: Table, to: number): string[] {
    const said: string[] = []
    for (let at = 3200; at <= to; at += 500) {
      const now = [...table.until(at), ...table.tell(at, { type: 'seed-heard', seed: 's' })]
      if (now.some(word => word.includes('ask-seed'))) table.tell(at, { type: 'seed-resolved', seed: 's', same: false })
      said.push(...now)
    }
    return said
  }

  it('a seed that has begun another version is no hope, however often it says that it is there', () => {
    const table = strayed()
    expect(insisting(table, 20_000).filter(said => said.includes('read'))).to.have.lengthOf(1)
    // what it has now can be got by beginning again
    expect(insisting(strayed({ mayRead: false }), 20_000).at(-1)).to.equal('5.1 fail origin-changed')
  })

  it('it is asked again, and welcome when it has ours', () => {
    const table = strayed()
    expect(table.until(6200)).to.deep.equal(['6.1 leave-seed s'])
    table.tell(6200, { type: 'seed-failed', seed: 's', why: 'unreachable' })
    expect(table.until(8200)).to.deep.equal(['8.2 ask-seed s'])
  })

  it('the next seed is asked when the first is lost, and waited for', () => {
    const table = served({ seeds: ['s', 't'] })
    table.tell(9000, { type: 'unlinked', peer: 's' })
    expect(table.tell(9000, { type: 'seed-failed', seed: 's', why: 'unreachable' })).to.deep.equal(['ask-seed t'])
    table.tell(9050, { type: 'seed-heard', seed: 't' })
    expect(table.until(14_000)).to.deep.equal([])
    table.tell(14_050, { type: 'seed-heard', seed: 't' })
    expect(table.until(24_000)).to.deep.equal([])
  })

  it('the origin’s own trouble ends what has no other source, and not what has', () => {
    const alone = new Table()
    expect(alone.tell(10, { type: 'origin-failed', why: 'trouble' })).to.deep.equal(['fail origin'])
    const table = served()
    table.tell(200, { type: 'linked', peer: 'p' })
    table.tell(200, { type: 'seed-failed', seed: 's', why: 'unreachable' })
    expect(table.until(3100)).to.include('3.1 read rest 4')
    expect(table.tell(4000, { type: 'origin-failed', why: 'trouble' })).to.deep.equal(['offer-ranges'])
    table.tell(4500, { type: 'progress', bytes: 4096, pieceLength: PIECE })
    expect(table.until(7499).filter(word => word.includes('fail'))).to.deep.equal([])
  })

  it('a linked peer that is silent is no source', () => {
    const changes = [{ at: 100, peer: 0, has: 0 }]
    const { at, why } = new SourceWorld({ seeds: [], origin: 'up', changes }).run(20_000)
    expect(why).to.equal('complete')
    expect(at).to.be.below(2 * POLICY.dhtMs + 1000 * PIECES)
  })
})

describe('sources: bytes of pieces that are not verified', () => {
  /** A peer has all of a content, and gives `bytes` every `everyMs` until `to`; of each piece's worth `gives` comes in whole. */
  function given({ bytes, everyMs, gives, to }: { bytes: number; everyMs: number; gives: boolean; to: number }): string[] {
    const table = served()
    table.tell(200, { type: 'seed-failed', seed: 's', why: 'unreachable' })
    table.tell(200, { type: 'linked', peer: 'p' })
    let missing = 100
    table.tell(200, { type: 'content', count: missing, missing, sealed: true })
    const said: string[] = []
    for (let at = 200 + everyMs, came = bytes; at < to; at += everyMs, came += bytes) {
      said.push(...table.until(at), ...table.tell(at, { type: 'progress', bytes, pieceLength: PIECE }))
      if (gives && missing > 100 - Math.floor(came / PIECE))
        table.tell(at, { type: 'content', count: 100, missing: --missing, sealed: true })
    }
    return said.filter(word => word.includes('read'))
  }
  const RATE = 64 * 1024

  it('from a line of 64 KiB/s, a piece every 4 s, keep the origin from being read', () => {
    expect(given({ bytes: RATE, everyMs: 1000, gives: true, to: 120_000 })).to.deep.equal([])
  })

  it('that trickle keep it from nothing', () => {
    const [said, ...others] = given({ bytes: 4096, everyMs: 2000, gives: false, to: 120_000 })
    expect(said).to.include('read whole 0')
    expect(Number.parseFloat(said ?? '')).to.be.within(POLICY.rangesMs / 1000, POLICY.rangesMs / 1000 + 3)
    expect(others).to.deep.equal([])
  })

  it('keep it as long as two pieces take at the least rate, at the most, when none comes of them', () => {
    const [said] = given({ bytes: RATE, everyMs: 1000, gives: false, to: 120_000 })
    const most = (POLICY.unproven * PIECE) / POLICY.leastRate + POLICY.rangesMs + 200
    expect(Number.parseFloat(said ?? '')).to.be.within(most / 1000 - 1, most / 1000)
  })

  it('that wait for our own limit are no delay of theirs', () => {
    const table = served()
    table.tell(200, { type: 'seed-failed', seed: 's', why: 'unreachable' })
    table.tell(200, { type: 'linked', peer: 'p' })
    table.tell(200, { type: 'content', count: 4, missing: 4, sealed: true })
    for (let at = 1000; at < 120_000; at += 1000) {
      expect([...table.until(at), ...table.tell(at, { type: 'held' })].filter(word => word.includes('read'))).to.deep.equal([])
    }
  })
})

describe('sources: after a loss', () => {
  const DYING = [{ at: 1500, seed: 0, to: 'dead' as const }]

  it('of the only seed, with every kind of origin, each host ends within half a minute', () => {
    const ends = (['up', 'no-ranges', 'down', 'other-version', 'gone'] as const).map(origin => {
      const { at, why } = new SourceWorld({ seeds: ['up'], origin, changes: DYING }).run(30_000)
      return `${origin}: ${why} ${Math.round(at / 1000)} s`
    })
    expect(ends.map(end => end.replace(/ \d+ s/, ''))).to.deep.equal([
      'up: complete',
      'no-ranges: complete',
      'down: origin',
      'other-version: origin-changed',
      'gone: origin',
    ])
  })

  it('of one of three seeds the next one gives the rest', () => {
    const { why, reads } = new SourceWorld({ seeds: ['up', 'up', 'up'], origin: 'down', changes: DYING }).run(30_000)
    expect({ why, reads }).to.deep.equal({ why: 'complete', reads: 0 })
  })
})

describe('sources: for who does not wait for the swarm', () => {
  const hasty = (options: Partial<SourceSelectorOptions> = {}) =>
    new Table({ seeds: ['s'], hasDht: true, believesOthers: true, chance: 0.99, policy: hastyPolicy(1000), ...options })

  it('the origin is read after that time, whatever is still being tried', () => {
    const silent = hasty()
    expect(silent.until(999)).to.deep.equal([])
    expect(silent.until(1000)).to.include('1 read new 0')
    // its host accepts connections; a crowd would wait for it
    const busy = hasty()
    busy.tell(500, { type: 'seed-listening', seed: 's' })
    expect(busy.until(1000)).to.include('1 read new 0')
    // connected, and mute ever since
    const mute = hasty()
    mute.tell(50, { type: 'seed-heard', seed: 's' })
    expect(mute.until(1000)).to.include('1 read new 0')
  })

  it('a seed that says it is waiting for the origin is waited for ten times as long', () => {
    const table = hasty()
    for (let at = 100; at <= 9600; at += 500) {
      expect([...table.until(at), ...table.tell(at, { type: 'seed-heard', seed: 's', replies: true })]).to.not.include.members([
        'read new 0',
      ])
    }
    expect(table.until(10_000)).to.include('10 read new 0')
  })

  it('what stops coming is read on after that time', () => {
    const table = served({ policy: hastyPolicy(1000), chance: 0 })
    table.tell(200, { type: 'content', count: 4, missing: 0, sealed: false })
    table.tell(900, { type: 'unlinked', peer: 's' })
    expect(table.tell(900, { type: 'seed-failed', seed: 's', why: 'unreachable' })).to.deep.equal([])
    expect(table.until(3000)).to.include('1.1 read rest 4')
  })
  it('a seed that is busy with other contents is not silent, for ten times as long', () => {
    const table = hasty()
    table.tell(50, { type: 'seed-heard', seed: 's' })
    for (let at = 900; at <= 9900; at += 900) {
      expect(table.until(at).join()).to.not.include('read')
      table.tell(at, { type: 'seed-alive', seed: 's', at })
    }
    expect(table.until(10_000)).to.include('10 read new 0')
  })

  it('a seed that gave a sign and then none has the second from that sign on', () => {
    const table = hasty({ policy: hastyPolicy(1000, 50) })
    table.tell(10, { type: 'seed-heard', seed: 's' })
    table.tell(40, { type: 'seed-alive', seed: 's', at: 40 })
    expect(table.until(1039).join()).to.not.include('read')
    expect(table.until(1040)).to.include('1.04 read new 0')
  })

  it('the second begins when the seed is asked, and stands still while this process cannot run', () => {
    const selector = new SourceSelector({ ...USUAL, seeds: ['s'], policy: hastyPolicy(1000) })
    selector.handle({ type: 'wake' }, 0)
    selector.handle({ type: 'store-searched' }, 300)
    selector.handle({ type: 'absent', ms: 400 }, 900)
    expect(selector.handle({ type: 'wake' }, 1699).flatMap(words).join()).to.not.include('read')
    expect(selector.handle({ type: 'wake' }, 1700).flatMap(words)).to.include('read new 0')
  })

  it('a seed that answers after that time ends the read', () => {
    const table = hasty()
    table.tell(50, { type: 'seed-heard', seed: 's' })
    expect(table.until(1000)).to.deep.equal(['1 read new 0'])
    table.tell(1100, { type: 'seed-heard', seed: 's', replies: true })
    expect(table.tell(1100, { type: 'seed-resolved', seed: 's', same: false })).to.include('stop-reading')
    table.tell(1200, { type: 'linked', peer: 's' })
    table.tell(1300, KNOWN)
    expect(table.until(3000).join()).to.not.include('read')
  })

  it('the origin is read on a second after a seed that has answered dies, and 7 s later when it freezes', () => {
    const ends = (['dead', 'frozen'] as const).map(to => {
      const table = served({ policy: hastyPolicy(1000), chance: 0 })
      table.tell(200, { type: 'content', count: 4, missing: 0, sealed: false })
      if (to === 'dead') table.tell(200, { type: 'unlinked', peer: 's' })
      if (to === 'dead') table.tell(200, { type: 'seed-failed', seed: 's', why: 'unreachable' })
      return table.until(60_000).find(line => line.includes('read'))
    })
    expect(ends).to.deep.equal(['1.1 read rest 4', '8.1 read rest 4'])
  })

  it('a seed that goes on to serve others, and us nothing, is given up after ten seconds and six', () => {
    const table = served({ policy: hastyPolicy(1000), chance: 0 })
    table.tell(200, { type: 'content', count: 4, missing: 0, sealed: false })
    const said: string[] = []
    for (let at = 500; at <= 20_000; at += 500) {
      const left = [...table.until(at), ...table.tell(at, { type: 'seed-alive', seed: 's', at })]
      said.push(...left)
      if (left.join().includes('leave-seed')) said.push(...table.tell(at, { type: 'seed-failed', seed: 's', why: 'busy' }))
    }
    expect(said.find(line => line.includes('read'))).to.match(/^(17(\.\d)? )?read rest 4$/)
  })
})

describe('a read that another host does for us', () => {
  /** Our own read has begun and brought two pieces; another host is at its third. */
  function shared(): Table {
    const table = new Table()
    table.tell(1000, { type: 'content', count: 2, missing: 0, sealed: false })
    expect(table.tell(1100, { type: 'read-shared', isOver: false })).to.deep.equal(['stop-reading', 'offer-ranges'])
    table.tell(1200, { type: 'content', count: 3, missing: 0, sealed: false })
    return table
  }

  it('is gone on with when the other one stops', () => {
    expect(shared().until(8000)).to.deep.equal(['4.2 withdraw-ranges', '4.2 read rest 3'])
  })

  it('is gone on with at once when the other one is too slow', () => {
    const table = shared()
    expect(table.tell(1300, { type: 'read-shared', isOver: true })).to.deep.equal(['withdraw-ranges', 'read rest 3'])
  })

  it('is done whole, compared with what is known, when all is known and comes too slowly', () => {
    const table = shared()
    table.tell(1300, { type: 'content', count: 9, missing: 6, sealed: true })
    expect(table.tell(1400, { type: 'read-shared', isOver: true })).to.deep.equal(['withdraw-ranges', 'read whole 0'])
  })
})
