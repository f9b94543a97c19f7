// Many rounds of origins as the web has them, several beside one another in each of a few processes.
import path from 'node:path'
import type { Crew } from '../crew.ts'
import type { RoundResult } from '../round.ts'
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

export async function runWebRounds(
  amount: Amount,
  dir: string,
  crew: Crew,
  tally: Counters,
  onRound: (result: RoundResult) => void,
): Promise<void> {
  const { seed, downloads, only } = amount
  let begun = 0
  const before = tally.tried
  const isOver = () => amount.isOver() || tally.tried - before >= downloads
  const job = async () => {
    let current = newHouse(crew)
    const lane = async () => {
      while (!isOver()) {
        if (current.rounds === ROUNDS_TOGETHER || current.quarters.commons.isGone) current = newHouse(crew)
        const house = current
        const nth = begun++
        const plan = webPlanOf(seed, only ?? nth)
        house.rounds++
        house.guests++
        const result = await runWebRound(plan, path.join(dir, `web-${nth}`), house.quarters)
        // the last one out, once the others have moved
        if (--house.guests === 0 && house !== current) await crew.dismiss(house.quarters.commons)
        count(tally, result, drawnInWeb(plan))
        onRound(result)
      }
    }
    await Promise.all(Array.from({ length: Math.min(LANES, downloads) }, lane))
    await crew.dismiss(current.quarters.commons)
  }
  await Promise.all(Array.from({ length: Math.min(amount.jobs, downloads) }, job))
}

/** A process, how many rounds it has had, and how many it has now. */
interface House {
  quarters: Quarters
  rounds: number
  guests: number
}

function newHouse(crew: Crew): House {
  const quarters: Quarters = { crew, commons: crew.hire(), ears: new Map() }
  quarters.commons.onEvent = (who, message) => quarters.ears.get(roundIn(who))?.(who, message)
  return { quarters, rounds: 0, guests: 0 }
}
