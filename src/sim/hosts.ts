// Builds the hosts and swarms of a scenario.
import { DEFAULT_NEIGHBOURHOOD_POLICY } from '../swarm/neighbourhood-events.ts'
import { seededRandom } from '../swarm/random.ts'
import { SEED_SOURCE_POLICY } from '../swarm/source-events.ts'
import { randomFor, shuffled } from './draw.ts'
import { HostSources } from './host-sources.ts'
import { Machine } from './machine.ts'
import { Meter } from './meter.ts'
import { SimPeer } from './peer.ts'
import { classCounts, type Line, REST_CLASS, type Scenario } from './scenario.ts'
import type { Meters } from './series.ts'
import type { Surroundings } from './surroundings.ts'

/** The DHT names so many of those who have a content. */
const MAX_PROVIDERS = 10

export interface Hosts {
  seeds: readonly SimPeer[]
  peers: readonly SimPeer[]
  /** Who knows the seeds. */
  informed: ReadonlySet<SimPeer>
  /** How each finds its sources; empty: seeds and origin are given. */
  sources: ReadonlyMap<SimPeer, HostSources>
}

export function newMeters(): Meters {
  return { up: new Meter(), down: new Meter(), seedUp: new Meter(), seedDown: new Meter(), origin: new Meter() }
}

/** The hosts themselves; each may have several contents. */
export interface Machines {
  seeds: readonly Machine[]
  peers: readonly Machine[]
}

export function makeMachines(s: Scenario, around: Surroundings, meters: Meters): Machines {
  const policy = s.policy ?? {}
  const seed = { line: s.seedLine, lineClass: 'seed', upMeter: meters.seedUp, downMeter: meters.seedDown, policy }
  const peer = { upMeter: meters.up, downMeter: meters.down, policy, downLimit: s.downLimit }
  return {
    seeds: Array.from({ length: s.seeds ?? 1 }, () => new Machine(seed, around)),
    peers: linesByPeer(s).map(({ name, line }) => new Machine({ ...peer, line, lineClass: name }, around)),
  }
}

/** All of one content's swarm. `random` gives every one its own row of numbers; `content`: its number. */
export function makeHosts(
  s: Scenario,
  around: Surroundings,
  machines: Machines,
  { content, random }: { content: number; random: () => number },
): Hosts {
  const priority = s.priorities?.[content % s.priorities.length]
  let index = content * (machines.seeds.length + machines.peers.length)
  const host = (id: string, isSeed: boolean, machine: Machine): SimPeer => {
    const own = seededRandom(Math.floor(random() * 0x100000000))
    const options = { self: id, isSeed, pieceLength: around.pieceLength, random: own, policy: s.policy ?? {} }
    return new SimPeer({ id, index: index++, machine, priority }, options, around)
  }
  const seeds = machines.seeds.map((machine, i) => host(i === 0 ? 'seed' : `seed${i}`, true, machine))
  const peers = machines.peers.map((machine, i) => host(`p${i}`, false, machine))
  const informed = new Set(shuffled(peers, random).slice(0, s.knowSeed ?? DEFAULT_NEIGHBOURHOOD_POLICY.maxSeedLinks))
  return {
    seeds,
    peers,
    informed,
    sources: s.sources === undefined ? new Map() : makeSources(s, around, { seeds, peers, informed }),
  }
}

/** A seed asks those before it, and finds peers in the DHT; peers that do not know the seeds ask nobody. */
function makeSources(
  s: Scenario,
  around: Surroundings,
  { seeds, peers, informed }: Omit<Hosts, 'sources'>,
): Map<SimPeer, HostSources> {
  const random = randomFor(s.seed, 6)
  const mayRead = s.sources?.mayRead ?? true
  const admitMs = s.sources?.admitMs
  const asked: HostSources[] = []
  for (const self of seeds) {
    const providers = () => peers.filter(p => p.acts && p.known > 0 && !p.hears(self)).slice(0, MAX_PROVIDERS)
    const options = { mayRead: true, chance: 0, policy: SEED_SOURCE_POLICY, providers, admitMs }
    asked.push(new HostSources({ self, around, seeds: [...asked], ...options }))
  }
  const sources = new Map(asked.map(a => [a.self, a]))
  for (const self of peers) {
    const known = informed.has(self) ? asked : []
    sources.set(self, new HostSources({ self, around, seeds: known, mayRead, chance: random(), providers: () => [] }))
  }
  return sources
}

/** Which peer has which line, drawn by chance when there is a choice. */
function linesByPeer(s: Scenario): { name: string; line: Line }[] {
  const lines = classCounts({ ...s, downLimit: Infinity }).flatMap(({ name, count, line }) =>
    new Array<{ name: string; line: Line }>(count).fill({ name, line }),
  )
  if (lines.every(l => l.name === REST_CLASS)) return lines
  return shuffled(lines, randomFor(s.seed, 1))
}
