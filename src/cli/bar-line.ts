// One line of a progress bar, made to fit the width of a terminal.
import type { Progress } from '../index.ts'
import { printable } from './errors.ts'
import { bytes, count, percent, rate, seconds, shares } from './figures.ts'

/** Where the terminal does not say, or says 0. */
export const DEFAULT_COLUMNS = 80
const BAR_CELLS = 20
const SHORT_CELLS = 8
const TINY_CELLS = 4
const MAX_NAME = 24

/** Paints the cells; the width is that of the plain text. */
export type PaintCells = (cells: string) => string

const plain: PaintCells = cells => cells

/** At most `columns` - 1 wide: the last one stays free, as some terminals go to the next line there. */
export function barLine(p: Progress, columns = DEFAULT_COLUMNS, paintCells = plain): string {
  const left = secondsLeft(p)
  const from = shares(p, p.length ?? Infinity)
  const here = hereOf(p)
  const done = bytes(here)
  const size = p.length === undefined ? done : `${done} of ${bytes(p.length)}`
  const speed = rate(p.rate)
  const [short, long] = left === undefined ? [[], []] : [[seconds(left)], [`${seconds(left)} left`]]
  const part = p.length === undefined ? undefined : partOf(here, p.length)
  const origin = from === '' ? [] : [`from ${from}`]
  const peers = p.peers === 0 ? [] : [count(p.peers, 'peer')]
  return fitted(
    [
      [part, BAR_CELLS, [size, speed, ...long, ...origin, ...peers]],
      [part, BAR_CELLS, [size, speed, ...long, ...origin]],
      [part, BAR_CELLS, [size, speed, ...long]],
      [part, SHORT_CELLS, [size, speed, ...long]],
      [part, SHORT_CELLS, [done, speed, ...short]],
      [part, TINY_CELLS, [done, speed, ...short]],
      [part, SHORT_CELLS, [done, speed]],
      [part, 0, [done, speed]],
      [part, 0, [speed]],
    ],
    columns,
    paintCells,
  )
}

/** As `barLine`, of one file among others. */
export function fileLine(name: string, p: Progress, columns = DEFAULT_COLUMNS, paintCells = plain): string {
  if (columns < MAX_NAME) return barLine(p, columns, paintCells)
  const width = Math.min(MAX_NAME, Math.floor(columns / 3))
  const shown = printable(name)
  const cut = shown.length > width ? `${shown.slice(0, Math.max(0, width - 1))}…` : shown.padEnd(width)
  return `${cut}  ${barLine(p, columns - width - 2, paintCells)}`
}

/** A line of its own making: `part` of 0 to 1, and the words from the richest to the shortest. */
export function wordsLine(part: number | undefined, words: readonly string[], columns = DEFAULT_COLUMNS, paintCells = plain) {
  const lines = words.flatMap((text, i): Variant[] => [
    ...(i === 0 ? [[part, BAR_CELLS, [text]] as Variant] : []),
    [part, SHORT_CELLS, [text]],
  ])
  return fitted([...lines, [part, 0, [words.at(-1) ?? '']]], columns, paintCells)
}

type Variant = readonly [part: number | undefined, cells: number, words: readonly string[]]

/** The first one that fits; of none the last one, cut off. */
function fitted(variants: readonly Variant[], columns: number, paintCells: PaintCells): string {
  const room = Math.max(1, columns - 1)
  for (const variant of variants) {
    const line = lineOf(variant, plain)
    if (line.length <= room) return lineOf(variant, paintCells)
  }
  return lineOf(variants.at(-1) as Variant, plain).slice(0, room)
}

function lineOf([part, cells, words]: Variant, paintCells: PaintCells): string {
  const text = words.join('  ')
  if (part === undefined) return text
  const head = percent(part, 1).padStart(5)
  return cells === 0 ? `${head}  ${text}` : `${head} ${paintCells(cellsOf(part, cells))}  ${text}`
}

function cellsOf(part: number, cells: number): string {
  const full = Math.min(cells, Math.floor(part * cells))
  return '█'.repeat(full) + '░'.repeat(cells - full)
}

/** Nothing of nothing is all of it. */
function partOf(bytes: number, length: number): number {
  return length <= 0 ? 1 : Math.min(1, bytes / length)
}

/** Seconds to the end at the present rate; undefined while nobody can tell. */
export function secondsLeft(p: Progress): number | undefined {
  if (p.length === undefined || p.rate <= 0 || p.bytes >= p.length) return undefined
  return (p.length - hereOf(p)) / p.rate
}

/**
 * Bytes that are here, verified or not: a piece is verified as a whole, and on a slow line that is a matter of minutes. What came
 * twice or in vain does not make it whole.
 */
export function hereOf({ bytes, length, resumed, received }: Progress): number {
  if (length === undefined) return Math.max(bytes, resumed + received)
  return bytes >= length ? bytes : Math.max(bytes, Math.min(length - 1, resumed + received))
}
