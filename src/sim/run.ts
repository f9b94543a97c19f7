// Runs a scenario: builds the hosts, lets them come and go while virtual time passes, and measures.
import { seededRandom } from '../swarm/random.ts'
import { planPeers } from './arrivals.ts'
import { planFaults } from './faults.ts'
import { makeHosts, newMeters } from './hosts.ts'
import { measure } from './measure.ts'
import { fluidBound, type Result, type Sample, type Scenario } from './scenario.ts'
import { startSeeds } from './seeding.ts'
import { Series } from './series.ts'
import { newSurroundings } from './surroundings.ts'

/** A run is given up after so many times the bound. */
const PATIENCE = 50

/** The same scenario gives the same result, to the bit. `onSample` is told how far it is. */
export function simulate(scenario: Scenario, onSample?: (sample: Sample) => void): Result {
  const random = seededRandom(scenario.seed)
  const meters = newMeters()
  const around = newSurroundings(scenario, meters.origin)
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
