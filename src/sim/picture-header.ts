// The text above a picture.
import { comeAtOnce, MARGIN, type Part, type Run } from './picture-frame.ts'
import { line, rect, text } from './plot.ts'
import { figuresOf, grouped, percent, seconds, seedsOf, setupLine, share } from './report.ts'

/** What fits on a line of small letters. */
const MAX_LETTERS = 135

/** Title, figures and legend. */
export function header(title: string, run: Run): Part {
  const { s, r } = run
  const f = figuresOf(s, r)
  const sent = [
    `${seedsOf(s)} sent ${f.seedCopies.toFixed(2)} copies`,
    ...(r.originBytes > 0 ? [`the origin was read ${f.originCopies.toFixed(2)} times`] : []),
    `${percent(f.duplicates)} fetched in vain`,
    `${grouped(Math.round(f.messagesPerPeer))} messages a peer`,
    `random number ${s.seed}`,
  ]
  const classes = f.classes.map(
    ({ name, count, bound }) => `${grouped(count)} ${name}: worst ${share(bound.last)}, median ${share(bound.median)}`,
  )
  const small = [...wrapped(setupLine(s)), ...wrapped(sent.join(', ')), ...(classes.length > 0 ? [classes.join('; ')] : [])]
  const svg = [
    text([MARGIN, 34], title, 'title ink'),
    text([MARGIN, 58], lead(run), 'lead ink'),
    ...small.map((words, i) => text([MARGIN, 78 + 17 * i], words, 'muted')),
    legend(run, 84 + 17 * small.length),
  ]
  return { svg: svg.join('\n'), bottom: 96 + 17 * small.length }
}

/** On as many lines as it takes, broken after a comma. */
function wrapped(words: string): string[] {
  const lines = ['']
  for (const part of words.split(/(?<=,) /)) {
    const joined = `${lines.at(-1)} ${part}`.trim()
    if (joined.length <= MAX_LETTERS) lines[lines.length - 1] = joined
    else lines.push(part)
  }
  return lines
}

/** The sentence that matters. */
export function lead({ s, r }: Run): string {
  const f = figuresOf(s, r)
  const { last, p99, median } = f.bound
  const which = f.isOwnBound ? 'its own bound' : `the bound, ${seconds(r.boundMs)}`
  if (f.complete < f.peers)
    return `${grouped(f.complete)} of ${grouped(f.peers)} peers complete; median ${share(median)} of ${which}`
  const who = f.isOwnBound ? 'worst' : 'last'
  return `All complete after ${seconds(r.lastMs)}. The ${who} peer reached ${share(last)} of ${which}; 99 of 100 ${share(p99)}, median ${share(median)}`
}

function legend({ s, loss }: Run, y: number): string {
  const middle = y - 4
  const stroke = (style: string) => (x: number) => line([x, middle], [x + 22, middle], style)
  const items: [string, (x: number) => string][] = [
    ['slowest to fastest peer', x => rect({ x, y: middle - 6, width: 22, height: 12 }, 'band')],
    ['median peer', stroke('curve peer')],
    ['bound', stroke('bound')],
  ]
  if (comeAtOnce(s)) items.push(["the bound's pace", stroke('ideal')])
  if (loss !== undefined) items.push(['time lost: start, middle, tail', x => lostSwatch(x, middle)])
  let x = MARGIN
  return items
    .map(([words, draw]) => {
      const at = x
      x += 28 + 6.4 * words.length + 16
      return draw(at) + text([at + 28, y], words, 'muted')
    })
    .join('')
}

function lostSwatch(x: number, middle: number): string {
  return [0, 1, 2].map(i => rect({ x: x + 7.5 * i, y: middle - 5, width: 7, height: 10 }, `lost${i}`)).join('')
}
