// A world of neighbourhoods: nodes that come, link up, tell one another and go, in virtual time; and what graph they make.
import { World } from '../../src/sim/world.ts'
import { Neighbourhood } from '../../src/swarm/neighbourhood.ts'
import type {
  LinkUse,
  NeighbourhoodAction,
  NeighbourhoodEvent,
  NeighbourhoodPolicy,
} from '../../src/swarm/neighbourhood-events.ts'
import { seededRandom } from '../../src/swarm/random.ts'

export interface Plan {
  /** One number, one graph. */
  seed: number
  nodes: number
  /** Virtual milliseconds over which they join, one after the other. Default 0: all at once. */
  overMs?: number
  /** Equal groups that the nodes are in, by turns. Default: none is known. */
  racks?: number
  /** Default: all know one seed. `peer`: all know the first node, which is one like any other. */
  know?: 'seed' | 'peer'
  /** Milliseconds from one host to another that is in no group of its own. Default 5. */
  latencyMs?: number
  /** Share of the time in which a request runs on a link. Default 0.7. */
  busy?: number
  policy?: Partial<NeighbourhoodPolicy>
}

const SEED = 'seed'
const NEAR_MS = 0.2
const FAR_MS = 5
/** What a handshake costs besides its round trips: a random share of it. */
const HANDSHAKE_MS = 20
const USED_MS = 1000

export class Node {
  readonly id: string
  readonly group: string | undefined
  readonly joinedAt: number
  readonly hood: Neighbourhood
  readonly links = new Map<string, Node>()
  readonly uses = new Map<string, Partial<LinkUse>>()
  isComplete = false
  isGone = false
  /** When it first had four neighbours. */
  readyAt: number | undefined
  wakeAt = Infinity
  dials = 0
  refused = 0
  messages = 0

  constructor(id: string, group: string | undefined, joinedAt: number, hood: Neighbourhood) {
    this.id = id
    this.group = group
    this.joinedAt = joinedAt
    this.hood = hood
  }

  get isSeed(): boolean {
    return this.id === SEED
  }

  get peers(): Node[] {
    return [...this.links.values()].filter(node => !node.isSeed)
  }
}

export class Neighbourhoods {
  readonly world = new World()
  readonly nodes: Node[] = []
  readonly #plan: Plan
  readonly #random: () => number
  readonly #all = new Map<string, Node>()

  constructor(plan: Plan) {
    this.#plan = plan
    this.#random = seededRandom(plan.seed)
    if (plan.know !== 'peer') this.#make(SEED, undefined)
    for (let i = 0; i < plan.nodes; i++) {
      this.world.at(((plan.overMs ?? 0) * i) / plan.nodes, () => this.join())
    }
  }

  /** Lets virtual time pass. */
  run(ms: number): this {
    const end = this.world.now + ms
    this.world.run(() => false, end)
    this.world.at(end, () => {})
    this.world.run(() => false, end)
    return this
  }

  join(): Node {
    const i = this.nodes.length
    const { racks } = this.#plan
    const node = this.#make(`n${i}`, racks === undefined ? undefined : `rack${i % racks}`)
    this.nodes.push(node)
    const way = this.#all.get(this.#plan.know === 'peer' ? 'n0' : SEED)
    if (way !== undefined && way !== node) this.#dial(node, way.id)
    this.#report(node)
    return node
  }

  /** Ends a node; `broken`: its neighbours see a failure, not a farewell. */
  leave(node: Node, broken: boolean): void {
    node.isGone = true
    this.#all.delete(node.id)
    for (const other of [...node.links.values()]) {
      other.links.delete(node.id)
      this.#tell(other, { type: 'unlinked', peer: node.id, why: broken ? 'broken' : 'gone' })
    }
    node.links.clear()
  }

