// Runs a scenario: builds the hosts, advances virtual time, and measures.
import { seededRandom } from '../swarm/random.ts'
import { planPeers } from './arrivals.ts'
import { planFaults } from './faults.ts'
import { makeHosts, makeMachines, newMeters } from './hosts.ts'
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
  const machines = makeMachines(scenario, around, meters)
  const contents = scenario.contents ?? 1
  let lastJoin = 0
  for (let content = 0; content < contents; content++) {
    const hosts = makeHosts(scenario, around, machines, { content, random })
    planFaults(scenario, hosts, around, content === 0)
    startSeeds(scenario, hosts.seeds, around)
    lastJoin = planPeers(scenario, hosts, around, random)
    around.tally.waiting += hosts.peers.filter(p => p.mustFinish).length
  }
  const bound = fluidBound(scenario)
  const counting = machines.peers.filter(p => p.mustFinish)
  const expectedMs = lastJoin + bound
  const series = new Series(around.world, meters, counting, { pieces: contents * scenario.pieces, expectedMs, onSample })
  around.world.run(() => around.tally.waiting === 0, scenario.limitMs ?? lastJoin + PATIENCE * bound)
  return measure(scenario, machines, around, series.finish())
}
