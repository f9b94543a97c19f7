// Draws the pictures of docs/swarm and writes the figures into docs/swarm.md: all named scenarios, or those that are given.
// `--quick` leaves out the one with 10,000 peers. What is left out keeps its picture and its rows.
import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { CATALOGUE, findScenario, type NamedScenario } from '../src/sim/catalogue.ts'
import { FIGURE_HEAD, type Figures, figureRows } from '../src/sim/report.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PAGE = path.join(ROOT, 'docs', 'swarm.md')
const PICTURES = path.join(ROOT, 'docs', 'swarm')
const BEGIN = '<!-- figures:begin -->'
const END = '<!-- figures:end -->'
const HUGE = 'equal-10000'
const INTRODUCTION =
  'Written by `npm run docs:swarm`; `df sim NAME` runs one. *Wasted*: bytes that were fetched twice, cancelled or wrong, as a share of all needed bytes.'
/** Shown on the page itself; the others are folded away below it. */
const SHOWN = 'equal-1200'
/** Megabytes that a run may take: 10,000 peers need more than Node takes by itself. */
const HEAP = 12_000

const { values, positionals } = parseArgs({ options: { quick: { type: 'boolean', default: false } }, allowPositionals: true })
const wanted = chosen(positionals, values.quick)
await mkdir(PICTURES, { recursive: true })
await readPage()
for (const named of wanted) {
  const started = performance.now()
  process.stdout.write(named.name.padEnd(20))
  const told = await redo(named)
  process.stdout.write(`${((performance.now() - started) / 1000).toFixed(1).padStart(7)} s   ${told}\n`)
}

/** One that fails does not take the others along. */
async function redo(named: NamedScenario): Promise<string> {
  try {
    const figures = await simulate(named)
    await update(named, figures)
    return `last peer ${figures.bound.last.toFixed(3)}, ${figures.complete} of ${figures.peers} complete`
  } catch (error) {
    process.exitCode = 1
    return `FAILED, its picture and rows are the old ones: ${(error as Error).message}`
  }
}

function chosen(names: readonly string[], quick: boolean): NamedScenario[] {
  if (names.length === 0) return CATALOGUE.filter(({ name }) => !quick || name !== HUGE)
  return names.map(name => {
    const named = findScenario(name)
    if (named === undefined) throw new Error(`no scenario ${name}; there are ${CATALOGUE.map(n => n.name).join(', ')}`)
    return named
  })
}

/** As a person would: df sim, in a process of its own, with as much memory as it takes. */
async function simulate({ name }: NamedScenario): Promise<Figures> {
  const main = [path.join(ROOT, 'bin', 'start.cjs'), path.join(ROOT, 'src', 'cli', 'main.ts')]
  const args = [`--max-old-space-size=${HEAP}`, ...main, 'sim', name, '--json', '--svg', path.join(PICTURES, `${name}.svg`)]
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 28 }).catch(error => {
    // Somebody never got it all: a result, too, and the table says so.
    if (error.code === 7) return error as { stdout: string }
    throw new Error(`${error.stdout ?? ''}${error.stderr ?? error.message}`.trim())
  })
  return JSON.parse(stdout)
}

/** Puts the rows of one scenario into the table, and leaves the page complete after each. */
async function update(named: NamedScenario, figures: Figures): Promise<void> {
  const { before, table, after } = await readPage()
  const rows = new Map(CATALOGUE.map(({ name }) => [name, table.filter(row => belongs(row, name))]))
  rows.set(
    named.name,
    figureRows(named, figures, `swarm/${named.name}.svg`).map(cells => `| ${cells.join(' | ')} |`),
  )
  const rule = `| --- |${' ---: |'.repeat(FIGURE_HEAD.length - 1)}`
  const lines = [`| ${FIGURE_HEAD.join(' | ')} |`, rule, ...[...rows.values()].flat()]
  await writeFile(PAGE, [before, BEGIN, INTRODUCTION, '', ...lines, '', ...notes(rows), '', END, after].join('\n'))
}

function belongs(row: string, name: string): boolean {
  return row.startsWith(`| [${name}](`) || row.startsWith(`| ${name}: `)
}

function notes(rows: ReadonlyMap<string, readonly string[]>): string[] {
  const pictures = [...rows].filter(([, list]) => list.length > 0).map(([name]) => name)
  const show = (name: string): string => `![${findScenario(name)?.title}](swarm/${name}.svg)`
  const others = pictures.filter(name => name !== SHOWN)
  return [
    "\\* relative to each peer's own bound: what its link and the swarm's capacity allow from the time when it joined.",
    ...(pictures.includes(SHOWN) ? ['', show(SHOWN)] : []),
    ...(others.length === 0
      ? []
      : ['', '<details><summary>Pictures of the other scenarios</summary>', '', ...others.map(show), '', '</details>']),
  ]
}

/** The page around the markers, and the rows of the table between them. */
async function readPage(): Promise<{ before: string; table: string[]; after: string }> {
  const page = await readFile(PAGE, 'utf8')
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (begin === -1 || end < begin) throw new Error(`${PAGE}: no ${BEGIN} … ${END}`)
  return {
    before: page.slice(0, begin).trimEnd().concat('\n'),
    table: page
      .slice(begin, end)
      .split('\n')
      .filter(line => line.startsWith('| ')),
    after: page
      .slice(end + END.length)
      .trimStart()
      .replace(/^/, '\n'),
  }
}
