// df sim: runs one simulation, replays a trace, or lists the scenarios.
import { constants } from 'node:fs'
import { access, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Knobs, NamedScenario } from '../sim/catalogue.ts'
import type { Result, Sample, Scenario } from '../sim/scenario.ts'
import { OutputError, UsageError } from './errors.ts'
import { NO_SOURCE, OK, UNEXPECTED } from './exit-codes.ts'
import { jsonLine } from './json-lines.ts'
import { linesOf } from './lines.ts'
import { ProgressLine } from './progress-line.ts'
import { tellFailure } from './tell-failure.ts'

/** Flags of `df sim` as commander leaves them; rates in bytes a second, lengths in bytes. */
export interface SimFlags {
  peers?: number
  pieces?: number
  pieceLength?: number
  up?: number
  down?: number
  seedUp?: number
  origin?: number
  neighbours?: number
  seed?: number
  svg?: string
  json?: true
  list?: true
  replay?: string
}

const DEFAULT_SCENARIO = 'equal-100'
/** Characters; the decider's traces have lines of half as many at most. */
const MAX_TRACE_LINE = 2 ** 24

/**
 * Resolves to the exit code; whatever went wrong was told. There is no handler for SIGINT: the run does not give way to
 * one, and the system ends the process at once.
 */
export async function sim(scenario: string | undefined, flags: SimFlags, name: string): Promise<number> {
  try {
    if (flags.list) return await list(flags.json === true)
    if (flags.replay !== undefined) return await replayFile(flags.replay, scenario, flags.json === true)
    return await run(scenario ?? DEFAULT_SCENARIO, flags)
  } catch (error) {
    return tellFailure(error, flags, name)
  }
}

async function list(json: boolean): Promise<number> {
  const { CATALOGUE } = await import('../sim/catalogue.ts')
  const width = Math.max(...CATALOGUE.map(entry => entry.name.length))
  for (const { name, title } of CATALOGUE)
    process.stdout.write(json ? jsonLine('scenario', { name, title }) : `${name.padEnd(width)}  ${title}\n`)
  return OK
}

async function replayFile(file: string, scenario: string | undefined, json: boolean): Promise<number> {
  if (scenario !== undefined) throw new UsageError('--replay takes no scenario')
  const { replay, replayLines } = await import('../sim/replay.ts')
  const result = await replay(linesOf(file, MAX_TRACE_LINE))
  if (json) process.stdout.write(jsonLine('replayed', { identical: result.difference === undefined, ...result }))
  else for (const line of replayLines(result)) print(line)
  return result.difference === undefined ? OK : UNEXPECTED
}

async function run(scenario: string, flags: SimFlags): Promise<number> {
  const { findScenario, makeScenario } = await import('../sim/catalogue.ts')
  const named = findScenario(scenario)
  if (named === undefined) throw new UsageError(`unknown scenario '${scenario}'`, 'df sim --list lists them')
  if (flags.svg !== undefined) await checkFolder(flags.svg)
  const made = makeScenario(named, knobs(flags))
  const { simulate } = await import('../sim/run.ts')
  const progress = new ProgressLine(process.stderr)
  if (!flags.json) await announce(named, made)
  const result = simulate(made, sample => progress.show(progressWords(sample, made)))
  progress.clear()
  await tell(named, made, result, flags)
  return result.lastMs === Infinity ? NO_SOURCE : OK
}

function knobs({ up, down, seedUp, origin, svg, json, list, replay, ...counts }: SimFlags): Partial<Knobs> {
  return {
    ...counts,
    ...(up !== undefined && { up: up / 1000 }),
    ...(down !== undefined && { down: down / 1000 }),
    ...(seedUp !== undefined && { seedUp: seedUp / 1000 }),
    ...(origin !== undefined && { originRate: origin / 1000 }),
  }
}

/** Before the run, which may take long: what it is, and the number that repeats it. */
async function announce({ name, title }: NamedScenario, s: Scenario): Promise<void> {
  const { setupLine } = await import('../sim/report.ts')
  print(`${name}: ${title}`)
  print(`${setupLine(s)}, random number ${s.seed}`)
}

async function tell(named: NamedScenario, s: Scenario, r: Result, flags: SimFlags): Promise<void> {
  const { figuresOf, reportLines } = await import('../sim/report.ts')
  const { name, title } = named
  if (flags.svg !== undefined) {
    const { drawPicture } = await import('../sim/picture.ts')
    await write(flags.svg, drawPicture(title, s, r))
  }
  const figures = { name, title, seed: s.seed, ...figuresOf(s, r), scenario: s, result: r }
  if (flags.json) process.stdout.write(jsonLine('simulated', figures))
  else for (const line of reportLines(s, r)) print(line)
}

async function checkFolder(file: string): Promise<void> {
  await access(path.dirname(path.resolve(file)), constants.W_OK).catch(error => {
    throw new OutputError(error, file)
  })
}

async function write(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch(error => {
    throw new OutputError(error, file)
  })
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** A terminal is written to at once, so that this shows while the run goes on. */
function progressWords({ atMs, median, done }: Sample, { peers }: Scenario): string {
  const complete = `${done.toLocaleString('en')} of ${peers.toLocaleString('en')} complete`
  return `${(atMs / 1000).toFixed(1)} s simulated, median peer ${Math.floor(100 * median)} %, ${complete}`
}
