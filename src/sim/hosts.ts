// The hosts of a scenario, before anything happens.
import { DEFAULT_NEIGHBOURHOOD_POLICY } from '../swarm/neighbourhood-events.ts'
import { seededRandom } from '../swarm/random.ts'
import { randomFor, shuffled } from './draw.ts'
import { Meter } from './meter.ts'
import { SimPeer } from './peer.ts'
import { classCounts, type Line, REST_CLASS, type Scenario } from './scenario.ts'
import type { Meters } from './series.ts'
import type { Surroundings } from './surroundings.ts'

export interface Hosts {
  seeds: readonly SimPeer[]
  peers: readonly SimPeer[]
  /** Who knows the seeds. */
  informed: ReadonlySet<SimPeer>
}

export function newMeters(): Meters {
  return { up: new Meter(), down: new Meter(), seedUp: new Meter(), seedDown: new Meter(), origin: new Meter() }
}

/** `random` gives every host its own row of numbers; `purpose` draws the classes of lines. */
export function makeHosts(s: Scenario, around: Surroundings, meters: Meters, random: () => number): Hosts {
  let index = 0
  const host = (id: string, isSeed: boolean, { name, line }: { name: string; line: Line }): SimPeer => {
    const own = seededRandom(Math.floor(random() * 0x100000000))
    const options = { self: id, isSeed, pieceLength: around.pieceLength, random: own, policy: s.policy ?? {} }
    const [upMeter, downMeter] = isSeed ? [meters.seedUp, meters.seedDown] : [meters.up, meters.down]
    return new SimPeer({ id, index: index++, line, lineClass: name, upMeter, downMeter }, options, around)
  }
  const count = s.seeds ?? 1
  const seeds = Array.from({ length: count }, (_, i) =>
    host(i === 0 ? 'seed' : `seed${i}`, true, { name: 'seed', line: s.seedLine }),
  )
  const classes = linesByPeer(s)
  const peers = Array.from({ length: s.peers }, (_, i) => host(`p${i}`, false, classes[i] as { name: string; line: Line }))
  const informed = new Set(shuffled(peers, random).slice(0, s.knowSeed ?? DEFAULT_NEIGHBOURHOOD_POLICY.maxSeedLinks))
  return { seeds, peers, informed }
}

/** Which peer has which line, drawn by chance when there is a choice. */
function linesByPeer(s: Scenario): { name: string; line: Line }[] {
  const lines = classCounts(s).flatMap(({ name, count, line }) =>
    new Array<{ name: string; line: Line }>(count).fill({ name, line }),
  )
  if (lines.every(l => l.name === REST_CLASS)) return lines
  return shuffled(lines, randomFor(s.seed, 1))
}