  #make(id: string, group: string | undefined): Node {
    const { policy = {} } = this.#plan
    const random = seededRandom(Math.floor(this.#random() * 2 ** 32))
    const groups = group === undefined ? [] : [group]
    const node = new Node(id, group, this.world.now, new Neighbourhood({ isSeed: id === SEED, groups, random, policy }))
    this.#all.set(id, node)
    return node
  }

  #latency(a: Node, b: Node): number {
    return a.group !== undefined && a.group === b.group ? NEAR_MS : (this.#plan.latencyMs ?? FAR_MS)
  }

  #tell(node: Node, event: NeighbourhoodEvent): void {
    if (node.isGone) return
    for (const action of node.hood.handle(event, this.world.now)) this.#perform(node, action)
    if (node.readyAt === undefined && node.peers.length >= 4) node.readyAt = this.world.now
    this.#plan.nodes <= 100 && node.hood.check()
    const wakeAt = node.hood.nextWake(this.world.now)
    if (wakeAt === Infinity || (node.wakeAt <= wakeAt && node.wakeAt > this.world.now)) return
    node.wakeAt = wakeAt
    this.world.at(wakeAt, () => {
      if (node.wakeAt === wakeAt) this.#tell(node, { type: 'wake' })
    })
  }

  #perform(node: Node, action: NeighbourhoodAction): void {
    if (action.type === 'dial') return this.#dial(node, action.peer)
    const other = node.links.get(action.peer)
    if (other === undefined) return
    if (action.type === 'drop') {
      node.links.delete(other.id)
      other.links.delete(node.id)
      return this.#after(node, other, () => this.#tell(other, { type: 'unlinked', peer: node.id, why: 'parted' }))
    }
    node.messages++
    const links = node.hood.degree
    const peers = action.peers.map(peer => ({ peer, group: this.#groupOf(peer) }))
    this.#after(node, other, () => {
      if (peers.length > 0) this.#tell(other, { type: 'heard', from: node.id, peers })
      else this.#tell(other, { type: 'asked', peer: node.id, links })
    })
  }

  #groupOf(peer: string): string | undefined {
    const { racks } = this.#plan
    return racks === undefined ? undefined : `rack${Number(peer.slice(1)) % racks}`
  }

  #after(a: Node, b: Node, run: () => void, besides = 0): void {
    this.world.after(this.#latency(a, b) + besides, run)
  }

  #dial(node: Node, peer: string): void {
    node.dials++
    const other = this.#all.get(peer)
    if (other === undefined) return this.world.after(1000, () => this.#tell(node, { type: 'failed', peer, why: 'unreachable' }))
    const links = node.hood.degree
    const handshake = 3 * this.#latency(node, other) + this.#random() * HANDSHAKE_MS
    this.#after(node, other, () => this.#hello(node, other, links), handshake)
  }

  #hello(from: Node, to: Node, links: number): void {
    if (from.isGone) return
    const failed = (why: 'busy' | 'unreachable') =>
      this.#after(from, to, () => this.#tell(from, { type: 'failed', peer: to.id, why }))
    if (to.isGone) return failed('unreachable')
    if (to.links.has(from.id)) return failed('busy')
    const kind = from.isSeed ? 'seed' : 'peer'
    if (to.hood.refuses(from.id, kind, links, this.world.now)) {
      from.refused++
      const hints = to.hood.hints({ peer: from.id, group: from.group }, this.world.now)
      const peers = hints.map(peer => ({ peer, group: this.#groupOf(peer) }))
      this.#after(from, to, () => this.#tell(from, { type: 'heard', from: to.id, peers }))
      return failed('busy')
    }
    const said = to.hood.degree
    to.links.set(from.id, from)
    from.links.set(to.id, to)
    this.#tell(to, { type: 'linked', peer: from.id, group: from.group, kind, links })
    this.#after(from, to, () => {
      if (!from.links.has(to.id)) return
      this.#tell(from, { type: 'linked', peer: to.id, group: to.group, kind: to.isSeed ? 'seed' : 'peer', links: said })
    })
  }

  #report(node: Node): void {
    this.world.after(USED_MS, () => {
      if (node.isGone) return
      this.#tell(node, { type: 'used', complete: node.isComplete, links: [...node.links.values()].map(o => this.#use(node, o)) })
      this.#report(node)
    })
  }

  /** Everything is in use in both directions, unless told otherwise; between two that have everything nothing is. */
  #use(node: Node, other: Node): LinkUse {
    const isOver = node.isComplete && other.isComplete
    const passed = isOver ? 0 : 1
    const busy = !isOver && this.#random() < (this.#plan.busy ?? 0.7)
    const offers = !node.isComplete
    const usual = { gave: passed, took: passed, busy, complete: other.isComplete, offers, fruitless: 0 }
    return { peer: other.id, rtt: 2 * this.#latency(node, other), ...usual, ...node.uses.get(other.id) }
  }
}

