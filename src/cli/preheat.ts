// df preheat: makes seeds fetch any number of URLs, a few at a time.
import type { DragonflyNode, NodeOptions, PreheatOptions } from '../index.ts'
import { readSettings } from './config.ts'
import { describe, type Failure, UsageError } from './errors.ts'
import { OK, UNEXPECTED } from './exit-codes.ts'
import { connectingOf } from './get-options.ts'
import { type HeaderFlags, headerLines } from './header-lines.ts'
import { Interrupt } from './interrupt.ts'
import type { LogFlags } from './log-levels.ts'
import type { ImageTargets, Target } from './preheat-image.ts'
import { makePreheatReport, type PreheatReport, type PreheatTarget, type Summary } from './preheat-report.ts'
import { findSource } from './source-urls.ts'
import { urlsOf, withoutUser } from './url-list.ts'

/** Flags of `df preheat` as commander leaves them; durations in milliseconds. */
export interface PreheatFlags extends LogFlags, HeaderFlags {
  inputFile?: string
  image?: string[]
  platform?: string
  plainHttp?: true
  seed?: string[]
  at?: string[]
  parallel: number
  filter?: string[]
  tag?: string
  digest?: string
  timeout: number
  json?: true
  quiet?: true
}

interface Job extends PreheatTarget {
  /** As it was given. */
  asked: string
  at: string | undefined
  /** What it needs besides the options of all, asked for when its turn comes. */
  more?: (signal: AbortSignal) => Promise<PreheatOptions>
  /** Set when it is over and nothing came of it. */
  failure?: Failure
}

/** Resolves to the exit code; whatever went wrong was told. */
export async function preheat(named: readonly string[], flags: PreheatFlags, name: string): Promise<number> {
  using interrupt = new Interrupt()
  const options = { name, json: flags.json === true, quiet: flags.quiet === true, log: flags }
  let report = await makePreheatReport({ ...options, errands: 0 }, process.stdout, process.stderr)
  try {
    const onlyImages = flags.image !== undefined && named.length === 0 && flags.inputFile === undefined
    const urls = onlyImages ? [] : await urlsOf(named, flags.inputFile, interrupt.signal)
    if (flags.digest !== undefined && urls.length > 1) throw new UsageError('--digest works with one URL only', 'give one URL')
    const { withoutSecrets } = await import('../index.ts')
    await using images = flags.image === undefined ? undefined : await openImages(flags, interrupt.signal)
    const targets = [...urls.map(url => ({ url })), ...((await images?.targets()) ?? [])]
    const jobs = jobsOf(targets, flags.at, withoutSecrets)
    report = await makePreheatReport({ ...options, errands: jobs.length }, process.stdout, process.stderr)
    report.summary(await run(jobs, flags, report, interrupt.signal))
    return jobs.find(job => job.failure !== undefined)?.failure?.exitCode ?? OK
  } catch (error) {
    if (process.env.DEBUG) console.error(error)
    const isStopped = interrupt.exitCode !== undefined
    const failure = isStopped ? { code: 'aborted', message: 'stopped before the end' } : describe(error)
    report.stopped({ exitCode: interrupt.exitCode ?? UNEXPECTED, ...failure })
    return interrupt.exitCode ?? describe(error).exitCode
  }
}

/** Each URL at the seed that is responsible for it, or at every one that was named. */
function jobsOf(targets: readonly Target[], at: readonly string[] = [], withoutSecrets: (text: string) => string): Job[] {
  const seeds = at.length === 0 ? [undefined] : [...new Set(at)]
  return targets.flatMap(({ url: asked, more, failure }): Job[] => {
    const shown = withoutSecrets(asked)
    const url = withoutUser(asked) ?? shown
    if (failure !== undefined) return [{ asked, url, shown, at: undefined, failure }]
    return seeds.map(at => ({ asked, url, shown, at, ...(more && { more }) }))
  })
}

