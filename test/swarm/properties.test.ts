// Whatever the swarm is told, its numbers agree and its intentions make sense; an honest world always completes.
import { expect } from 'chai'
import fc from 'fast-check'
import { Bitfield } from '../../src/core/bitfield.ts'
import { DEFAULT_POLICY, type PieceRun, type SwarmAction, type SwarmEvent } from '../../src/swarm/events.ts'
import { seededRandom } from '../../src/swarm/random.ts'
import { Swarm } from '../../src/swarm/swarm.ts'
import { bits, PIECE_LENGTH } from './table.ts'

const PIECES = 6
/** Uploads that are late, and count for nothing. */
const MOST_LATE = 32
const peer = fc.constantFrom('a', 'b', 'c', 'S', 'O', 'stranger')
/** Known pieces, some beyond the manifest, and some that are no pieces. */
const piece = fc.oneof(
  { weight: 8, arbitrary: fc.nat(PIECES - 1) },
  { weight: 2, arbitrary: fc.integer({ min: PIECES, max: 70 }) },
  { weight: 1, arbitrary: fc.constantFrom(-1, 1 << 20, 2 ** 32, 2 ** 53) },
)
/** With overlaps, and beyond the manifest. */
const runs = fc.array(
  fc.tuple(fc.nat(PIECES + 2), fc.integer({ min: 1, max: 4 })).map(([first, length]) => ({ first, end: first + length })),
  { maxLength: 3 },
)
const known = fc.nat(PIECES - 1)
const queue = fc.nat(100)
const load = fc.nat(40)
const bytes = fc.nat(PIECE_LENGTH)

const event: fc.Arbitrary<SwarmEvent> = fc.oneof(
  fc.record({ type: fc.constant('manifest' as const), count: fc.nat(PIECES), sealed: fc.boolean() }),
  fc.record({
    type: fc.constant('joined' as const),
    peer,
    kind: fc.constantFrom('peer' as const, 'seed' as const, 'origin' as const),
  }),
  fc.record({ type: fc.constant('left' as const), peer }),
  fc.record({ type: fc.constant('bitfield' as const), peer, have: fc.stringMatching(/^[01]{0,40}$/).map(bits), queue }),
  fc.record({ type: fc.constant('have' as const), peer, pieces: fc.array(piece, { maxLength: 4 }), queue }),
  fc.record({ type: fc.constant('progress' as const), peer, piece, bytes }),
  fc.record({ type: fc.constant('received' as const), peer, piece: known, bytes }),
  fc.record({ type: fc.constant('corrupt' as const), peer, piece }),
  fc.record({ type: fc.constant('refused' as const), peer, piece, forever: fc.boolean() }),
  fc.record({ type: fc.constant('stored' as const), piece: known }),
  fc.record({ type: fc.constant('request' as const), peer, piece, load }),
  fc.record({ type: fc.constant('cancel' as const), peer, piece }),
  fc.record({
    type: fc.constant('placed' as const),
    peer,
    place: fc.nat(2),
    roundTrip: fc.option(fc.nat(500), { nil: undefined }),
  }),
  fc.record({ type: fc.constant('sent' as const), peer }),
  fc.record({ type: fc.constant('served' as const), peer, piece }),
  fc.record({ type: fc.constant('wanted' as const), pieces: fc.option(runs, { nil: undefined }) }),
  fc.record({ type: fc.constant('cursor' as const), piece: fc.option(known, { nil: undefined }) }),
  fc.record({ type: fc.constant('origin-rate' as const), rate: fc.nat(1000), peers: fc.nat(1000) }),
  fc.constant({ type: 'wake' as const }),
)

/** What a driver would notice: does each intention fit those before it? */
class Witness {
  readonly #asked = new Map<string, Set<number>>()
  readonly #serving = new Set<string>()
  readonly #here = new Set<string>()
  readonly #stored = new Set<number>()
  #wanted: readonly PieceRun[] | undefined

  before(event: SwarmEvent): void {
    if (event.type === 'wanted') this.#wanted = event.pieces
    if (event.type === 'joined') this.#here.add(event.peer)
    if (event.type === 'left') this.#gone(event.peer)
    if (event.type === 'stored' || event.type === 'received') this.#stored.add(event.piece)
    if (event.type === 'received' || event.type === 'refused') this.#asked.get(event.peer)?.delete(event.piece)
    if (event.type === 'served') this.#serving.delete(`${event.peer} ${event.piece}`)
  }

