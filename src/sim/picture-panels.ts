// The panels of a picture on one time scale.
import { comeAtOnce, LEFT, level, MARGIN, type Part, panel, RIGHT, type Run } from './picture-frame.ts'
import { area, line, type Point, path, rect, type Scale, scale, tag, text } from './plot.ts'
import { figuresOf, grouped, seconds } from './report.ts'
import type { Sample } from './scenario.ts'

const PROGRESS_HEIGHT = 230
const STRIP_HEIGHT = 32
const COMPLETE_HEIGHT = 52

/** The band from the slowest to the fastest peer, and the median. */
export function progress({ s, r, series, time }: Run, y: number): Part {
  const box = panel(y, PROGRESS_HEIGHT)
  const held = scale([0, 1], [box.y + box.height, box.y])
  const at = (value: (sample: Sample) => number): Point[] => series.map(sample => [time(sample.atMs), held(value(sample))])
  const [slowest, median, fastest] = [at(p => p.slowest), at(p => p.median), at(p => p.fastest)]
  const levels = [0, 0.25, 0.5, 0.75, 1].map(share => level(box, held(share), `${100 * share} %`))
  const svg = [
    ...levels,
    text([MARGIN, held(1) + 26], 'content', 'ink'),
    text([MARGIN, held(1) + 41], 'held', 'ink'),
    tag('path', { d: area(fastest, slowest), class: 'band' }),
    tag('path', { d: path(slowest), class: 'rim peer' }),
    tag('path', { d: path(fastest), class: 'rim peer' }),
    ...(comeAtOnce(s) ? [line([time(0), held(0)], [time(r.boundMs), held(1)], 'ideal')] : []),
    tag('path', { d: path(median), class: 'curve peer' }),
    ...ends([slowest, median]),
  ]
  return { svg: svg.join('\n'), bottom: y + PROGRESS_HEIGHT }
}

function ends(curves: readonly Point[][]): string[] {
  return curves.map(curve => {
    const [cx, cy] = curve.at(-1) ?? [LEFT, 0]
    return tag('circle', { cx, cy, r: 3, class: 'dot' })
  })
}

/** How busy each kind of line was, as areas from 0 to 100 %, with the mean at the right. */
export function strips(run: Run): ((y: number) => Part)[] {
  const { s } = run
  const kinds: [string, string, (sample: Sample) => number][] = [
    ['downlinks', 'peer', p => p.downUse],
    ['uplinks', 'peer', p => p.upUse],
    [(s.seeds ?? 1) === 1 ? "seed's uplink" : "seeds' uplinks", 'seed', p => p.seedUse],
  ]
  if (s.originRate !== undefined) kinds.push(['origin', 'origin', p => p.originUse])
  return kinds.map(([name, style, use], i) => y => {
    const box = panel(y, STRIP_HEIGHT)
    const height = scale([0, 1], [y + STRIP_HEIGHT, y])
    const curve = steps(run.series, use).map(([ms, value]): Point => [run.time(ms), height(value)])
    const middle = y + STRIP_HEIGHT / 2
    const svg = [
      ...[0, 1].map(share => level(box, height(share))),
      text([MARGIN, middle], name, 'ink'),
      text([MARGIN, middle + 14], 'in use', 'muted small'),
      ...(i === 0 ? unused(run, curve, height) : []),
      tag('path', { d: area(curve, ground(run, height(0))), class: `bar ${style}` }),
      tag('path', { d: path(curve), class: `rim ${style}` }),
      text([RIGHT + 12, middle + 4], `${Math.round(100 * meanOf(run.series, use))} %`, 'ink'),
      text([RIGHT + 46, middle + 4], 'mean', 'muted small'),
    ]
    return { svg: svg.join('\n'), bottom: y + STRIP_HEIGHT }
  })
}

