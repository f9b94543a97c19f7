// The initial state of a decider; equal setups and events give equal answers.
import type { SwarmPolicy } from './events.ts'
import { seededRandom } from './random.ts'
import { Swarm, type SwarmOptions } from './swarm.ts'

/** The options of a swarm, with a number in place of its randomness, and nothing left to defaults. */
export interface SwarmSetup extends Omit<SwarmOptions, 'random' | 'policy'> {
  /** From which all of its randomness follows; 0 to 2³² − 1. */
  seed: number
  policy: SwarmPolicy
}

/** The one way to a swarm whose run can be repeated. */
export function startSwarm({ seed, ...options }: SwarmSetup): Swarm {
  return new Swarm({ ...options, random: seededRandom(seed) })
}
