// Rounds that are about company: several seeds, a fleet without any, or both; frozen, killed and cut off from one another.
import { drawn } from '../../src/sim/draw.ts'
import { Lots } from './lots.ts'
import {
  type Cut,
  drawNode,
  drawOne,
  drawOrigin,
  type Kind,
  type Means,
  type NodePlan,
  type PeerPlan,
  type Plan,
  planOf,
  type Trouble,
  withDigest,
} from './plan.ts'

export const KINDS: readonly Kind[] = ['plain', 'seeds', 'fleet', 'mixed']

/** Longer than a frozen seed is waited for, and than a link that is cut takes to be given up. */
const LONGEST_MS = 20_000

/** `kind`: undefined: each in turn. */
export function roundOf(seed: number, round: number, means: Means, kind = KINDS[round % KINDS.length] as Kind): Plan {
  return kind === 'plain' ? planOf(seed, round, means) : companyPlanOf(kind, seed, round, means)
}

function companyPlanOf(kind: Exclude<Kind, 'plain'>, seed: number, round: number, means: Means): Plan {
  const lots = new Lots(seed + KINDS.indexOf(kind) * 1_000_003, round)
  const origin = drawOrigin(lots)
  const isFleet = kind !== 'seeds'
  const seeds = named('seed', { seeds: lots.int(1, 3), fleet: 0, mixed: lots.int(1, 2) }[kind], name =>
    drawHost(lots, name, means),
  )
  const members = named('member', isFleet ? lots.int(2, 5) : 0, name => drawHost(lots, name, means))
  const mustDigest = origin.requests.some(fault => fault.kind === 'wrong-length' || fault.kind === 'range-lie')
  const drawPeer = (name: string): PeerPlan => {
    const peer = withDigest(drawOne(lots, name, means, true, origin.lengths.length), mustDigest)
    return { ...peer, trouble: peer.trouble && lengthened(lots, peer.trouble), isGuest: isFleet && lots.chance(0.5) }
  }
  const peers = named('peer', lots.int(2, 8), drawPeer)
  const villains = lots.chance(0.2) ? drawn(['liar', 'silent', 'forger'] as const, lots.random(), lots.random) : []
  const newcomer = lots.chance(0.4)
    ? { peer: { ...drawPeer('newcomer'), startMs: 0 }, originDies: lots.chance(0.7), seedsDie: lots.chance(0.5) }
    : undefined
  const hosts = [...seeds, ...members]
  const cuts = lots.chance(0.6) ? named('', lots.int(1, 2), () => drawCut(lots, hosts, peers)) : []
  return { seed, round, kind, origin, seeds, members, isFleet, cuts: means.cuts === true ? cuts : [], peers, villains, newcomer }
}

function named<T>(prefix: string, count: number, make: (name: string) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(`${prefix}${i}`))
}

/** One on which others rely. */
function drawHost(lots: Lots, name: string, means: Means): NodePlan {
  const host = drawNode(lots, name, means, 0.5)
  return { ...host, trouble: host.trouble && lengthened(lots, host.trouble) }
}

/** Some freeze for longer than anybody waits. */
function lengthened(lots: Lots, trouble: Trouble): Trouble {
  return trouble.kind === 'freeze' && lots.chance(0.4) ? { ...trouble, forMs: lots.log(5000, LONGEST_MS) } : trouble
}

/** One host, one peer, or half of all. */
function drawCut(lots: Lots, hosts: readonly NodePlan[], peers: readonly NodePlan[]): Cut {
  const among = lots.of(['host', 'host', 'peer', 'half'] as const)
  const all = [...hosts, ...peers].map(({ name }) => name)
  const one = lots.of(among === 'host' ? hosts : peers).name
  const half = drawn(all, 0.5, lots.random)
  const [origin, others] = lots.of([
    [true, false],
    [false, true],
    [true, true],
  ] as const)
  return {
    who: among === 'half' && half.length > 0 ? half : [one],
    atMs: lots.log(20, 3000),
    forMs: lots.log(500, LONGEST_MS),
    origin,
    others,
  }
}
