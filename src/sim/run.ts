// Runs a scenario: builds the hosts, joins them to a random graph, lets virtual time pass, and measures.
import { seededRandom } from '../swarm/random.ts'
import { Link, Links } from './link.ts'
import { SimPeer, type Surroundings } from './peer.ts'
import { DEFAULT_PIECE_LENGTH, type Fault, fluidBound, type Result, type Scenario } from './scenario.ts'
import { World } from './world.ts'

interface Hosts {
  seed: SimPeer
  peers: SimPeer[]
  /** The peers that have to get it all: those without a fault. */
  honest: SimPeer[]
}

/** The same scenario gives the same result, to the bit. */
export function simulate(scenario: Scenario): Result {
  const random = seededRandom(scenario.seed)
  const around = surroundings(scenario)
  const hosts = makeHosts(scenario, around, random)
  const { seed, peers, honest } = hosts
  for (const fault of scenario.faults ?? []) plan(fault, hosts, around)
  if (scenario.originRate === undefined) seed.holdAll()
  else seed.readOrigin()
  connect(scenario, hosts, random)
  around.world.run(() => honest.every(p => p.doneAt !== undefined), scenario.limitMs ?? 50 * fluidBound(scenario))
  return measure(scenario, hosts, around, peers)
}

function surroundings(s: Scenario): Surroundings {
  const world = new World()
  return {
    world,
    links: new Links(world),
    latency: s.latency ?? 5,
    pieces: s.pieces,
    pieceLength: s.pieceLength ?? DEFAULT_PIECE_LENGTH,
    origin: new Link(s.originRate ?? Infinity),
    check: s.check ?? false,
    tally: { events: 0, duplicateBytes: 0, originBytes: 0, bans: [] },
  }
}

function makeHosts(s: Scenario, around: Surroundings, random: () => number): Hosts {
  const host = (id: string, isSeed: boolean): SimPeer => {
    const own = seededRandom(Math.floor(random() * 0x100000000))
    const options = { isSeed, pieceLength: around.pieceLength, random: own, policy: s.policy ?? {} }
    return new SimPeer(id, isSeed ? s.seedLine : s.peerLine, options, around)
  }
  const seed = host('seed', true)
  const peers = Array.from({ length: s.peers }, (_, i) => host(`p${i}`, false))
  const faulty = new Set((s.faults ?? []).map(f => ('peer' in f ? f.peer : undefined)))
  return { seed, peers, honest: peers.filter((_, i) => !faulty.has(i)) }
}

function plan(fault: Fault, { seed, peers }: Hosts, { world, pieces }: Surroundings): void {
  if (fault.type === 'seed-death') return world.at(fault.at, () => seed.die())
  if (fault.type === 'seed-death-when-out') {
    const look = (): void => (seed.out.count === pieces ? seed.die() : world.after(1, look))
    return world.after(1, look)
  }
  const peer = peers[fault.peer]
  if (peer === undefined) throw new RangeError(`no peer ${fault.peer}`)
  if (fault.type === 'crash') world.at(fault.at, () => peer.die())
  else if (fault.type === 'silent')
    world.at(fault.at, () => {
      peer.isSilent = true
    })
  else {
    peer.isLiar = true
    peer.holdAll()
  }
}

function connect(s: Scenario, { seed, peers }: Hosts, random: () => number): void {
  for (const peer of shuffled(peers, random).slice(0, s.knowSeed ?? peers.length)) {
    seed.join(peer)
    peer.join(seed)
  }
  for (const [a, b] of randomGraph(peers, s.neighbours ?? 10, random)) {
    a.join(b)
    b.join(a)
  }
  if (s.peersReadOrigin === true) for (const peer of peers) peer.joinOrigin()
}

/** Random rings laid over each other: connected, and nobody has more than `degree` neighbours. */
function* randomGraph<T>(nodes: readonly T[], degree: number, random: () => number): Generator<[T, T]> {
  const joined = new Map<T, Set<T>>(nodes.map(n => [n, new Set()]))
  for (let ring = 0; ring < degree / 2; ring++) {
    const order = shuffled(nodes, random)
    for (const [i, a] of order.entries()) {
      const b = order[(i + 1) % order.length] as T
      if (a === b || joined.get(a)?.has(b)) continue
      joined.get(a)?.add(b)
      joined.get(b)?.add(a)
      yield [a, b]
    }
  }
}

/** Fisher and Yates. */
function shuffled<T>(list: readonly T[], random: () => number): T[] {
  const copy = [...list]
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[copy[i], copy[j]] = [copy[j] as T, copy[i] as T]
  }
  return copy
}

function measure(
  s: Scenario,
  { seed, honest }: Hosts,
  { tally, pieces, pieceLength, world }: Surroundings,
  peers: SimPeer[],
): Result {
  const times = honest.map(p => p.doneAt ?? Infinity).toSorted((a, b) => a - b)
  const lastMs = times.at(-1) ?? 0
  const boundMs = fluidBound(s)
  return {
    doneAt: peers.map(p => p.doneAt),
    lastMs,
    medianMs: times[times.length >> 1] ?? 0,
    boundMs,
    efficiency: boundMs / lastMs,
    seedCopies: seed.sentBytes / (pieces * pieceLength),
    duplicateBytes: tally.duplicateBytes,
    originBytes: tally.originBytes,
    bans: tally.bans.toSorted(),
    events: tally.events,
    handled: world.handled,
  }
}