export interface GraphFigures {
  nodes: number
  degrees: { least: number; p1: number; median: number; p99: number; most: number; mean: number }
  histogram: Record<number, number>
  parts: number
  /** The longest of the shortest ways, from 32 nodes. */
  diameter: number
  nearShare: number
  leastFar: number
  /** Milliseconds from joining to four neighbours. */
  ready: { median: number; p99: number; last: number }
  dials: number
  refused: number
  messages: number
}

/** The graph of the peers alone: what is left when all seeds are gone. */
export function figures({ nodes }: { nodes: readonly Node[] }): GraphFigures {
  const here = nodes.filter(node => !node.isGone)
  const degrees = here.map(node => node.peers.length).toSorted((a, b) => a - b)
  const at = <T>(list: readonly T[], share: number) => list[Math.min(list.length - 1, Math.floor(share * list.length))] as T
  const histogram: Record<number, number> = {}
  for (const degree of degrees) histogram[degree] = (histogram[degree] ?? 0) + 1
  const isNear = (a: Node, b: Node) => a.group !== undefined && a.group === b.group
  const near = here.map(node => node.peers.filter(p => isNear(node, p)).length)
  const ready = here.map(node => (node.readyAt ?? Infinity) - node.joinedAt).toSorted((a, b) => a - b)
  const mean = (of: (node: Node) => number) => here.reduce((sum, node) => sum + of(node), 0) / here.length
  const sum = degrees.reduce((a, b) => a + b, 0)
  return {
    nodes: here.length,
    degrees: {
      least: at(degrees, 0),
      p1: at(degrees, 0.01),
      median: at(degrees, 0.5),
      p99: at(degrees, 0.99),
      most: at(degrees, 1),
      mean: sum / here.length,
    },
    histogram,
    ...shape(here),
    nearShare: near.reduce((a, b) => a + b, 0) / sum,
    leastFar: Math.min(...here.map((node, i) => node.peers.length - (near[i] as number))),
    ready: { median: at(ready, 0.5), p99: at(ready, 0.99), last: at(ready, 1) },
    dials: mean(node => node.dials),
    refused: mean(node => node.refused),
    messages: mean(node => node.messages),
  }
}

function shape(nodes: readonly Node[]): { parts: number; diameter: number } {
  const seen = new Set<Node>()
  let parts = 0
  for (const node of nodes) {
    if (seen.has(node)) continue
    parts++
    for (const reached of distances(node).keys()) seen.add(reached)
  }
  const step = Math.max(1, Math.floor(nodes.length / 32))
  const starts = nodes.filter((_, i) => i % step === 0)
  return { parts, diameter: Math.max(...starts.map(start => Math.max(...distances(start).values()))) }
}

function distances(start: Node): Map<Node, number> {
  const far = new Map([[start, 0]])
  for (const [node, distance] of far) {
    for (const peer of node.peers) if (!far.has(peer)) far.set(peer, distance + 1)
  }
  return far
}