/** The blobs of the images that were named. */
async function openImages(flags: PreheatFlags, stop: AbortSignal): Promise<ImageTargets> {
  const { ImageTargets } = await import('./preheat-image.ts')
  const reach = await reachOf()
  const { image: names = [], platform, plainHttp } = flags
  const how = { ...(platform !== undefined && { platform }), ...(plainHttp && { plainHttp }) }
  return await ImageTargets.open(names, { ...how, signal: signalOf(flags, stop) }, reach)
}

/** How what is not a seed is asked: registries, hubs and stores. */
async function reachOf(): Promise<Pick<NodeOptions, 'proxy' | 'noProxy' | 'ca'>> {
  const { homeIfAny } = await import('../index.ts')
  return connectingOf(await readSettings({}, process.env, homeIfAny()))
}

function signalOf({ timeout }: PreheatFlags, stop: AbortSignal): AbortSignal {
  return AbortSignal.any([stop, ...(timeout > 0 ? [AbortSignal.timeout(timeout)] : [])])
}

/** Rejects with `aborted` or `timeout`, or when nothing can begin at all. What fails for one URL is noted beside it. */
async function run(jobs: readonly Job[], flags: PreheatFlags, report: PreheatReport, stop: AbortSignal): Promise<Summary> {
  const signal = signalOf(flags, stop)
  const options = await preheatOptions(flags, signal)
  const { createNode } = await import('../index.ts')
  const node = await createNode({ ...(await nodeOptions(flags)), onEvent: event => report.event(event) })
  const summary: Summary = { preheated: 0, alreadyThere: 0, failed: 0, bytes: 0, seconds: 0 }
  const begun = performance.now()
  const left = jobs.values()
  const work = async () => {
    for (const job of left) await one(node, job, options, report, summary)
  }
  try {
    await Promise.all(Array.from({ length: Math.min(flags.parallel, jobs.length) }, work))
  } finally {
    await node.stop()
  }
  return { ...summary, seconds: Math.round(performance.now() - begun) / 1000 }
}

async function one(node: DragonflyNode, job: Job, options: PreheatOptions, report: PreheatReport, sum: Summary): Promise<void> {
  const at = job.at === undefined ? {} : { at: job.at }
  if (job.failure !== undefined) {
    sum.failed++
    return report.failed(job, job.failure)
  }
  try {
    const more = await job.more?.(options.signal as AbortSignal)
    const source = await findSource(job.asked, { ...options, ...more }, reachOf)
    const { byDigest, anonymous } = source.own
    const named = { ...(byDigest && { byDigest }), ...(anonymous && { anonymous }) }
    const done = await node.preheat(source.url, { ...source.options, ...named, ...at, onProgress: p => report.progress(job, p) })
    sum.preheated++
    sum.alreadyThere += done.alreadyThere ? 1 : 0
    sum.bytes += done.bytes
    report.done(job, done)
  } catch (error) {
    if (options.signal?.aborted) throw error
    sum.failed++
    job.failure = describe(error)
    report.failed(job, job.failure)
  }
}

async function preheatOptions(flags: PreheatFlags, signal: AbortSignal): Promise<PreheatOptions> {
  const { parseDigest, parseHeader } = await import('../index.ts')
  if (flags.digest !== undefined) parseDigest(flags.digest)
  const headers = (await headerLines(flags)).map(parseHeader)
  return {
    ...(headers.length > 0 && { headers }),
    ...(flags.filter && { filter: flags.filter }),
    ...(flags.tag !== undefined && { tag: flags.tag }),
    ...(flags.digest !== undefined && { digest: flags.digest }),
    signal,
  }
}

/** It listens to nobody and keeps nothing. */
async function nodeOptions(flags: PreheatFlags): Promise<NodeOptions> {
  const { homeIfAny } = await import('../index.ts')
  const home = homeIfAny()
  const named = flags.at ?? flags.seed
  const { seeds, trust } = await readSettings(named === undefined ? {} : { seeds: named }, process.env, home)
  if (seeds.length === 0) {
    throw new UsageError('no seed to preheat', 'give --seed or --at, set DRAGONFLY_SEEDS, or write config.json')
  }
  return { seeds, trust, listen: [], store: 'memory', dhtServer: false, ...(home !== undefined && { home }) }
}
