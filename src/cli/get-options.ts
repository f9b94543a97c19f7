// What the flags of df get mean to the library: options of one download and of the node that runs it.
import { type Stats, statSync } from 'node:fs'
import path from 'node:path'
import type { GetOptions, NodeEvent, NodeOptions } from '../index.ts'
import { readSettings, type Settings } from './config.ts'
import type { GetFlags } from './get-flags.ts'
import { downloadLimitsOf } from './limit-flags.ts'
import { originLimitsOf } from './origin-limits.ts'
import { type ProxySettings, proxySettingsOf } from './proxy-flags.ts'

/** Options of every download of a command, less the headers. Rejects with `bad-option` for a malformed range. */
export async function getOptions(flags: GetFlags, watch: Pick<GetOptions, 'signal' | 'onProgress'>): Promise<GetOptions> {
  const { parseRange } = await import('../client/index.ts')
  return {
    ...(flags.digest !== undefined && { digest: flags.digest }),
    ...(flags.range !== undefined && { range: parseRange(flags.range) }),
    ...(flags.filter && { filter: flags.filter }),
    ...(flags.tag !== undefined && { tag: flags.tag }),
    origin: flags.origin,
    ...downloadLimitsOf(flags),
    ...(flags.revalidate && { revalidate: true }),
    keep: flags.linger > 0,
    remoteTime: flags.remoteTime,
    ...(neverReplaces(flags) && { replace: false }),
    ...(flags.hardLink && { hardLink: true }),
    ...(flags.trace !== undefined && { trace: path.resolve(flags.trace) }),
    ...(flags.explain && { explain: true }),
    ...watch,
  }
}

/** The names below an index are its server's choice: it may replace what is in a folder that was named for them, nothing else. */
function neverReplaces({ clobber, recursive, directoryPrefix }: GetFlags): boolean {
  return !clobber || (recursive === true && directoryPrefix === undefined)
}

/** What the flags name, as `readSettings` takes it. */
export function settingsOf({ seed, bootstrap, trust, announce, fleet, ...flags }: GetFlags): Settings {
  return {
    ...proxySettingsOf(flags),
    ...(seed && { seeds: seed }),
    ...(bootstrap && { bootstrap }),
    ...(trust && { trust }),
    ...(announce && { announce }),
    ...(fleet !== undefined && { fleet: path.resolve(fleet) }),
  }
}

/** How its connections to origins are made. */
export function connectingOf({ proxy, noProxy, ca, ipfsGateways }: ProxySettings): ProxySettings {
  return {
    ...(proxy !== undefined && { proxy }),
    ...(noProxy !== undefined && { noProxy }),
    ...(ca !== undefined && { ca }),
    ...(ipfsGateways !== undefined && { ipfsGateways }),
  }
}

/** How the stores of other URLs than https are reached. Rejects with a UsageError for a malformed environment or config file. */
export async function reachOf(flags: GetFlags): Promise<ProxySettings> {
  const { homeIfAny } = await import('../index.ts')
  return connectingOf(await readSettings(settingsOf(flags), process.env, homeIfAny()))
}

/** What the node needs besides the flags. */
export interface Around {
  onEvent: (event: NodeEvent) => void
  /** Where the output goes, as `node.download` takes it; `-` is standard output. */
  place: string | undefined
  /** Whether it fetches what only other hosts have. */
  isShared?: boolean
}

/** Options of the node. Rejects with a UsageError for a malformed environment or config file. */
export async function nodeOptions(
  flags: GetFlags,
  home: string | undefined,
  { onEvent, place, isShared = false }: Around,
): Promise<NodeOptions> {
  const { seeds, bootstrap, trust, announce, fleet, connections, limits, ...rest } = await readSettings(
    settingsOf(flags),
    process.env,
    home,
  )
  return {
    seeds,
    bootstrap,
    trust,
    announce,
    ...(fleet !== undefined && { fleet }),
    ...(connections !== undefined && { connections }),
    ...originLimitsOf(rest),
    ...connectingOf(rest),
    ...(limits && { limits }),
    ...(flags.retry !== undefined && { originRetries: flags.retry }),
    ...(flags.connectTimeout !== undefined && { originConnectTimeout: flags.connectTimeout }),
    ...(flags.listen && { listen: flags.listen }),
    ...(flags.store !== undefined && { store: path.resolve(flags.store) }),
    ...spare(place),
    ...(home !== undefined && { home }),
    // what is kept goes only when the disk itself is short
    quota: Number.MAX_SAFE_INTEGER,
    network: needsNetwork(flags, { seeds, bootstrap }) || fleet !== undefined || isShared,
    ...(isShared && { lan: true }),
    dhtServer: flags.linger > 0,
    onEvent,
  }
}

/** On the disk of the output, unless that is a device or a pipe. */
function spare(place: string | undefined): Pick<NodeOptions, 'spareFolder'> {
  if (place === '-') return {}
  const output = place ?? '.'
  const found = statOf(output)
  if (found !== undefined && !found.isDirectory() && !found.isFile()) return {}
  const isFolder = output.endsWith(path.sep) || found?.isDirectory() === true
  return { spareFolder: path.resolve(isFolder ? output : path.dirname(output)) }
}

/** What is wrong with it is for the library to say. */
function statOf(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

/** Whether anybody could be asked, or could ask us. */
export function needsNetwork(flags: GetFlags, peers: { seeds: string[]; bootstrap: string[] }): boolean {
  const asksSomebody = peers.seeds.length > 0 || peers.bootstrap.length > 0
  return asksSomebody || (flags.listen ?? []).length > 0 || flags.linger > 0
}
