// What the flags of df get mean to the library: options of one download and of the node that runs it.
import { statSync } from 'node:fs'
import path from 'node:path'
import type { GetOptions, NodeEvent, NodeOptions } from '../index.ts'
import { readSettings, type Settings } from './config.ts'
import type { GetFlags } from './get-flags.ts'

/** Options of the download. Rejects with `bad-…` for a malformed digest, header or range. */
export async function getOptions(flags: GetFlags, watch: Pick<GetOptions, 'signal' | 'onProgress'>): Promise<GetOptions> {
  const { parseDigest, parseHeader, parseRange } = await import('../client/index.ts')
  if (flags.digest !== undefined) parseDigest(flags.digest)
  return {
    ...(flags.header && { headers: flags.header.map(parseHeader) }),
    ...(flags.digest !== undefined && { digest: flags.digest }),
    ...(flags.range !== undefined && { range: parseRange(flags.range) }),
    ...(flags.filter && { filter: flags.filter }),
    ...(flags.tag !== undefined && { tag: flags.tag }),
    origin: flags.origin,
    ...(flags.revalidate && { revalidate: true }),
    keep: flags.linger > 0,
    ...(flags.trace !== undefined && { trace: path.resolve(flags.trace) }),
    ...(flags.explain && { explain: true }),
    ...watch,
  }
}

/** Settings that the flags name. */
export function settingsOf(flags: GetFlags): Settings {
  return {
    ...(flags.seed && { seeds: flags.seed }),
    ...(flags.bootstrap && { bootstrap: flags.bootstrap }),
    ...(flags.trust && { trust: flags.trust }),
    ...(flags.announce && { announce: flags.announce }),
  }
}

/** Options of the node. Rejects with a UsageError for a malformed environment or config file. */
export async function nodeOptions(
  flags: GetFlags,
  home: string | undefined,
  onEvent: (event: NodeEvent) => void,
): Promise<NodeOptions> {
  const { seeds, bootstrap, trust, announce } = await readSettings(settingsOf(flags), process.env, home)
  return {
    seeds,
    bootstrap,
    trust,
    announce,
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
