// Runs a scenario: builds the hosts, lets them come and go while virtual time passes, and measures.
import { seededRandom } from '../swarm/random.ts'
import { planPeers } from './arrivals.ts'
import { planFaults } from './faults.ts'
import type { Surroundings } from './host.ts'
import { makeHosts, newMeters } from './hosts.ts'
import { Links } from './links.ts'
import { Mail } from './mail.ts'
import { measure } from './measure.ts'
import type { Meter } from './meter.ts'
import { DEFAULT_PIECE_LENGTH, fluidBound, type Result, type Sample, type Scenario } from './scenario.ts'
import { startSeeds } from './seeding.ts'
import { Series } from './series.ts'
import { World } from './world.ts'

const DEFAULT_LATENCY_MS = 5
const DEFAULT_ANNOUNCE_MS = 100
/** A run is given up after so many times the bound. */
const PATIENCE = 50

/** The same scenario gives the same result, to the bit. `onSample` is told how far it is. */
export function simulate(scenario: Scenario, onSample?: (sample: Sample) => void): Result {
  const random = seededRandom(scenario.seed)
  const meters = newMeters()
  const around = surroundings(scenario, meters.origin)
  const hosts = makeHosts(scenario, around, meters, random)
  planFaults(scenario, hosts, around)
  startSeeds(scenario, hosts.seeds, around)
  const lastJoin = planPeers(scenario, hosts, around, random)
  const bound = fluidBound(scenario)
  const counting = hosts.peers.filter(p => p.mustFinish)
  around.tally.waiting = counting.length
  const series = new Series(around.world, meters, counting, { pieces: scenario.pieces, expectedMs: lastJoin + bound, onSample })
  around.world.run(() => around.tally.waiting === 0, scenario.limitMs ?? lastJoin + PATIENCE * bound)
  return measure(scenario, hosts, around, series.finish())
}

function surroundings(s: Scenario, originMeter: Meter): Surroundings {
  const world = new World()
  const links = new Links(world)
  const latency = s.latency ?? DEFAULT_LATENCY_MS
  const origin = links.link(s.originRate ?? Infinity, originMeter)
  links.meter(origin, true)
  return {
    world,
    links,
    mail: new Mail(world, latency),
    latency,
    announceMs: s.announceMs ?? DEFAULT_ANNOUNCE_MS,
    pieces: s.pieces,
    pieceLength: s.pieceLength ?? DEFAULT_PIECE_LENGTH,
    origin,
    check: s.check ?? false,
    tally: { events: 0, duplicateBytes: 0, originBytes: 0, bans: [], waiting: 0 },
  }
}
