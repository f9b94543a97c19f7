// Splits the time above the bound: before the lines were full, while they were, and in the tail.
import type { Result, Sample } from './scenario.ts'

/** Milliseconds, none negative unless all is. The three losses together are `lastMs - boundMs`. */
export interface Loss {
  start: number
  middle: number
  tail: number
  /** Where the middle begins and ends, since the start of the run. */
  fullFrom: number
  fullTo: number
  /** Share of the downlinks that the bound's pace needs. */
  pace: number
}

/** A swarm whose lines are used this much as at its best counts as full. */
const FULL = 0.9
/** Its best: better than this share of the time. */
const BEST = 0.8

/**
 * Tells by the use of the peers' downlinks: where they carry nothing of what the bound needs, time is lost. undefined where
 * that says nothing: peers that come later, or somebody who never got it all.
 */
export function timeLost({ series, lastMs, boundMs, joinedAt }: Result): Loss | undefined {
  if (!Number.isFinite(lastMs) || joinedAt.some(at => at > 0)) return undefined
  const steps = series.slice(1).map((sample, i) => ({ ...sample, ms: sample.atMs - (series[i] as Sample).atMs }))
  const used = steps.reduce((sum, { downUse, ms }) => sum + downUse * ms, 0)
  if (used === 0) return undefined
  const uses = steps.map(s => s.downUse).toSorted((a, b) => a - b)
  const full = FULL * (uses[Math.floor(BEST * uses.length)] as number)
  const first = steps.findIndex(s => s.downUse >= full)
  const last = steps.findLastIndex(s => s.downUse >= full)
  const lost = (from: number, to: number): number =>
    steps.slice(from, to).reduce((sum, { downUse, ms }) => sum + ms * (1 - (downUse * boundMs) / used), 0)
  const parts = regained([lost(0, first), lost(first, last + 1), lost(last + 1, steps.length)])
  return {
    ...parts,
    fullFrom: (series[first] as Sample).atMs,
    fullTo: (steps[last] as Sample).atMs,
    pace: used / boundMs,
  }
}

/** What a later part won back, where the bound left room for it, an earlier one did not lose in the end. */
function regained([start, middle, tail]: readonly [number, number, number]): Pick<Loss, 'start' | 'middle' | 'tail'> {
  const inTail = Math.max(0, tail)
  const inMiddle = Math.max(0, middle + tail - inTail)
  return { start: start + middle + tail - inTail - inMiddle, middle: inMiddle, tail: inTail }
}
