// df get: runs the downloads of one command, from the arguments to the receipts and the exit code.
import { fstatSync } from 'node:fs'
import type { NodeEvent } from '../index.ts'
import { describe, type Failure, failureLine, OutputError, UsageError } from './errors.ts'
import { OK, PIPE_CLOSED } from './exit-codes.ts'
import type { GetFlags } from './get-flags.ts'
import { makeHeaders } from './get-headers.ts'
import type { Command } from './get-one.ts'
import { getOptions, reachOf } from './get-options.ts'
import type { Named } from './get-trees.ts'
import { HostNode } from './host-node.ts'
import { Interrupt } from './interrupt.ts'
import { placeOf } from './output-place.ts'
import { makeReport } from './render.ts'
import type { Report } from './report.ts'
import { isNamedAddress, isSharedAddress, isTreeAddress } from './shared-address.ts'
import { isFolder, isMetalink, isOtherScheme, localMetalink } from './source-urls.ts'
import { flushed, PipeClosed, stdoutError } from './stdout.ts'
import { urlsOf } from './url-list.ts'

/** Resolves to the exit code; whatever went wrong was told. */
export async function get(named: readonly string[], flags: GetFlags, name: string): Promise<number> {
  using interrupt = new Interrupt()
  const reader = new AbortController()
  process.stdout.once('error', error => reader.abort(stdoutError(error)))
  const log = flags.verbose ? { logLevel: 'debug' as const, ...flags } : flags
  const options = { name, json: flags.json === true, quiet: flags.quiet === true, streaming: flags.output === '-', log }
  let report = await makeReport(options, process.stdout, process.stderr)
  try {
    const local = localMetalink(flags)
    const urls = await urlsOf(local === undefined ? named : [...named, local], flags.inputFile, interrupt.signal)
    const trees = await treesOf(urls, flags, interrupt.signal)
    await refuseMisfits(urls, trees, flags)
    if (flags.hfCache) (await import('./hub-cache.ts')).refuseForHubCache(urls)
    const isSingle = urls.some(isNamedAddress) && flags.output === '-'
    const several =
      !isSingle && (trees.size > 0 || urls.some(isTreeAddress) || urls.some(isNamedAddress))
        ? 0
        : urls.length > 1
          ? urls.length
          : undefined
    if (several !== undefined) report = await makeReport({ ...options, several }, process.stdout, process.stderr)
    const exitCode = await run({ urls, trees }, flags, report, interrupt, reader.signal)
    if (flags.json === true || flags.head === true) await flushed(process.stdout)
    reader.signal.throwIfAborted()
    return exitCode
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

/** Those that are folders. */
async function treesOf(urls: readonly string[], flags: GetFlags, signal: AbortSignal): Promise<Set<string>> {
  const { recursive, output, metalink } = flags
  if (recursive) return new Set(urls)
  const trees = new Set<string>()
  const reach = async () => ({ ...(await reachOf(flags)), signal })
  // what -o names is the Metalink itself
  const follows = output === undefined || metalink !== undefined
  for (const url of urls) if ((follows && isMetalink(url, flags)) || (await isFolder(url, reach))) trees.add(url)
  return trees
}

/** What belongs to one content cannot be for several. */
async function refuseMisfits(urls: readonly string[], trees: ReadonlySet<string>, flags: GetFlags): Promise<void> {
  const { output, digest, md5, trace, include, exclude, mirror, dryRun } = flags
  if (trees.size > 0 || include || exclude || mirror || dryRun) {
    const { refuseForTrees } = await import('./get-trees.ts')
    refuseForTrees(urls, new Set([...trees, ...urls.filter(isTreeAddress)]), flags)
  }
  if (urls.some(isNamedAddress)) await refuseForNames(urls, flags)
  if (urls.some(isTreeAddress)) {
    if (urls.length > 1) throw new UsageError('the address of a folder stands alone', 'fetch one after the other')
    if (output !== undefined) throw new UsageError('-o writes one file, and this is a folder', 'write it into DIR with -P DIR')
  }
  if (urls.length === 1 && trees.size === 0) return
  // of one URL the library says what is wrong; of several nothing is downloaded before all are looked at
  for (const url of urls) {
    const isKnown = isOtherScheme(url) || isSharedAddress(url) || /^https?:\/\//i.test(url)
    if ((isKnown && URL.canParse(url)) || (trees.has(url) && isMetalink(url, flags))) continue
    const shown = JSON.stringify(url.replace(/^.*@/s, '…@').slice(0, 100))
    throw new UsageError(`not a URL: ${shown}`, 'write complete URLs, such as https://example.org/file.iso')
  }
  if (output !== undefined && output !== '-')
    throw new UsageError('-o works with one URL only', 'write several to a folder with -P DIR')
  for (const [flag, value] of Object.entries({ '--digest': digest, '--md5': md5, '--trace': trace })) {
    if (value !== undefined) throw new UsageError(`${flag} works with one URL only`, 'give one URL')
  }
}

/** What is shared by name is a folder, or comes out of one: there is no head of it, and no part. */
async function refuseForNames(urls: readonly string[], flags: GetFlags): Promise<void> {
  const { isNamedShare, parseNamedShare } = await import('../index.ts')
  for (const url of urls) if (isNamedShare(url)) parseNamedShare(url)
  if (urls.length > 1) throw new UsageError('the name of a shared folder stands alone', 'fetch one after the other')
  for (const flag of ['head', 'spider', 'range', 'digest', 'md5', 'trace', 'recursive'] as const)
    if (flags[flag] !== undefined)
      throw new UsageError(`--${flag} is not for what is shared by a name`, 'fetch it by its address, which the seed tells')
}

/** Resolves to the exit code of the first URL that failed. */
async function run(
  { urls, trees }: Named,
  flags: GetFlags,
  report: Report,
  interrupt: Interrupt,
  reader: AbortSignal,
): Promise<number> {
  const timeout = flags.timeout > 0 ? [AbortSignal.timeout(flags.timeout)] : []
  const signal = AbortSignal.any([interrupt.signal, reader, ...timeout])
  const options = await getOptions({ ...flags, ...(trees.size > 0 && { recursive: true }) }, { signal })
  const headers = await makeHeaders(flags, signal)
  const place = await placeOf(flags)
  if (place !== '-' && !flags.json && !flags.head && isPipe(1)) report.note(PIPE_HINT)
  // nothing is told before who we are
  let early: NodeEvent[] | undefined = []
  const onEvent = (event: NodeEvent) => void (early === undefined ? report.event(event) : early.push(event))
  const node = await HostNode.open(flags, { onEvent, place, isShared: urls.some(isSharedAddress) })
  try {
    const { peerId, addresses } = await node.identity()
    report.started(peerId, addresses)
    for (const event of early) report.event(event)
    early = undefined
    const exitCode = await getAll({ urls, trees }, { node, flags, options, headers, place, report }, signal)
    if (flags.linger > 0 && exitCode === OK) {
      report.lingering(flags.linger / 1000)
      await interrupt.wait(flags.linger)
    }
    return exitCode
  } finally {
    await node.stop()
  }
}

/** Resolves to the exit code. */
async function getAll({ urls, trees }: Named, command: Command, signal: AbortSignal): Promise<number> {
  const { flags, place } = command
  const [url] = urls
  if (flags.hfCache) return await (await import('./hub-cache.ts')).getIntoHubCache(urls, command, await reachOf(flags))
  if (url !== undefined && isNamedAddress(url))
    return await (await import('./get-named-share.ts')).getNamedShare(url, command, signal)
  if (url !== undefined && isTreeAddress(url) && !flags.head && !flags.spider)
    return await (await import('./get-shared-tree.ts')).getTree(url, command, signal)
  if (urls.length === 1 && url !== undefined && trees.size === 0) {
    await (await import('./get-one.ts')).getOne({ url }, command)
    return OK
  }
  if (trees.size > 0) return await (await import('./get-trees.ts')).getTrees({ urls, trees }, command, signal)
  const { getMany, ofList } = await import('./get-many.ts')
  // on standard output one follows the other
  const parallel = place === '-' || (flags.head && !flags.json) ? 1 : flags.parallel
  return await getMany({ targets: ofList(urls, command), count: urls.length, parallel }, command, signal)
}

const PIPE_HINT = 'standard output is a pipe, and nothing is written to it: -o - writes the content there'

/** Of a shell; programs that start others mostly use sockets. */
function isPipe(fd: number): boolean {
  try {
    return fstatSync(fd).isFIFO()
  } catch {
    return false
  }
}