  saw(action: SwarmAction, swarm: Swarm): void {
    if (action.type === 'announce') return void expect(this.#stored.has(action.piece)).to.equal(true)
    const { peer } = action
    if (action.type === 'drop' || action.type === 'snub') return void expect(this.#here.has(peer)).to.equal(true)
    const { piece } = action
    if (action.type === 'ban') return this.#gone(peer)
    expect(this.#here.has(peer) && !swarm.isBanned(peer), `${action.type} of ${peer}, who is not here`).to.equal(true)
    const asked = this.#asked.get(peer) ?? new Set()
    this.#asked.set(peer, asked)
    if (action.type === 'ask') {
      expect(asked.has(piece), 'asked twice').to.equal(false)
      expect(this.#stored.has(piece), 'asked for what we have').to.equal(false)
      expect(this.#wants(piece), 'asked for what is not wanted').to.equal(true)
      asked.add(piece)
      expect(asked.size).to.be.at.most(DEFAULT_POLICY.maxWindow)
    }
    if (action.type === 'cancel') expect(asked.delete(piece), 'called back what was not asked').to.equal(true)
    if (action.type === 'serve') {
      expect(this.#stored.has(piece)).to.equal(true)
      this.#serving.add(`${peer} ${piece}`)
      expect(this.#serving.size).to.be.at.most(DEFAULT_POLICY.uploadSlots + MOST_LATE)
    }
  }

  #wants(piece: number): boolean {
    return this.#wanted?.some(({ first, end }) => first <= piece && piece < end) !== false
  }

  #gone(peer: string): void {
    this.#here.delete(peer)
    this.#asked.delete(peer)
    for (const key of [...this.#serving]) if (key.startsWith(`${peer} `)) this.#serving.delete(key)
  }
}

describe('swarm: properties', () => {
  it('no row of events, honest or hostile, breaks it', () => {
    const step = fc.record({ event, ms: fc.constantFrom(0, 0, 1, 60, 300, 1100, 6000) })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 120 }), fc.nat(), fc.boolean(), (steps, seed, isSeed) => {
        const swarm = new Swarm({ self: 'me', isSeed, pieceLength: PIECE_LENGTH, random: seededRandom(seed) })
        const witness = new Witness()
        let now = 0
        for (const { event, ms } of steps) {
          now += ms
          witness.before(event)
          const actions = swarm.handle(event, now)
          swarm.check()
          for (const action of actions) witness.saw(action, swarm)
          expect(swarm.nextWake(now)).to.be.above(now)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('the same events give the same intentions', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), fc.nat(), (events, seed) => {
        const run = (): SwarmAction[][] => {
          const swarm = new Swarm({ self: 'me', isSeed: false, pieceLength: PIECE_LENGTH, random: seededRandom(seed) })
          return events.map((event, i) => swarm.handle(event, i * 100))
        }
        expect(run()).to.deep.equal(run())
      }),
      { numRuns: 100 },
    )
  })

  it('an honest world always completes, however late, busy and fleeting its peers', () => {
    const world = fc.record({
      seed: fc.nat(),
      pieces: fc.integer({ min: 1, max: 100 }),
      peers: fc.integer({ min: 0, max: 8 }),
      last: fc.constantFrom('peer' as const, 'seed' as const, 'origin' as const),
      cursor: fc.option(fc.nat(99), { nil: undefined }),
    })
    fc.assert(
      fc.property(world, w => {
        const driver = new HonestDriver(w)
        driver.run()
        expect(driver.swarm.isComplete).to.equal(true)
        expect(driver.swarm.have.isFull).to.equal(true)
      }),
      { numRuns: 200 },
    )
  })

  it('an honest world brings just what is wanted, and the rest when it is wanted later', () => {
    const world = fc.record({
      seed: fc.nat(),
      pieces: fc.integer({ min: 1, max: 100 }),
      peers: fc.integer({ min: 0, max: 8 }),
      last: fc.constantFrom('peer' as const, 'seed' as const, 'origin' as const),
      cursor: fc.option(fc.nat(99), { nil: undefined }),
      wanted: fc.array(
        fc.tuple(fc.nat(110), fc.integer({ min: 1, max: 40 })).map(([first, length]) => ({ first, end: first + length })),
        { maxLength: 3 },
      ),
    })
    fc.assert(
      fc.property(world, w => {
        const driver = new HonestDriver(w)
        driver.run()
        expect(driver.swarm.isComplete).to.equal(true)
        const wanted = Array.from({ length: w.pieces }, (_, i) => i).filter(piece =>
          w.wanted.some(({ first, end }) => first <= piece && piece < end),
        )
        expect([...driver.swarm.have]).to.deep.equal(wanted)
        driver.want(undefined)
        driver.run()
        expect(driver.swarm.isWhole).to.equal(true)
      }),
      { numRuns: 200 },
    )
  })
})

interface HonestWorld {
  seed: number
  pieces: number
  peers: number
  /** Who stays to the end and has everything. */
  last: 'peer' | 'seed' | 'origin'
  cursor: number | undefined
  wanted?: readonly PieceRun[]
}

/** Answers every request in the end: late, in any order, now and then with a refusal; peers leave, but `last` stays. */
class HonestDriver {
  readonly swarm: Swarm
  readonly #random: () => number
  readonly #holders = new Map<string, Bitfield>()
  #pending: { peer: string; piece: number }[] = []
  #now = 0

  constructor(w: HonestWorld) {
    this.#random = seededRandom(w.seed)
    this.swarm = new Swarm({ self: 'me', isSeed: false, pieceLength: PIECE_LENGTH, random: seededRandom(w.seed + 1) })
    if (w.wanted !== undefined) this.want(w.wanted)
    this.#tell({ type: 'manifest', count: Math.ceil(w.pieces / 2), sealed: false })
    if (w.cursor !== undefined) this.#tell({ type: 'cursor', piece: w.cursor })
    for (let i = 0; i < w.peers; i++) this.#join(`p${i}`, 'peer', w.pieces, 0.5)
    this.#join('last', w.last, w.pieces, 1)
    this.#tell({ type: 'manifest', count: w.pieces, sealed: true })
  }

  want(pieces: readonly PieceRun[] | undefined): void {
    this.#tell({ type: 'wanted', pieces })
  }

  run(): void {
    for (let steps = 0; steps < 20_000 && !this.swarm.isComplete; steps++) this.#step()
  }

  #step(): void {
    const request = this.#pending.splice(Math.floor(this.#random() * this.#pending.length), 1)[0]
    if (request === undefined) {
      this.#now = this.swarm.nextWake(this.#now)
      return this.#tell({ type: 'wake' })
    }
    this.#now += Math.floor(this.#random() * 200)
    const { peer, piece } = request
    const chance = this.#random()
    if (peer !== 'last' && chance < 0.02) {
      this.#holders.delete(peer)
      this.#pending = this.#pending.filter(r => r.peer !== peer)
      return this.#tell({ type: 'left', peer })
    }
    if (chance < 0.1) return this.#tell({ type: 'refused', peer, piece, forever: false })
    expect(this.#holders.get(peer)?.has(piece), `${peer} has ${piece}`).to.equal(true)
    this.#tell({ type: 'received', peer, piece, bytes: PIECE_LENGTH })
  }

  #join(peer: string, kind: 'peer' | 'seed' | 'origin', pieces: number, share: number): void {
    const have = new Bitfield(pieces)
    for (let i = 0; i < pieces; i++) if (this.#random() < share) have.add(i)
    this.#holders.set(peer, have)
    this.#tell({ type: 'joined', peer, kind })
    this.#tell({ type: 'bitfield', peer, have, queue: 0 })
  }

  #tell(event: SwarmEvent): void {
    const actions = this.swarm.handle(event, this.#now)
    this.swarm.check()
    for (const action of actions) {
      if (action.type === 'ask') this.#pending.push({ peer: action.peer, piece: action.piece })
      if (action.type === 'cancel') this.#pending = this.#pending.filter(r => r.peer !== action.peer || r.piece !== action.piece)
    }
  }
}
