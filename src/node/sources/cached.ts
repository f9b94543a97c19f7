// Finds what the store has of a task, and continues it: at once while fresh, otherwise after asking the origin.
import type { DragonflyError } from '../../core/errors.ts'
import type { Freshness } from '../../core/freshness.ts'
import type { Task } from '../../core/task.ts'
import { isResumable, validatorsOf } from '../../core/version.ts'
import type { CachedHeaders } from '../../origin/cached-headers.ts'
import type { OriginRequest } from '../../origin/options.ts'
import type { Origin } from '../../origin/origin.ts'
import type { OriginRead } from '../../origin/read.ts'
import { TAIL_BYTES } from '../../origin/tail.ts'
import { forbidden, isTrouble } from '../../origin/trouble.ts'
import type { Store, StoreEntry } from '../../store/store.ts'
import { type CachedManifest, entryKey, isPrivateEntry, loadManifest, removeOthers } from '../content/manifest-records.ts'
import type { ActiveTask } from '../session/active-task.ts'
import { originRequest } from '../session/origin-request.ts'
import { ingest, sealWhenWhole, versionOf } from './ingest.ts'
import { inParallel } from './parallel-read.ts'

export interface Cached extends CachedManifest {
  /** Open, its pieces verified. */
  entry: StoreEntry
  /** Bytes from the start that are there without a gap. */
  prefix: number
}

/** What a seed may do with a finished content that it has kept. */
export interface CacheRules {
  /** Whether it may be given out before the origin is asked. */
  isFresh(freshness: Freshness | undefined): boolean
  /** Whether it may be given out although the origin could not be asked. */
  mayServeInTrouble(freshness: Freshness | undefined, trouble: DragonflyError): boolean
}

/** Of a content that its digest names. */
export const UNCHANGING: CacheRules = { isFresh: () => true, mayServeInTrouble: () => true }

type Found = CachedManifest & { entry: StoreEntry }

/**
 * Finds what an own read, finished or not, can go on with. With rules, finished ones that another seed vouched for count too.
 * The caller closes its entry, or gives it to an active task.
 */
export async function loadCached(store: Store, task: Task, rules?: CacheRules): Promise<Cached | undefined> {
  const found = await newest(store, task, rules, canBeAskedFor)
  return found === undefined ? undefined : await recovered(store, task, found)
}

/** Finds a finished content that needs nobody. A newer version that is not finished, or not fresh, comes before an older one. */
export async function loadFresh(store: Store, task: Task, rules: CacheRules): Promise<Cached | undefined> {
  const found = await newest(store, task, rules, () => true)
  if (found === undefined) return undefined
  const cached = isFinished(found) && rules.isFresh(found.freshness) ? await recovered(store, task, found) : undefined
  if (cached !== undefined && cached.prefix === cached.manifest.length) return cached
  await found.entry.close()
  return undefined
}

async function newest(
  store: Store,
  task: Task,
  rules: CacheRules | undefined,
  isOfUse: (found: CachedManifest) => boolean,
): Promise<Found | undefined> {
  let best: Found | undefined
  for (const key of await store.keysOf(task.id)) {
    if (isPrivateEntry(key)) continue
    const entry = await store.open(key).catch(() => undefined)
    const manifest = entry === undefined ? undefined : await loadManifest(entry)
    const isGood = manifest !== undefined && isBelieved(manifest, key, task, rules) && isOfUse(manifest)
    if (entry === undefined || !isGood || (best !== undefined && askedAt(best) >= askedAt(manifest))) {
      await entry?.close()
      continue
    }
    await best?.entry.close()
    best = { ...manifest, entry }
  }
  return best
}

function askedAt({ freshness }: CachedManifest): number {
  return freshness?.at ?? 0
}

function isBelieved(cached: CachedManifest, key: string, task: Task, rules: CacheRules | undefined): boolean {
  const { trust, manifest } = cached
  // those of a root were compared with it before the first record was written
  const isRooted = task.root !== undefined && manifest.seal?.root === task.root
  const isOurs = isRooted || trust === 'origin' || (rules !== undefined && trust === 'seed' && isFinished(cached))
  return isOurs && (manifest.count > 0 || isRooted) && entryKey(task.id, manifest.info.version) === key
}

