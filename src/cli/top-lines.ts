// The screen of df top: a live status as lines that fit a terminal. Pure.
import type { DaemonLive, LiveContentStatus, LiveLink } from '../index.ts'
import { DEFAULT_COLUMNS } from './bar-line.ts'
import { printable } from './errors.ts'
import { bytes, count, percent, rate, seconds } from './figures.ts'
import type { Colour } from './paint.ts'

/** Room on the terminal; without `rows` there is as much as it takes. */
export interface Room {
  columns?: number | undefined
  rows?: number | undefined
}

export type PaintText = (colour: Colour, text: string) => string

const plain: PaintText = (_colour, text) => text
/** Lines of one content's neighbours, of hosts, of bans, and of warnings. */
const [MAX_LINKS, MAX_HOSTS, MAX_BANS, MAX_TROUBLES] = [6, 6, 4, 5]
/** Narrower than this, numbers go before pictures. */
const NARROW = 60
/** Cells of a picture at most. */
const MAX_CELLS = 64
/** Signs of the cells, for a terminal without colours, too. */
const SIGNS: Readonly<Record<string, string>> = { o: '▓', s: '█', p: '▒', d: '░', a: '·', '.': ' ' }
const COLOURS: Readonly<Record<string, Colour>> = { o: 'yellow', s: 'cyan', p: 'green' }

/** One line of plain text, and what of it is painted: whole words only, so that widths are those of the plain text. */
interface Line {
  text: string
  colour?: Colour
  /** Cells to paint one by one, after `text`. */
  cells?: string
  end?: string
}

/** The most important first: what does not fit is cut off at the end. */
export function topLines(live: DaemonLive, { columns, rows }: Room = {}, paintText = plain): string[] {
  const width = Math.max(1, (columns || DEFAULT_COLUMNS) - 1)
  const lines = [...headLines(live, width), ...live.contents.flatMap(content => contentLines(content, width)), ...restLines(live)]
  if (live.contents.length === 0)
    lines.splice(headLines(live, width).length, 0, { text: '' }, { text: 'Nothing is being downloaded or served.' })
  return lines.slice(0, rows).map(line => painted(line, width, paintText))
}

function headLines({ role, version, peerId, uptime, jobs, rates, limits, best, totals }: DaemonLive, width: number): Line[] {
  const short = peerId.slice(-8)
  const about = [`${role} …${short}`, `up ${seconds(uptime)}`, `${count(jobs, 'download')}`, `version ${version}`]
  const { now } = limits
  const saved = `saved ${bytes(totals.saved)} of origin reads, ${bytes(Math.max(totals.read, totals.origin))} read`
  return [
    { text: fitted(about, width) },
    { text: flowText('receiving', rates.down, least(now.down, now.total), best.down) },
    { text: flowText('sending', rates.up, least(now.up, now.total), best.up) },
    { text: saved },
  ]
}

function flowText(name: string, now: number, limit: number | undefined, best: number | undefined): string {
  const bound =
    limit === undefined
      ? `no limit${best === undefined ? '' : `, best ${rate(best)}`}`
      : `${percent(now, limit)} of the limit of ${rate(limit)}`
  return `${name.padEnd(10)} ${rate(now).padStart(11)}  ${bound}`
}

function contentLines(content: LiveContentStatus, width: number): Line[] {
  const { name, cells, links, linkCount } = content
  const shown = links.slice(0, MAX_LINKS)
  const more = linkCount + (links[0]?.kind === 'origin' ? 1 : 0) - shown.length
  return [
    { text: '' },
    { text: name, colour: 'cyan' },
    { text: `  ${fitted(factsOf(content), width - 2)}` },
    ...(cells === '' || width < NARROW
      ? []
      : [{ text: '  [', cells: squeezed(cells, Math.min(MAX_CELLS, width - 6)), end: ']' }]),
    ...shown.map(link => ({ text: `  ${fitted(linkWords(link, content.pieces.all), width - 2)}` })),
    ...(more > 0 ? [{ text: `  and ${count(more, 'neighbour')} more` }] : []),
  ]
}

