// Many rounds of origins as the web has them, several beside one another in each of a few processes.
import path from 'node:path'
import type { Crew } from '../crew.ts'
import { type Counters, count } from '../tally.ts'
import type { Quarters } from './hosts.ts'
import { roundIn } from './hosts.ts'
import { drawnInWeb, webPlanOf } from './plan.ts'
import { runWebRound } from './round.ts'

/** Most of a round is waiting: so many share a process. */
const LANES = 24
/** A process is replaced after so many rounds. */
const ROUNDS_TOGETHER = 400

export interface Amount {
  seed: number
  /** Rounds begin until so many downloads have ended. */
  downloads: number
  /** This round alone. */
  only: number | undefined
  /** Processes. */
  jobs: number
  isOver(): boolean
}

export async function runWebRounds(amount: Amount, dir: string, crew: Crew, tally: Counters, onRound: () => void): Promise<void> {
  let next = amount.only ?? 0
  const before = tally.tried
  const isOver = () =>
    amount.isOver() || (amount.only === undefined ? tally.tried - before >= amount.downloads : next > amount.only)
  const lane = async (quarters: Quarters, end: number) => {
    while (!isOver() && next < end && !quarters.commons.isGone) {
      const plan = webPlanOf(amount.seed, next++)
      count(tally, await runWebRound(plan, path.join(dir, `web-${plan.round}`), quarters), drawnInWeb(plan))
      onRound()
    }
  }
  const job = async () => {
    while (!isOver()) {
      const quarters: Quarters = { crew, commons: crew.hire(), ears: new Map() }
      quarters.commons.onEvent = (who, message) => quarters.ears.get(roundIn(who))?.(who, message)
      const end = next + ROUNDS_TOGETHER
      await Promise.all(Array.from({ length: LANES }, () => lane(quarters, end)))
      await crew.dismiss(quarters.commons)
    }
  }
  await Promise.all(Array.from({ length: amount.jobs }, job))
}
