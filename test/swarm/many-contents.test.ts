// A seed that gives other contents of a host, and nothing of this one: how long the origin is left alone, and when it counts as faster.
import { expect } from 'chai'
import fc from 'fast-check'
import { Budget } from '../../src/swarm/budget.ts'
import { DEFAULT_POLICY, type SwarmAction, type SwarmEvent } from '../../src/swarm/events.ts'
import { hastyPolicy } from '../../src/swarm/hasty-policy.ts'
import { startSwarm } from '../../src/swarm/setup.ts'
import { DEFAULT_SOURCE_POLICY as POLICY, type SourceEvent, type SourcePolicy } from '../../src/swarm/source-events.ts'
import { SourceSelector } from '../../src/swarm/source-selector.ts'

const PIECE = 256 * 1024
const STEP_MS = 100
/** The swarm is not told of smaller changes, milliseconds. */
const TOLD_MS = 1000

/** A host of one seed, to which it is linked, and that has named 10 pieces; told as a node and its swarm are. */
class Host {
  readonly #selector: SourceSelector
  /** Until when the swarm is to leave the origin alone. */
  patientUntil = -Infinity
  count = 10
  missing = 10
  #now = 0

  constructor(policy: Partial<SourcePolicy> = {}) {
    const usual = { hasDht: false, mayRead: true, revalidate: false, believesOthers: false, chance: 0 }
    this.#selector = new SourceSelector({ ...usual, seeds: ['s'], policy })
    this.tell(0, { type: 'store-searched' })
    this.tell(0, { type: 'seed-resolved', seed: 's', same: true })
    this.tell(0, { type: 'linked', peer: 's' })
    this.#tellContent()
  }

  /** Whether the swarm may ask the origin, were it silent for long enough. */
  get mayAsk(): boolean {
    return this.#now >= this.patientUntil
  }

  grows(): void {
    this.count++
    this.missing++
    this.#tellContent()
  }

  gets(): void {
    this.missing--
    this.#tellContent()
  }

  lives(): void {
    this.tell(this.#now, { type: 'seed-alive', seed: 's', at: this.#now })
  }

  /** Looks find nobody, so that only what is told of the seed shows that it lives. */
  tell(now: number, event: SourceEvent): void {
    this.#now = now
    const actions = this.#selector.handle(event, now)
    for (const action of actions) if (action.type === 'be-patient') this.patientUntil = now + action.ms
    if (actions.some(({ type }) => type === 'look-at-seed')) this.tell(now, { type: 'seed-looked', seed: 's', lives: false })
  }

  wakeUntil(now: number): void {
    while (this.#selector.nextWake <= now) this.tell(this.#selector.nextWake, { type: 'wake' })
    this.#now = now
  }

  #tellContent(): void {
    this.tell(this.#now, { type: 'content', count: this.count, missing: this.missing, sealed: false })
  }
}

/** Until when the origin is left alone, of one who hears of its seed until then, and gets nothing. `grows`: digests come all the same. */
function leftAloneUntil({
  aliveMs,
  grows = false,
  policy = {},
}: {
  aliveMs: number
  grows?: boolean
  policy?: Partial<SourcePolicy>
}): number {
  const host = new Host(policy)
  for (let now = STEP_MS; now < 60_000; now += STEP_MS) {
    host.wakeUntil(now)
    if (now <= aliveMs) host.lives()
    if (grows) host.grows()
    if (now >= DEFAULT_POLICY.originMs && host.mayAsk) return now
  }
  return Infinity
}

describe('swarm: a seed that gives other contents of this host', () => {
  it('keeps the origin from being asked while it gives anything, as long as an answer to a look does', () => {
    expect(leftAloneUntil({ aliveMs: 0 }), 'it gives nothing').to.equal(DEFAULT_POLICY.originMs)
    expect(leftAloneUntil({ aliveMs: 10_000 })).to.be.within(13_000, 10_000 + POLICY.lookAnswerMs)
    expect(leftAloneUntil({ aliveMs: 10_000, grows: true })).to.be.within(13_000, 10_000 + POLICY.lookAnswerMs)
  })

  it('is waited for 30 s where it never gives a piece of this one, whatever it tells of it', () => {
    expect(leftAloneUntil({ aliveMs: Infinity, grows: true })).to.be.within(POLICY.awaitMs - 1000, POLICY.awaitMs)
    expect(leftAloneUntil({ aliveMs: Infinity }), 'it is left before, as nobody answers looks').to.equal(POLICY.muteMs)
  })

  it('is no reason to wait for who would rather read the origin', () => {
    expect(leftAloneUntil({ aliveMs: Infinity, grows: true, policy: hastyPolicy(1000) })).to.equal(DEFAULT_POLICY.originMs)
  })

  it('whatever comes when: not beyond 4 s after a sign, nor beyond 30 s after a piece', () => {
    const step = fc.record({ ms: fc.integer({ min: 1, max: 9000 }), what: fc.constantFrom('lives', 'grows', 'gets', 'nothing') })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const host = new Host()
        let [now, gotAt, aliveAt] = [0, 0, -Infinity]
        for (const { ms, what } of steps) {
          now += ms
          host.wakeUntil(now)
          if (what === 'lives') host.lives()
          if (what === 'lives') aliveAt = now
          if (what === 'grows') host.grows()
          if (what === 'gets' && host.missing > 0) host.gets()
          if (what === 'gets' || host.missing === 0) gotAt = now
          if (host.mayAsk) continue
          expect(host.patientUntil).to.be.at.most(aliveAt + POLICY.lookAnswerMs + TOLD_MS)
          expect(host.patientUntil).to.be.at.most(gotAt + POLICY.awaitMs + TOLD_MS)
        }
      }),
    )
  })
})

