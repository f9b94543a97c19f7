// Distributes one file to many hosts over real shaped links, with df and with other tools in turn, and measures time and cost.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { randomFile, sha256 } from '../material.ts'
import { missing } from './needs.ts'
import { bound, type Options, parseOptions, ratesOf, type ToolName, USAGE } from './options.ts'
import { Origin } from './origin.ts'
import { keep, show } from './publish.ts'
import { type Outcome, runTool, type Setting } from './run.ts'
import type { Report } from './table.ts'
import { aria2 } from './tools/aria2.ts'
import { curl } from './tools/curl.ts'
import { df } from './tools/df.ts'
import { libtorrent } from './tools/libtorrent.ts'
import type { Tool } from './tools/tool.ts'
import { webtorrent } from './tools/webtorrent.ts'
import { Network, plan } from './topology.ts'
import { excuse, troubleOf } from './variants.ts'

/** A run has failed after so many times what it takes at best, and some seconds. */
const PATIENCE = 15
const MARGIN_S = 30

const options = readOptions()
const tools = options.tools.map(toolOf)
const problem = process.getuid?.() === 0 ? missing(tools) : 'network namespaces and shaped links need root (try sudo)'
if (problem !== undefined) {
  process.stderr.write(`bench/swarm: ${problem}\n`)
  process.exit(2)
}
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort(new Error(signal)))
const dir = await mkdtemp(path.join(os.tmpdir(), 'df-swarm-'))
const network = new Network(`dfb${process.pid}`)
try {
  await bench()
} catch (error) {
  if (!stop.signal.aborted) throw error
  process.exitCode = 130
} finally {
  await network.down()
  await rm(dir, { recursive: true, force: true, maxRetries: 3 })
}

async function bench(): Promise<void> {
  const topology = plan(`dfb${process.pid}`, ratesOf(options))
  await network.up(topology)
  const file = path.join(dir, 'www', 'file.bin')
  await randomFile(file, options.bytes)
  const origin = await Origin.start(topology.origin, path.dirname(file), path.join(dir, 'nginx'))
  try {
    const trouble = troubleOf(options.variant, (bound(options.bytes, ratesOf(options), options.rate) * 1000) / 2)
    const setting = { topology, origin, file, digest: await sha256(file), dir, trouble, signal: stop.signal }
    const report = await compare(setting)
    await show(report)
    if (options.publish) await keep(report, process.argv.slice(2))
  } finally {
    await origin.stop()
  }
}

async function compare(setting: Omit<Setting, 'limitMs'>): Promise<Report> {
  const report: Report = { options, aloneSeconds: await oneCurl(setting), outcomes: [], absent: [] }
  for (const [i, tool] of tools.entries()) {
    const reason = excuse(options.tools[i] as ToolName, options.variant)
    if (reason !== undefined) {
      report.absent.push(`${tool.name}: not run, ${reason}`)
      continue
    }
    process.stderr.write(`${tool.name} …\n`)
    try {
      if (tool.keepsCode) await runTool(tool, { ...setting, ...few(setting.topology), limitMs: limitMs(tool) })
      report.outcomes.push(await runTool(tool, { ...setting, limitMs: limitMs(tool) }))
    } catch (error) {
      if (setting.signal.aborted) throw error
      report.absent.push(`${tool.name}: FAILED, ${(error as Error).message}`)
      process.exitCode = 1
    }
  }
  if (options.trace !== undefined) await writeFile(options.trace, traceOf(report.outcomes))
  return report
}

/** Peers enough that each gets something from others, with fast links and no trouble. */
function few({ peers, ...others }: Setting['topology']): Pick<Setting, 'topology' | 'trouble'> {
  return { topology: { ...others, peers: peers.slice(-4) }, trouble: async () => {} }
}

/** By the last peer, which has a link as fast as any. */
async function oneCurl(setting: Omit<Setting, 'limitMs'>): Promise<number> {
  const topology = { ...setting.topology, peers: setting.topology.peers.slice(-1) }
  const { peers } = await runTool(curl, { ...setting, topology, limitMs: limitMs(curl), trouble: async () => {} })
  if (peers[0]?.seconds === undefined) throw new Error(`one curl alone: ${peers[0]?.failure}`)
  return peers[0].seconds
}

/** With curl alone the origin serves everybody: that takes what it takes. */
function limitMs(tool: Tool): number {
  const everybody = (options.bytes * 8 * options.peers) / 1e6 / (options.originRate || options.seedRate)
  const least = bound(options.bytes, ratesOf(options), options.rate)
  return Math.ceil(Math.max(least * PATIENCE, tool === curl ? everybody * 2 : 0) + MARGIN_S) * 1000
}

function traceOf(outcomes: readonly Outcome[]): string {
  return outcomes
    .flatMap(({ tool, peers }) => peers.map((peer, i) => `${JSON.stringify({ tool, peer: i + 1, ...peer })}\n`))
    .join('')
}

function toolOf(name: ToolName): Tool {
  const { linger, df: folder, variant, profile } = options
  return { df: df({ linger, folder, liar: variant === 'liar', profile }), curl, aria2, libtorrent, webtorrent }[name]
}

function readOptions(): Options {
  try {
    return parseOptions(process.argv.slice(2))
  } catch (error) {
    process.stderr.write(`bench/swarm: ${(error as Error).message}\n${USAGE}`)
    process.exit(2)
  }
}
