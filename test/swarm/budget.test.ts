// One budget for all contents of a host: nothing multiplies, nobody starves, nothing is idle while somebody wants it.
import { expect } from 'chai'
import fc from 'fast-check'
import { Bitfield } from '../../src/core/bitfield.ts'
import { MAX_PIECE_LENGTH } from '../../src/core/piece.ts'
import { Budget, type BudgetLimits } from '../../src/swarm/budget.ts'
import { DEFAULT_POLICY, type SwarmAction, type SwarmEvent } from '../../src/swarm/events.ts'
import { seededRandom } from '../../src/swarm/random.ts'
import { Swarm } from '../../src/swarm/swarm.ts'
import type { Priority } from '../../src/swarm/weights.ts'

const MiB = 2 ** 20
const PIECES = 48
/** What one content alone asks for, and sends, at most. */
const ASKED_BYTES = DEFAULT_POLICY.maxAskedBytes
const SLOTS = DEFAULT_POLICY.uploadSlots

/** One content of the host: what it waits for and what it sends. */
class Content {
  readonly swarm: Swarm
  readonly pieceLength: number
  /** `peer piece`, in the order in which they were intended. */
  readonly asked: [peer: string, piece: number][] = []
  readonly sending: [peer: string, piece: number][] = []
  /** Unlike pieces in `asked`: late ones are asked for twice. */
  askedPieces = 0
  got = 0

  constructor(pieceLength: number, seed: number) {
    this.pieceLength = pieceLength
    this.swarm = new Swarm({ self: 'me', isSeed: false, pieceLength, random: seededRandom(seed) })
  }
}

/** Drives several swarms as a node does; what has drifted is found after every event. */
class Host {
  readonly budget: Budget<Content>
  readonly contents: Content[] = []
  now = 0
  mostBytes = 0
  mostSlots = 0

  constructor(limits: Partial<BudgetLimits> = {}) {
    this.budget = new Budget(limits)
  }

  /** A content whose `peers` have everything; they have fast lines, so that their windows are no bound. */
  adds(pieceLength = MiB, { peers = 6, priority }: { peers?: number; priority?: Priority } = {}): Content {
    const content = new Content(pieceLength, this.contents.length + 1)
    this.contents.push(content)
    this.budget.enter(content, { pieceLength, ...(priority !== undefined && { priority }) })
    for (let i = 0; i < peers; i++) {
      this.tell(content, { type: 'joined', peer: `p${i}`, kind: 'peer' })
      this.tell(content, { type: 'bitfield', peer: `p${i}`, have: Bitfield.full(PIECES), queue: 0 })
    }
    return content
  }

  begins(content: Content): this {
    return this.tell(content, { type: 'manifest', count: PIECES, sealed: true })
  }

  /** Has everything, and `peers` ask for four pieces each. */
  serves(content: Content, peers: number): this {
    this.begins(content)
    for (let piece = 0; piece < PIECES; piece++) this.tell(content, { type: 'stored', piece })
    for (let i = 0; i < peers; i++) {
      const peer = `q${i}`
      this.tell(content, { type: 'joined', peer, kind: 'peer' })
      for (let piece = 0; piece < 4; piece++) this.tell(content, { type: 'request', peer, piece, load: 8 })
    }
    return this
  }

  removes(content: Content): this {
    this.contents.splice(this.contents.indexOf(content), 1)
    this.budget.leave(content)
    this.#wakeAll()
    return this
  }

  tell(content: Content, event: SwarmEvent): this {
    for (const news of this.budget.news(content, this.now)) content.swarm.handle(news, this.now)
    const actions = content.swarm.handle(event, this.now)
    this.budget.report(content, content.swarm.usage)
    for (const action of actions) note(content, action)
    this.#check(content)
    this.#wakeAll()
    return this
  }

  /** The oldest request of this content is answered. */
  answers(content: Content): this {
    const [peer, piece] = content.asked.shift() as [string, number]
    content.got++
    return this.tell(content, { type: 'received', peer, piece, bytes: content.pieceLength })
  }

  hasSent(content: Content): this {
    const [peer, piece] = content.sending.shift() as [string, number]
    return this.tell(content, { type: 'served', peer, piece })
  }

  #wakeAll(): void {
    for (const content of this.budget.takeWaiting()) this.tell(content, { type: 'wake' })
  }

  /** What a swarm holds, counted anew, is what it says and what the budget counts; all of them hold no more than there is. */
  #check(content: Content): void {
    this.budget.check()
    content.swarm.check()
    content.askedPieces = new Set(content.asked.map(([, piece]) => piece)).size
    const { asked, uploads } = content.swarm.usage
    if (asked !== content.askedPieces || uploads !== content.sending.length) throw new Error('the swarm counts otherwise')
    let bytes = 0
    let pieces = 0
    for (const { askedPieces, pieceLength, sending } of this.contents) {
      bytes += askedPieces * pieceLength
      pieces += sending.length
    }
    if (this.budget.askedBytes !== bytes) throw new Error(`${bytes} asked, the budget counts ${this.budget.askedBytes}`)
    if (this.budget.uploadSlots < pieces) throw new Error(`${pieces} sent, the budget counts ${this.budget.uploadSlots}`)
    this.mostBytes = Math.max(this.mostBytes, bytes)
    this.mostSlots = Math.max(this.mostSlots, pieces)
  }
}