function factsOf({ state, length, bytes: here, rates, from, linkCount, isReading }: LiveContentStatus): string[] {
  const size = length === undefined ? bytes(here) : `${percent(here, length)} of ${bytes(length)}`
  const moving = [rates.down > 0 ? `↓ ${rate(rates.down)}` : '', rates.up > 0 ? `↑ ${rate(rates.up)}` : ''].filter(Boolean)
  const left =
    state === 'downloading' && length !== undefined && rates.down > 0 ? [`${seconds((length - here) / rates.down)} left`] : []
  const given = Object.entries({ origin: from.origin, seeds: from.seed, peers: from.peer, disk: from.store })
  const shares = given.filter(([, n]) => n > 0).map(([name, n]) => `${name} ${Math.round((100 * n) / Math.max(1, here))} %`)
  return [
    size,
    ...(moving.length > 0 ? moving : [state]),
    ...left,
    count(linkCount, 'neighbour'),
    ...shares,
    ...(isReading ? ['reading the origin'] : []),
  ]
}

function linkWords({ peer, kind, address, rates, have, asked }: LiveLink, all: number): string[] {
  const who = kind === 'origin' ? 'origin' : `${kind} …${peer.slice(-8)}`
  return [
    who.padEnd(14),
    `↓ ${rate(rates.down).padStart(11)}`,
    `↑ ${rate(rates.up).padStart(11)}`,
    ...(kind === 'origin' ? [] : [`has ${percent(have, all)}`]),
    ...(asked > 0 ? [`${asked} asked`] : []),
    ...(address === undefined ? [] : [address]),
  ]
}

function restLines({ hosts, hostCount, isolation, troubles, disk }: DaemonLive): Line[] {
  const lines: Line[] = []
  const section = (title: string, rows: Line[]) => void (rows.length > 0 && lines.push({ text: '' }, { text: title }, ...rows))
  section(
    `seeds and members: ${hostCount}`,
    hosts.slice(0, MAX_HOSTS).map(
      ({ peer, role, state, address }): Line => ({
        text: `  ${role} …${peer.slice(-8)} ${state}  ${(address ?? '').replace(/\/p2p\/.*$/, '')}`,
      }),
    ),
  )
  section(
    `banned: ${isolation.banned}`,
    isolation.bans
      .slice(0, MAX_BANS)
      .map(({ peer, proof, left }): Line => ({ text: `  …${peer.slice(-8)} for ${seconds(left)}: ${proof}`, colour: 'red' })),
  )
  section(
    'warnings and errors',
    troubles.slice(0, MAX_TROUBLES).map(({ at, level, message }): Line => {
      return { text: `  ${new Date(at).toTimeString().slice(0, 8)} ${message}`, colour: level === 'error' ? 'red' : 'yellow' }
    }),
  )
  if (disk?.trouble !== undefined) section('store', [{ text: `  ${disk.trouble}`, colour: 'red' }])
  return lines
}

/** As many of the words as fit, from the first on. */
function fitted(words: readonly string[], width: number): string {
  let text = words[0] ?? ''
  for (const word of words.slice(1)) {
    if (text.length + 2 + word.length > width) break
    text += `  ${word}`
  }
  return text
}

/** Fewer cells: each is the first of those that it stands for. */
function squeezed(cells: string, most: number): string {
  if (cells.length <= most) return cells
  return Array.from({ length: most }, (_, i) => cells[Math.floor((i * cells.length) / most)]).join('')
}

/** Text from elsewhere is made printable, and cut before it is painted. */
function painted({ text, colour, cells, end = '' }: Line, width: number, paintText: PaintText): string {
  const indent = /^ */.exec(text)?.[0] ?? ''
  const words = [...`${indent}${printable(text)}`].slice(0, width).join('')
  const line = colour === undefined || words === '' ? words : paintText(colour, words)
  if (cells === undefined) return line
  const runs = [...cells.toLowerCase()].map(cell => {
    const sign = SIGNS[cell] ?? ' '
    const tint = COLOURS[cell]
    return tint === undefined ? sign : paintText(tint, sign)
  })
  return `${line}${runs.join('')}${end}`
}

function least(...limits: (number | undefined)[]): number | undefined {
  const known = limits.filter(limit => limit !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}
