// Lets the peers of a scenario join and leave.
import { seededRandom } from '../swarm/random.ts'
import { Acquaintance } from './acquaintance.ts'
import { joinTimes, leaveTimes } from './comings.ts'
import { randomFor } from './draw.ts'
import { faultyPeers } from './faults.ts'
import { connect, GivenGraph } from './graph.ts'
import type { Hosts } from './hosts.ts'
import type { SimPeer } from './peer.ts'
import type { Scenario } from './scenario.ts'
import type { Surroundings } from './surroundings.ts'

const DEFAULT_NEIGHBOURS = 10

/** Gives neighbours to those who come; `there` were there before. */
type Welcome = (comers: readonly SimPeer[], there: readonly SimPeer[]) => void

/** Answers with the time of the last join. */
export function planPeers(s: Scenario, hosts: Hosts, around: Surroundings, random: () => number): number {
  const { world } = around
  const faulty = faultyPeers(s.faults ?? [], hosts.peers)
  const sound = hosts.peers.filter(p => !faulty.has(p))
  const leaving = leaveTimes(s.leaves, sound, randomFor(s.seed, 3))
  for (const peer of sound) peer.mustFinish = !leaving.has(peer)
  const welcome = s.discovery === 'exchange' ? exchange(s, hosts, around) : given(s, hosts, random)
  const times = joinTimes(s.joins ?? { type: 'at-once' }, s.peers, randomFor(s.seed, 4))
  for (const [at, comers] of Map.groupBy(hosts.peers, (_, i) => times[i] as number)) {
    const come = (): void => {
      const there = hosts.peers.filter(p => p.isHere)
      for (const peer of comers) peer.enter()
      welcome(comers, there)
      for (const peer of comers) hosts.sources.get(peer)?.begin()
      if (s.peersReadOrigin === true) for (const peer of comers) peer.joinOrigin()
    }
    if (at === 0) come()
    else world.at(at, come)
  }
  for (const [i, peer] of hosts.peers.entries()) {
    const at = leaving.get(peer)
    if (at !== undefined) world.at(Math.max(at, times[i] as number), () => peer.leave('gone'))
  }
  return times.at(-1) ?? 0
}

function given(s: Scenario, { seeds, informed, sources }: Hosts, random: () => number): Welcome {
  const graph = new GivenGraph(s.neighbours ?? DEFAULT_NEIGHBOURS, random)
  if ((s.sources?.admitMs ?? 0) > 0) return onceAdmitted(graph, seeds, sources)
  return (comers, there) => {
    for (const peer of comers) {
      if (!informed.has(peer) || s.sources !== undefined) continue
      for (const seed of seeds) if (seed.isHere) connect(seed, peer)
    }
    graph.welcome(comers, there)
  }
}

/** Nobody knows anybody before a seed has admitted them. */
function onceAdmitted(graph: GivenGraph, seeds: readonly SimPeer[], sources: Hosts['sources']): Welcome {
  const admitted = new Set<SimPeer>()
  for (const seed of seeds) {
    const from = sources.get(seed)
    if (from === undefined) continue
    from.onAdmitted = peer => {
      if (admitted.has(peer) || seeds.includes(peer)) return
      graph.welcome([peer], [...admitted])
      admitted.add(peer)
    }
  }
  return () => {}
}

function exchange(s: Scenario, { seeds, peers, informed }: Hosts, around: Surroundings): Welcome {
  const random = randomFor(s.seed, 5)
  const oneOf = (list: readonly SimPeer[]): SimPeer | undefined => list[Math.floor(random() * list.length)]
  const meeting = { around, random, keepers: new Map<string, Acquaintance>(), lookUp: () => oneOf(peers.filter(p => p.acts)) }
  const keeper = (peer: SimPeer): Acquaintance =>
    new Acquaintance(peer, meeting, seededRandom(Math.floor(random() * 0x100000000)), s.neighbours)
  for (const seed of seeds) keeper(seed).start([])
  return (comers, there) => {
    const acquaintances = [...there]
    for (const peer of comers) {
      const somebody = oneOf(acquaintances) ?? (seeds[0] as SimPeer)
      keeper(peer).start(informed.has(peer) ? seeds : [somebody])
      acquaintances.push(peer)
    }
  }
}