describe('swarm: contents that share a line', () => {
  it('are told what came to the others, every half second, and nothing of their own', () => {
    const budget = new Budget<string>()
    for (const content of ['a', 'b', 'c']) budget.enter(content, { pieceLength: PIECE })
    const elsewhere = (content: string, now: number) =>
      budget.news(content, now).flatMap(event => (event.type === 'elsewhere' ? [event.bytes] : []))
    budget.arrivals.came('a', 100)
    budget.arrivals.came('b', 10)
    expect([elsewhere('a', 0), elsewhere('b', 0), elsewhere('c', 0)]).to.deep.equal([[10], [100], [110]])
    budget.arrivals.came('a', 1)
    expect([elsewhere('b', 499), elsewhere('b', 500), elsewhere('a', 500), elsewhere('b', 9000)]).to.deep.equal([[], [1], [], []])
    budget.leave('a')
    budget.arrivals.came('a', 1000)
    budget.enter('d', { pieceLength: PIECE })
    expect([elsewhere('b', 9999), elsewhere('d', 9999)], 'who has left, and who came before').to.deep.equal([[], []])
  })

  it('ask the origin as the faster one only where it is faster than all that the host gets', () => {
    /** Whether the origin, of which a seed tells 8 KB/ms, is asked by a host that gets 1 KB/ms of this content and so much of others. */
    const isTempted = (elsewhere: number) => {
      const swarm = startSwarm({ self: 'us', isSeed: false, pieceLength: PIECE, policy: DEFAULT_POLICY, seed: 1 })
      const asked: SwarmAction[] = []
      const tell = (event: SwarmEvent, now: number) => asked.push(...swarm.handle(event, now))
      tell({ type: 'manifest', count: 1000, sealed: true }, 0)
      for (const [peer, kind] of [['seed', 'seed'] as const, ['origin', 'origin'] as const]) {
        tell({ type: 'joined', peer, kind }, 0)
        tell({ type: 'have', peer, pieces: Array.from({ length: 1000 }, (_, i) => i), queue: 0 }, 0)
      }
      for (let now = 0; now <= 15_000; now += 250) {
        if (elsewhere > 0) tell({ type: 'elsewhere', bytes: 250 * elsewhere }, now)
        tell({ type: 'origin-rate', rate: 8000, peers: 1 }, now)
        const got = asked.findLast(action => action.type === 'ask' && action.peer === 'seed')
        if (got?.type === 'ask') tell({ type: 'received', peer: 'seed', piece: got.piece, bytes: 250 * 1000 }, now)
      }
      return asked.some(action => action.type === 'ask' && action.peer === 'origin')
    }
    expect([0, 1000, 8000].map(isTempted)).to.deep.equal([true, true, false])
  })
})
