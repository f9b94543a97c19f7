// Prints a report, and writes it into bench/results/swarm.md.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { circumstances } from '../report.ts'
import { bound, ratesOf, titleOf } from './options.ts'
import { withSection } from './results.ts'
import { figuresOf, LEGEND, outcomeTable, type Report, remarks } from './table.ts'
import { versions } from './versions.ts'

const FILE = fileURLToPath(new URL('../results/swarm.md', import.meta.url))

/** As a table, or as JSON when that was asked for. */
export async function show(report: Report): Promise<void> {
  const text = report.options.json ? json(report) : `## ${titleOf(report.options)}\n\n${bodyOf(report)}`
  process.stdout.write(`${text}\n`)
}

/** `args`: how the bench was called. */
export async function keep(report: Report, args: readonly string[]): Promise<void> {
  const told = await circumstances(`node bench/swarm/main.ts ${args.join(' ')}`.trim())
  const body = `${bodyOf(report)}\n\n${told}\n- ${(await versions(report.outcomes.map(o => o.tool))).join('; ')}`
  const head = `# One file to many hosts over shaped links\n\n${LEGEND}`
  const text = await readFile(FILE, 'utf8').catch(() => '')
  await mkdir(path.dirname(FILE), { recursive: true })
  await writeFile(FILE, withSection(text, head, { title: titleOf(report.options), body }))
  process.stderr.write(`→ ${path.relative(process.cwd(), FILE)}\n`)
}

function bodyOf(report: Report): string {
  const { options, aloneSeconds } = report
  const least = bound(options.bytes, ratesOf(options), options.rate)
  const notes = remarks(report).map(line => `- ${line}`)
  const bounds = `Bound ${least.toFixed(2)} s; one curl alone ${aloneSeconds.toFixed(2)} s.`
  return [bounds, outcomeTable(report), ...(notes.length > 0 ? [notes.join('\n')] : [])].join('\n\n')
}

function json(report: Report): string {
  const { options, aloneSeconds, absent } = report
  const tools = report.outcomes.map(outcome => {
    const { tool, startSeconds, seedCpuSeconds, peers } = outcome
    const each = peers.map(({ samples, said, ...peer }) => peer)
    return { tool, ...figuresOf(outcome, report), startSeconds, seedCpuSeconds, peers: each }
  })
  const boundSeconds = bound(options.bytes, ratesOf(options), options.rate)
  return JSON.stringify({ options, boundSeconds, aloneSeconds, tools, remarks: remarks(report), absent })
}
