// df get: runs one download, from the arguments to the receipt and the exit code.
import { statSync } from 'node:fs'
import path from 'node:path'
import type { DragonflyNode, GetOptions, NodeEvent, NodeOptions, Receipt } from '../index.ts'
import { readSettings } from './config.ts'
import { describe, type Failure, failureLine, OutputError } from './errors.ts'
import { OK, PIPE_CLOSED } from './exit-codes.ts'
import { Interrupt } from './interrupt.ts'
import { type DownloadLimitFlags, downloadLimitsOf } from './limit-flags.ts'
import type { LogFlags } from './log-levels.ts'
import { makeReport } from './render.ts'
import type { Report } from './report.ts'
import { flushed, openStdout, PipeClosed, stdoutError, writeAll } from './stdout.ts'

/** Flags of `df get` as commander leaves them; durations in milliseconds. */
export interface GetFlags extends LogFlags, DownloadLimitFlags {
  output?: string
  seed?: string[]
  bootstrap?: string[]
  trust?: string[]
  listen?: string[]
  announce?: string[]
  digest?: string
  range?: string
  header?: string[]
  filter?: string[]
  tag?: string
  origin: boolean
  revalidate?: true
  linger: number
  timeout: number
  store?: string
  explain?: true
  trace?: string
  json?: true
  quiet?: true
}

/** Resolves to the exit code; whatever went wrong was told. */
export async function get(url: string, flags: GetFlags, name: string): Promise<number> {
  using interrupt = new Interrupt()
  const reader = new AbortController()
  process.stdout.once('error', error => reader.abort(stdoutError(error)))
  const options = { name, json: flags.json === true, quiet: flags.quiet === true, streaming: flags.output === '-', log: flags }
  const report = await makeReport(options, process.stdout, process.stderr)
  try {
    await run(url, flags, report, interrupt, reader.signal)
    if (flags.json === true) await flushed(process.stdout)
    reader.signal.throwIfAborted()
    return OK
  } catch (thrown) {
    const error: unknown = reader.signal.aborted ? reader.signal.reason : thrown
    if (error instanceof PipeClosed) return PIPE_CLOSED
    if (process.env.DEBUG) console.error(error)
    const failure = describe(error)
    // with --json the report itself goes to the output that failed
    if (error instanceof OutputError && flags.json === true && flags.output !== '-') tell(failure, name)
    if (failure.code !== 'aborted' || flags.quiet !== true) report.failed(failure)
    return failure.code === 'aborted' ? (interrupt.exitCode ?? failure.exitCode) : failure.exitCode
  } finally {
    report.close()
  }
}

function tell(failure: Failure, name: string): void {
  process.stderr.write(`${failureLine(name, failure)}\n`)
}

async function run(url: string, flags: GetFlags, report: Report, interrupt: Interrupt, reader: AbortSignal): Promise<void> {
  const timeout = flags.timeout > 0 ? [AbortSignal.timeout(flags.timeout)] : []
  const signal = AbortSignal.any([interrupt.signal, reader, ...timeout])
  const { createNode, homeIfAny, parseDigest, parseHeader, parseRange } = await import('../index.ts')
  const options: GetOptions = {
    ...(flags.header && { headers: flags.header.map(parseHeader) }),
    ...(flags.digest !== undefined && { digest: flags.digest }),
    ...(flags.range !== undefined && { range: parseRange(flags.range) }),
    ...(flags.filter && { filter: flags.filter }),
    ...(flags.tag !== undefined && { tag: flags.tag }),
    origin: flags.origin,
    ...(flags.revalidate && { revalidate: true }),
    keep: flags.linger > 0,
    ...downloadLimitsOf(flags),
    ...(flags.trace !== undefined && { trace: path.resolve(flags.trace) }),
    ...(flags.explain && { explain: true }),
    signal,
    onProgress: progress => report.progress(progress),
  }
  if (flags.digest !== undefined) parseDigest(flags.digest)
  // nothing is told before who we are
  let early: NodeEvent[] | undefined = []
  const onEvent = (event: NodeEvent) => void (early === undefined ? report.event(event) : early.push(event))
  const node = await createNode(await nodeOptions(flags, homeIfAny(), onEvent))
  try {
    report.started(node.peerId, node.addresses)
    for (const event of early) report.event(event)
    early = undefined
    report.done(await fetch(node, url, flags.output, options))
    if (flags.linger > 0) {
      report.lingering(flags.linger / 1000)
      await interrupt.wait(flags.linger)
    }
  } finally {
    await node.stop()
  }
}

async function fetch(node: DragonflyNode, url: string, output: string | undefined, options: GetOptions): Promise<Receipt> {
  if (output !== '-') return node.download(url, output, options)
  const stream = node.get(url, options)
  // The iteration throws the same error, and comes first.
  stream.receipt.catch(() => {})
  await writeAll(stream, openStdout())
  return stream.receipt
}

async function nodeOptions(flags: GetFlags, home: string | undefined, onEvent: (event: NodeEvent) => void): Promise<NodeOptions> {
  const named = {
    ...(flags.seed && { seeds: flags.seed }),
    ...(flags.bootstrap && { bootstrap: flags.bootstrap }),
    ...(flags.trust && { trust: flags.trust }),
    ...(flags.announce && { announce: flags.announce }),
  }
  const { seeds, bootstrap, trust, announce, limits } = await readSettings(named, process.env, home)
  return {
    seeds,
    bootstrap,
    trust,
    announce,
    ...(limits && { limits }),
    ...(flags.listen && { listen: flags.listen }),
    ...(flags.store !== undefined && { store: path.resolve(flags.store) }),
    ...(flags.output !== '-' && { spareFolder: folderOf(flags.output ?? '.') }),
    ...(home !== undefined && { home }),
    // what is kept goes only when the disk itself is short
    quota: Number.MAX_SAFE_INTEGER,
    network: needsNetwork(flags, { seeds, bootstrap }),
    dhtServer: flags.linger > 0,
    onEvent,
  }
}

/** Where an output goes, as the library takes it: a folder, or a file in one. */
function folderOf(output: string): string {
  const isFolder = output.endsWith(path.sep) || isDirectory(output)
  return path.resolve(isFolder ? output : path.dirname(output))
}

/** What is wrong with it is for the library to say. */
function isDirectory(file: string): boolean {
  try {
    return statSync(file).isDirectory()
  } catch {
    return false
  }
}

/** Whether anybody could be asked, or could ask us. A program that reads NDJSON is told who we are in any case. */
export function needsNetwork(flags: GetFlags, peers: { seeds: string[]; bootstrap: string[] }): boolean {
  const asksSomebody = peers.seeds.length > 0 || peers.bootstrap.length > 0
  return asksSomebody || (flags.listen ?? []).length > 0 || flags.linger > 0 || flags.json === true
}