function isFinished({ manifest }: CachedManifest): boolean {
  return manifest.seal !== undefined
}

/** An unfinished one goes on where it ended; a finished one needs no more than a validator, which a weak one is too. */
function canBeAskedFor(cached: CachedManifest): boolean {
  const { version } = cached.manifest.info
  return isResumable(version) || (isFinished(cached) && !version.startsWith('once '))
}

async function recovered(store: Store, task: Task, found: Found): Promise<Cached> {
  const { manifest, entry } = found
  await removeOthers(store, task.id, entry.key)
  const have = await entry.recover(manifest)
  const prefix = Math.min(have.firstMissing() * manifest.pieceLength, manifest.length ?? Infinity)
  return { ...found, prefix }
}

/** How the origin is asked about what was kept. */
export interface Continuing {
  origin: Origin
  /** What counts of what the origin has just said; undefined: nothing. */
  heard(cachedHeaders: CachedHeaders, known: Freshness | undefined): Freshness | undefined
  rules: CacheRules | undefined
  /** See OpenOptions. */
  isDoubted: boolean
  signal: AbortSignal
}

/** Begins anew, with nothing of what was kept, when the origin has another version now. */
export async function continueCached(active: ActiveTask, cached: Cached, how: Continuing): Promise<void> {
  if (cached.prefix === cached.manifest.length) return await continueWhole(active, cached, how)
  const { version } = cached.manifest.info
  const request = originRequest(active)
  const { isDoubted, signal } = how
  const { prefix, manifest } = cached
  const tail = prefix === 0 ? undefined : await tailOf(cached)
  const read = await how.origin.open(request, { version, from: prefix, isDoubted, signal, ...(tail !== undefined && { tail }) })
  if (read.version !== version || read.start !== prefix || differs(read.length, manifest.length)) {
    // what was kept is of no use to a later try either
    return await beginAnew(active, cached, await fromTheStart(read, how, request), how)
  }
  await active.adoptCached(cached, how.heard(read.cachedHeaders, cached.freshness))
  await ingest(active, read, inParallel(how.origin, request, read, signal))
}

/** The same version, of another length than was announced before, comes as the end of it. */
async function fromTheStart(read: OriginRead, how: Continuing, request: OriginRequest): Promise<OriginRead> {
  if (read.start === 0) return read
  await read.cancel()
  return await how.origin.open(request, { isDoubted: how.isDoubted, signal: how.signal })
}

async function tailOf({ entry, manifest, prefix }: Cached): Promise<Uint8Array> {
  const length = Math.min(TAIL_BYTES, prefix)
  return await entry.read(prefix - length, length, manifest.pieceLength)
}

function differs(a: number | undefined, b: number | undefined): boolean {
  return a !== undefined && b !== undefined && a !== b
}

async function beginAnew(active: ActiveTask, cached: Cached, read: OriginRead, how: Continuing): Promise<void> {
  const { origin, heard, signal } = how
  await cached.entry.remove()
  active.reuse.hadOlder = true
  await active.adopt(versionOf(active.task, read), 'origin', { vouched: heard(read.cachedHeaders, undefined) })
  await ingest(active, read, inParallel(origin, originRequest(active), read, signal))
}

async function continueWhole(active: ActiveTask, cached: Cached, how: Continuing): Promise<void> {
  const { origin, heard, rules, signal } = how
  const { version } = cached.manifest.info
  const request = originRequest(active)
  const answer = await origin.check(request, version, validatorsOf(version), signal).catch(error => {
    if (!isTrouble(error) || rules === undefined) throw error
    if (!rules.mayServeInTrouble(cached.freshness, error)) throw forbidden(error)
    return undefined
  })
  if (answer?.state !== 'changed') {
    await active.adoptCached(cached, answer && heard(answer.cachedHeaders, cached.freshness))
    return await sealWhenWhole(active, cached.prefix)
  }
  await beginAnew(active, cached, answer.read, how)
}
