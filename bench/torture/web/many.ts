// Many rounds of origins as the web has them, several beside one another in each of a few processes.
import path from 'node:path'
import type { Crew } from '../crew.ts'
import { type Counters, count } from '../tally.ts'
import type { Quarters } from './hosts.ts'
import { roundIn } from './hosts.ts'
import { drawnInWeb, webPlanOf } from './plan.ts'
import { runWebRound } from './round.ts'

/** Most of a round is waiting: so many share a process. */
const LANES = 8
/** A process is replaced after so many rounds. */
const ROUNDS_TOGETHER = 150

export interface Amount {
  seed: number
  /** Rounds begin until so many downloads have ended. */
  downloads: number
  /** This round alone, again and again: what happens when is not drawn. */
  only: number | undefined
  /** Processes. */
  jobs: number
  isOver(): boolean
}

export async function runWebRounds(amount: Amount, dir: string, crew: Crew, tally: Counters, onRound: () => void): Promise<void> {
  const { seed, downloads, only } = amount
  let begun = 0
  const before = tally.tried
  const isOver = () => amount.isOver() || tally.tried - before >= downloads
  const lane = async (quarters: Quarters, end: number) => {
    while (!isOver() && begun < end && !quarters.commons.isGone) {
      const nth = begun++
      const plan = webPlanOf(seed, only ?? nth)
      count(tally, await runWebRound(plan, path.join(dir, `web-${nth}`), quarters), drawnInWeb(plan))
      onRound()
    }
  }
  const job = async () => {
    while (!isOver()) {
      const quarters: Quarters = { crew, commons: crew.hire(), ears: new Map() }
      quarters.commons.onEvent = (who, message) => quarters.ears.get(roundIn(who))?.(who, message)
      const end = begun + ROUNDS_TOGETHER
      const lanes = Math.min(LANES, downloads)
      await Promise.all(Array.from({ length: lanes }, () => lane(quarters, end)))
      await crew.dismiss(quarters.commons)
    }
  }
  await Promise.all(Array.from({ length: Math.min(amount.jobs, downloads) }, job))
}
