// What all parts of a picture share: the run, its time scale, and the page.
import { type Loss, timeLost } from './loss.ts'
import { type Mark, marksOf } from './marks.ts'
import { type Box, line, type Scale, scale, text } from './plot.ts'
import type { Result, Sample, Scenario } from './scenario.ts'

export const WIDTH = 900
/** Left edge of all words, and both edges of all panels. */
export const MARGIN = 24
export const LEFT = 112
export const RIGHT = 800

/** Less use of a line than this is rounding. */
const ROUNDING = 1e-6

/** One run, with the scale of time that all its panels share. */
export interface Run {
  s: Scenario
  r: Result
  /** What is shown: a run that got stuck is cut off there. */
  series: readonly Sample[]
  time: Scale
  /** The end of the time axis, milliseconds. */
  end: number
  loss: Loss | undefined
  marks: readonly Mark[]
}

/** A part of the picture and where it ends. */
export interface Part {
  svg: string
  bottom: number
}

export function frame(s: Scenario, r: Result): Run {
  const end = Math.max(r.boundMs, endOf(r), 1)
  const series = r.series.filter(({ atMs }) => atMs <= end)
  return { s, r, series, end, time: scale([0, end], [LEFT, RIGHT]), loss: timeLost(r), marks: marksOf(s, r) }
}

/** When all were done; when not all ever were, a little after the last thing happened. */
function endOf({ series, lastMs }: Result): number {
  const end = series.at(-1)?.atMs ?? 0
  if (Number.isFinite(lastMs)) return end
  const last = series.findLast(sample => sample.upUse + sample.downUse + sample.seedUse + sample.originUse > ROUNDING)
  return Math.min(end, 1.25 * (last?.atMs ?? end))
}

export function comeAtOnce({ joins }: Scenario): boolean {
  return joins === undefined || joins.type === 'at-once'
}

export function panel(y: number, height: number): Box {
  return { x: LEFT, y, width: RIGHT - LEFT, height }
}

/** A level line across a panel, with its value at the left. */
export function level({ x, width }: Box, y: number, label?: string): string {
  const words = label === undefined ? '' : text([x - 8, y + 4], label, 'muted', 'end')
  return line([x, y], [x + width, y], 'grid') + words
}