/** What the downlinks left unused of what the bound needs, in the colours of the time lost by it. */
function unused({ loss, time, end }: Run, curve: readonly Point[], height: Scale): string[] {
  if (loss === undefined) return []
  const borders = [0, loss.fullFrom, loss.fullTo, end].map(time)
  return [0, 1, 2].map(i => {
    const [from = 0, to = 0] = borders.slice(i)
    const top = height(Math.min(1, loss.pace))
    const part = curve.filter(([x]) => x >= from - 0.01 && x <= to + 0.01).map(([x, y]): Point => [x, Math.max(y, top)])
    const ceiling = part.map(([x]): Point => [x, top])
    return part.length < 2 ? '' : tag('path', { d: area(part, ceiling), class: `unused lost${i}` })
  })
}

function ground({ series, time }: Run, y: number): Point[] {
  return [
    [time(0), y],
    [time(series.at(-1)?.atMs ?? 0), y],
  ]
}

/** A sample tells of the time since the one before: level in between. */
function steps(series: readonly Sample[], value: (sample: Sample) => number): [number, number][] {
  return series.slice(1).flatMap((sample, i): [number, number][] => [
    [(series[i] as Sample).atMs, value(sample)],
    [sample.atMs, value(sample)],
  ])
}

function meanOf(series: readonly Sample[], value: (sample: Sample) => number): number {
  const spans = series.slice(1).map((sample, i) => [sample.atMs - (series[i] as Sample).atMs, value(sample)] as const)
  const all = spans.reduce((sum, [ms]) => sum + ms, 0)
  return all === 0 ? 0 : spans.reduce((sum, [ms, use]) => sum + ms * use, 0) / all
}

/** How many peers had everything, and where they came later how many had come. */
export function complete(run: Run, y: number): Part {
  const { s, r, series, time, end } = run
  const box = panel(y, COMPLETE_HEIGHT)
  const { peers } = figuresOf(s, r)
  const joined = r.joinedAt.toSorted((a, b) => a - b)
  const isLate = (joined.at(-1) ?? 0) > 0
  const top = isLate ? s.peers : peers
  const height = scale([0, top], [y + COMPLETE_HEIGHT, y])
  const done = series.map((sample): Point => [time(sample.atMs), height(sample.done)])
  const came = series.map(({ atMs }): Point => [time(Math.min(atMs, end)), height(countUpTo(joined, atMs))])
  const svg = [
    ...[0, top].map(n => level(box, height(n), grouped(n))),
    text([MARGIN, y + 24], isLate ? 'here, and' : 'peers', 'ink'),
    text([MARGIN, y + 39], 'complete', 'ink'),
    ...(isLate ? [tag('path', { d: path(came), class: 'rim peer' })] : []),
    tag('path', { d: area(done, ground(run, height(0))), class: 'bar peer' }),
    tag('path', { d: path(done), class: 'curve peer' }),
    text([RIGHT + 12, y + 12], `${grouped(series.at(-1)?.done ?? 0)} of`, 'ink'),
    text([RIGHT + 12, y + 27], grouped(peers), 'ink'),
  ]
  return { svg: svg.join('\n'), bottom: y + COMPLETE_HEIGHT }
}

function countUpTo(sorted: readonly number[], limit: number): number {
  const next = sorted.findIndex(n => n > limit)
  return next === -1 ? sorted.length : next
}

/** The time between bound and last peer, cut into what the start, the middle and the tail cost. */
export function lossBar({ r, time, loss }: Run): ((y: number) => Part)[] {
  if (loss === undefined || r.lastMs <= r.boundMs) return []
  const { start, middle, tail } = loss
  return [
    y => {
      let from = r.boundMs
      const bars = [start, middle, tail].map((ms, i) => {
        const bar = rect({ x: time(from), y: y + 4, width: time(from + ms) - time(from), height: 14 }, `lost${i}`)
        from += ms
        return bar
      })
      const words = `start ${seconds(start)} + middle ${seconds(middle)} + tail ${seconds(tail)} = ${seconds(r.lastMs - r.boundMs)}`
      const svg = [
        text([MARGIN, y + 15], 'time lost', 'ink'),
        text([time(r.boundMs) - 8, y + 15], words, 'ink halo', 'end'),
        ...bars,
      ]
      return { svg: svg.join('\n'), bottom: y + 22 }
    },
  ]
}
