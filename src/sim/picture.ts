// Draws a run as SVG: progress, busy lines, and losses against the bound.
import type { Mark } from './marks.ts'
import { frame, LEFT, type Part, RIGHT, type Run, WIDTH } from './picture-frame.ts'
import { header, lead } from './picture-header.ts'
import { complete, lossBar, progress, strips } from './picture-panels.ts'
import { pictureStyle } from './picture-style.ts'
import { escaped, line, type Point, rect, type Scale, tag, text, ticks } from './plot.ts'
import { seconds } from './report.ts'
import type { Result, Scenario } from './scenario.ts'

const GAP = 12
const MARK_ROW = 16

/** The picture as a whole SVG document. Pure: the same run gives the same text. */
export function drawPicture(title: string, s: Scenario, r: Result): string {
  const run = frame(s, r)
  const head = header(title, run)
  const top = head.bottom + MARK_ROW * (1 + run.marks.length) + 6
  const parts = stack(top, [y => progress(run, y), ...strips(run), y => complete(run, y), ...lossBar(run)])
  const axis = timeAxis(run, top, parts.bottom)
  const uprights = verticals(run, head.bottom + MARK_ROW, top, parts.bottom)
  const height = axis.bottom + 14
  const card = tag('rect', { x: 0.5, y: 0.5, width: WIDTH - 1, height: height - 1, rx: 8, class: 'card edge' })
  const described = tag('title', {}, escaped(title)) + tag('desc', {}, escaped(lead(run)))
  const content = [described, tag('style', {}, pictureStyle()), card, head.svg, axis.svg, uprights, parts.svg].join('\n')
  const size = { width: WIDTH, height, viewBox: `0 0 ${WIDTH} ${Math.ceil(height)}` }
  return `${tag('svg', { xmlns: 'http://www.w3.org/2000/svg', ...size, role: 'img' }, content)}\n`
}

function stack(top: number, draw: readonly ((y: number) => Part)[]): Part {
  let bottom = top
  const svg: string[] = []
  for (const part of draw) {
    const drawn = part(bottom)
    svg.push(drawn.svg)
    bottom = drawn.bottom + GAP
  }
  return { svg: svg.join('\n'), bottom: bottom - GAP }
}

function timeAxis({ end, time }: Run, top: number, bottom: number): Part {
  const marks = ticks(end / 1000, 9).map(s => {
    const x = time(1000 * s)
    const label = Number(s.toFixed(3)).toString()
    return line([x, top], [x, bottom + 5], 'grid') + text([x, bottom + 20], label, 'muted', 'middle')
  })
  const label = text([RIGHT + 12, bottom + 20], 'seconds', 'muted')
  return { svg: `${marks.join('')}${label}`, bottom: bottom + 24 }
}

/** The bound, the last peer and what happened from outside, through all panels. */
function verticals({ r, time, marks, end }: Run, y: number, top: number, bottom: number): string {
  const bound = time(r.boundMs)
  const last = Number.isFinite(r.lastMs) ? time(r.lastMs) : undefined
  const svg = marks.map((mark, i) => markLine(mark, time, end, y + MARK_ROW * (i + 1), [top, bottom]))
  svg.push(line([bound, y + 4], [bound, bottom], 'bound'), text([bound - 6, y], `bound ${seconds(r.boundMs)}`, 'ink', 'end'))
  if (last === undefined) svg.push(text([RIGHT + 12, y], 'not all complete', 'alarm', 'end'))
  else svg.push(line([last, y + 4], [last, bottom], 'last'), text([last + 6, y], `last ${seconds(r.lastMs)}`, 'ink'))
  return svg.join('\n')
}

function markLine(mark: Mark, time: Scale, end: number, y: number, [top, bottom]: Point): string {
  const { label, from, to, kind } = mark
  const style = kind === 'trouble' ? 'alarm' : 'muted'
  const x = time(from)
  if (to === undefined) {
    const words = x < (LEFT + RIGHT) / 2 ? text([x + 8, y], label, style) : text([x - 8, y], label, style, 'end')
    return tag('path', { d: `M${x - 4} ${y - 8}h8l-4 7z`, class: style }) + words + line([x, y], [x, bottom], 'fault')
  }
  const width = time(Math.min(to, end)) - x
  const bracket = text([x + 2, y - 2], label, style) + rect({ x, y: y + 2, width, height: 2.5 }, style)
  return kind === 'trouble' ? bracket + rect({ x, y: top, width, height: bottom - top }, 'cut') : bracket
}