function note(content: Content, action: SwarmAction): void {
  const drop = (list: [string, number][], peer: string, piece: number): void => {
    const i = list.findIndex(([p, n]) => p === peer && n === piece)
    if (i >= 0) list.splice(i, 1)
  }
  if (action.type === 'ask') content.asked.push([action.peer, action.piece])
  if (action.type === 'cancel') drop(content.asked, action.peer, action.piece)
  if (action.type === 'serve') content.sending.push([action.peer, action.piece])
}

function some(count: number, make: (i: number) => Content): Content[] {
  return Array.from({ length: count }, (_, i) => make(i))
}

const held = (content: Content): number => content.swarm.usage.asked

/** Lets pieces come, to whoever waits for one by chance, until all contents are complete; answers with how many came. */
function finish(host: Host, random: () => number): number {
  for (let came = 0; ; came++) {
    const waiting = host.contents.filter(content => content.asked.length > 0)
    if (waiting.length === 0) return came
    host.now += 1
    host.answers(waiting[Math.floor(random() * waiting.length)] as Content)
  }
}

describe('swarm: the budget of a host', () => {
  it('is no bound for a content that is alone: it asks for and sends what its policy says', () => {
    for (const pieceLength of [MiB / 4, MiB, MAX_PIECE_LENGTH]) {
      const alone = new Swarm({ self: 'me', isSeed: false, pieceLength, random: seededRandom(1) })
      const host = new Host()
      const content = host.adds(pieceLength)
      alone.handle({ type: 'manifest', count: PIECES, sealed: true }, 0)
      for (let i = 0; i < 6; i++) {
        alone.handle({ type: 'joined', peer: `p${i}`, kind: 'peer' }, 0)
        alone.handle({ type: 'bitfield', peer: `p${i}`, have: Bitfield.full(PIECES), queue: 0 }, 0)
      }
      host.begins(content)
      expect(held(content)).to.equal(alone.usage.asked)
      expect(content.swarm.usage.wantsToAsk).to.equal(false)
    }
  })

  it('50 contents at once ask for no more than one may, and every one of them gets its pieces', () => {
    for (const pieceLength of [MiB / 4, MiB, MAX_PIECE_LENGTH]) {
      const host = new Host()
      const contents = some(50, () => host.adds(pieceLength))
      for (const content of contents) host.begins(content)
      expect(host.budget.askedBytes, 'all of it is in use').to.equal(ASKED_BYTES)
      expect(finish(host, seededRandom(7))).to.equal(50 * PIECES)
      expect(contents.every(({ swarm }) => swarm.isComplete)).to.equal(true)
      expect(host.mostBytes).to.equal(ASKED_BYTES)
      expect(host.budget.askedBytes).to.equal(0)
    }
  })

  it('50 contents that all are wanted use no more slots than one, and all of them, and none is forgotten', () => {
    const host = new Host()
    const contents = some(50, () => host.adds())
    for (const content of contents) host.serves(content, 3)
    expect(host.mostSlots).to.equal(SLOTS)
    const random = seededRandom(3)
    for (let sent = 0; sent < 50 * 12; sent++) {
      const sending = contents.filter(content => content.sending.length > 0)
      host.now += 1
      host.hasSent(sending[Math.floor(random() * sending.length)] as Content)
    }
    expect(host.mostSlots).to.equal(SLOTS)
    expect(contents.map(({ swarm }) => swarm.queue).every(queue => queue === 0)).to.equal(true)
  })

  it('large pieces take as many slots as they have bytes, as with one content', () => {
    const host = new Host()
    for (const content of some(8, () => host.adds(MAX_PIECE_LENGTH))) host.serves(content, 4)
    expect(host.mostSlots).to.equal(DEFAULT_POLICY.maxUploadBytes / MAX_PIECE_LENGTH)
  })

  it('a content that begins gets its share although another holds all, as pieces come', () => {
    const host = new Host()
    const first = host.adds(MiB, { peers: 20 })
    host.begins(first)
    expect(held(first)).to.equal(32)
    const second = host.adds(MiB, { peers: 20 })
    host.begins(second)
    expect(held(second), 'nothing is taken away').to.equal(0)
    for (let i = 0; i < 16; i++) host.answers(first)
    expect([held(first), held(second)]).to.deep.equal([16, 16])
    for (let i = 0; i < 6; i++) host.answers(first).answers(second)
    expect([held(first), held(second)]).to.deep.equal([16, 16])
  })

  it('what one cannot use goes to those that can, and comes back when it can', () => {
    const host = new Host()
    const small = host.adds(MiB, { peers: 1 })
    const large = host.adds(MiB, { peers: 20 })
    host.begins(small).begins(large)
    expect([held(small), held(large)]).to.deep.equal([DEFAULT_POLICY.minWindow, 32 - DEFAULT_POLICY.minWindow])
    for (let i = 1; i < 20; i++) {
      host.tell(small, { type: 'joined', peer: `p${i}`, kind: 'peer' })
      host.tell(small, { type: 'bitfield', peer: `p${i}`, have: Bitfield.full(PIECES), queue: 0 })
    }
    for (let i = 0; i < 14; i++) host.answers(large)
    expect([held(small), held(large)]).to.deep.equal([16, 16])
  })

  it('who leaves gives back all, and those that waited get it at once', () => {
    const host = new Host()
    const [first, second, third] = some(3, () => host.adds(MiB, { peers: 20 })) as [Content, Content, Content]
    host.begins(first).begins(second).begins(third)
    expect([held(first), held(second), held(third)]).to.deep.equal([32, 0, 0])
    host.removes(first)
    expect([held(second), held(third)]).to.deep.equal([16, 16])
    expect(host.budget.size).to.equal(2)
  })

  it('shares by priority', () => {
    const host = new Host({ askedBytes: 10 * MiB })
    const high = host.adds(MiB / 4, { peers: 20, priority: 'high' })
    const normal = host.adds(MiB / 4, { peers: 20 })
    host.begins(normal).begins(high)
    for (let i = 0; i < 32; i++) host.answers(normal)
    expect([held(high), held(normal)]).to.deep.equal([32, 8])
  })

  it('a cap holds for one content, and what that leaves goes to the others', () => {
    const host = new Host()
    const capped = host.adds(MiB)
    host.budget.cap(capped, { asked: 2, uploads: 1 })
    const other = host.adds(MiB)
    host.begins(capped).begins(other)
    expect(host.budget.allowance(capped) ?? { asked: 2, uploads: 1 }).to.deep.equal({ asked: 2, uploads: 1 })
    expect(capped.swarm.usage.asked).to.equal(2)
    expect(other.swarm.usage.asked).to.equal(6 * DEFAULT_POLICY.minWindow)
    expect(host.budget.takeWaiting()).not.to.include(capped)
  })

  it('small pieces do not starve large ones', () => {
    const host = new Host({ askedBytes: 4 * MiB })
    const small = some(8, () => host.adds(MiB / 4, { peers: 10 }))
    for (const content of small) host.begins(content)
    const large = host.adds(MAX_PIECE_LENGTH)
    host.begins(large)
    const random = seededRandom(5)
    while (large.got === 0) {
      const waiting = host.contents.filter(content => content.asked.length > 0)
      host.answers(waiting[Math.floor(random() * waiting.length)] as Content)
    }
    expect(small.some(({ swarm }) => !swarm.isComplete)).to.equal(true)
  })

  it('whatever happens: no more than there is, nothing idle while somebody could use it, everybody finishes', () => {
    const sizes = fc.constantFrom(MiB / 4, MiB / 2, MiB, MAX_PIECE_LENGTH)
    const priority = fc.constantFrom<Priority>('low', 'normal', 'high')
    const contents = fc.array(fc.record({ pieceLength: sizes, priority, peers: fc.integer({ min: 1, max: 12 }) }), {
      minLength: 1,
      maxLength: 8,
    })
    fc.assert(
      fc.property(contents, fc.integer({ min: 1, max: 16 }), fc.nat(1000), (made, mebibytes, seed) => {
        const host = new Host({ askedBytes: mebibytes * MiB })
        const random = seededRandom(seed)
        for (const { pieceLength, ...options } of made) {
          host.begins(host.adds(pieceLength, options))
          if (random() < 0.5) host.answers(host.contents.find(content => content.asked.length > 0) as Content)
        }
        const most = Math.max(mebibytes * MiB, ...made.map(({ pieceLength }) => 2 * pieceLength))
        if (host.contents.length > 1 && random() < 0.5) host.removes(host.contents[0] as Content)
        while (host.contents.some(({ asked }) => asked.length > 0)) {
          if (host.budget.askedBytes > most) throw new Error('more than there is')
          const wanting = host.contents.filter(({ swarm }) => swarm.usage.wantsToAsk)
          const least = Math.max(...wanting.map(({ pieceLength }) => pieceLength))
          const isIdle = wanting.length > 0 && mebibytes * MiB - host.budget.askedBytes >= least
          if (isIdle) throw new Error('something is idle while somebody could use it')
          const waiting = host.contents.filter(({ asked }) => asked.length > 0)
          host.now++
          host.answers(waiting[Math.floor(random() * waiting.length)] as Content)
        }
        expect(host.contents.every(({ swarm }) => swarm.isComplete)).to.equal(true)
      }),
      { numRuns: 40 },
    )
  })
})
