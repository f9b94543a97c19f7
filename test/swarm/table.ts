// A swarm written as strings: `'1101'` is who has pieces 0, 1 and 3; intentions come back as `ask a 2`.
import { Bitfield } from '../../src/core/bitfield.ts'
import type { NeighbourKind, SwarmAction, SwarmEvent, SwarmPolicy } from '../../src/swarm/events.ts'
import { seededRandom } from '../../src/swarm/random.ts'
import { Swarm } from '../../src/swarm/swarm.ts'

export const PIECE_LENGTH = 1000

export interface TableOptions {
  /** What we have, no gaps; its length is the number of pieces. null: there is no manifest yet. */
  mine: string | null
  /** Neighbours in the order in which they come: `S…` is a seed, `O…` the origin, every other name a peer. */
  others?: Record<string, string>
  policy?: Partial<SwarmPolicy>
  isSeed?: boolean
  seed?: number
  /** Our own name. Default me. */
  self?: string
}

export class Table {
  readonly swarm: Swarm
  now = 0
  /** Everything intended since the last `take`. */
  #said: string[] = []

  constructor({ mine, others = {}, policy = {}, isSeed = false, seed = 1, self = 'me' }: TableOptions) {
    this.swarm = new Swarm({ self, isSeed, pieceLength: PIECE_LENGTH, random: seededRandom(seed), policy })
    // The manifest comes last, so that the choice is made once, among all.
    for (const [peer, have] of Object.entries(others)) this.joins(peer, have)
    if (mine === null) return
    for (const piece of bits(mine)) this.tell({ type: 'stored', piece })
    this.#said = []
    this.tell({ type: 'manifest', count: mine.length, sealed: true })
  }

  tell(event: SwarmEvent): this {
    const actions = this.swarm.handle(event, this.now)
    this.swarm.check()
    this.#said.push(...actions.map(write))
    return this
  }

  joins(peer: string, have = ''): this {
    this.tell({ type: 'joined', peer, kind: kindOf(peer) })
    return have === '' ? this : this.tell({ type: 'bitfield', peer, have: bits(have), queue: 0 })
  }

  receives(piece: number, peer: string): this {
    return this.tell({ type: 'received', peer, piece, bytes: PIECE_LENGTH })
  }

  has(peer: string, ...pieces: number[]): this {
    return this.tell({ type: 'have', peer, pieces, queue: 0 })
  }

  requests(peer: string, ...pieces: number[]): this {
    for (const piece of pieces) this.tell({ type: 'request', peer, piece, load: 0 })
    return this
  }

  /** Lets time pass, looking around as often as the swarm wishes. */
  wait(ms: number): this {
    const end = this.now + ms
    for (let at = this.swarm.nextWake(this.now); at <= end; at = this.swarm.nextWake(this.now)) {
      this.now = Math.max(this.now, at)
      this.tell({ type: 'wake' })
    }
    this.now = end
    return this.tell({ type: 'wake' })
  }

  /** What was intended since the last time, in order, commas between. */
  take(only = ''): string {
    const said = this.#said.filter(s => s.startsWith(only))
    this.#said = []
    return said.join(', ')
  }

  /** The same, sorted: for sets whose order is chance. */
  takeSorted(only = ''): string {
    return this.take(only).split(', ').sort().join(', ')
  }
}

export function bits(text: string): Bitfield {
  const set = new Bitfield(text.length)
  for (const [i, bit] of [...text].entries()) if (bit === '1') set.add(i)
  return set
}

function kindOf(peer: string): NeighbourKind {
  return peer.startsWith('S') ? 'seed' : peer.startsWith('O') ? 'origin' : 'peer'
}

function write(action: SwarmAction): string {
  switch (action.type) {
    case 'drop':
      return `drop ${action.peer}`
    case 'snub':
      return `snub ${action.peer} ${action.why}`
    case 'announce':
      return `announce ${action.piece}`
    case 'refuse':
      return `refuse ${action.peer} ${action.piece} ${action.missing ? 'missing' : 'busy'}`
    default:
      return `${action.type} ${action.peer} ${action.piece}`
  }
}
