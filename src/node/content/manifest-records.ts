// Stores a manifest as append-only records, and reads it back after a restart.

import { hex } from '../../core/digest.ts'
import { DragonflyError } from '../../core/errors.ts'
import type { Freshness } from '../../core/freshness.ts'
import { Manifest, type ManifestHead, type VersionInfo } from '../../core/manifest.ts'
import { sameBytes, sha256, splitDigests } from '../../core/piece.ts'
import type { Store, StoreEntry } from '../../store/store.ts'
import { openHead } from '../../wire/envelope.ts'
import { manifestParts } from '../../wire/manifest-parts.ts'
import { decodeRecord, encodeRecord, type StoredTrust, type StoreRecord } from '../../wire/records.ts'

/** Name of the entry of one version: entries of one task start with its id. */
export function entryKey(task: string, version: string): string {
  return `${task}.${hex(sha256(Buffer.from(version))).slice(0, 16)}`
}

export interface CachedManifest {
  manifest: Manifest
  trust: StoredTrust
  envelope: Uint8Array | undefined
  /** The origin's last word; undefined when it was never asked by this node. */
  freshness: Freshness | undefined
  /** How often it was written down. */
  freshnessCount: number
}

/** Reads what an entry says about its content; undefined when that makes no sense or the entry is new. */
export async function loadManifest(entry: Pick<StoreEntry, 'records'>): Promise<CachedManifest | undefined> {
  try {
    const records = (await entry.records()).map(decodeRecord)
    const first = records[0]
    if (first?.type !== 'info') return undefined
    const cached = await rebuild(first.info, records)
    if (cached === undefined) return undefined
    const said = records.filter(r => r.type === 'freshness')
    return { ...cached, trust: first.trust, freshness: said.at(-1)?.freshness, freshnessCount: said.length }
  } catch (error) {
    if (error instanceof DragonflyError && error.code === 'protocol') return undefined
    throw error
  }
}

async function lastHead(records: readonly StoreRecord[]): Promise<{ head: ManifestHead; envelope: Uint8Array } | undefined> {
  const last = records.findLast(r => r.type === 'head')
  if (last === undefined) return undefined
  return { head: (await openHead(last.envelope)).head, envelope: last.envelope }
}

async function rebuildSigned(info: VersionInfo, records: readonly StoreRecord[]) {
  const signed = await lastHead(records)
  const manifest = new Manifest(info)
  for (const digest of digestsOf(records)) {
    if (signed !== undefined && manifest.count === signed.head.count) break
    manifest.append(digest)
  }
  return { manifest, signed }
}

/** A signed head is where the believed part ends; without one (our own read of the origin) every digest counts. */
async function rebuild(info: VersionInfo, records: readonly StoreRecord[]) {
  const { manifest, signed } = await rebuildSigned(info, records)
  if (signed !== undefined && (manifest.count !== signed.head.count || !sameBytes(manifest.chain, signed.head.chain)))
    return undefined
  const seal = signed?.head.seal ?? records.findLast(r => r.type === 'seal')?.seal
  if (seal !== undefined) manifest.sealWith(seal)
  return { manifest, envelope: signed?.envelope }
}

function* digestsOf(records: readonly StoreRecord[]): Generator<Uint8Array> {
  let count = 0
  for (const record of records) {
    if (record.type !== 'part') continue
    if (record.from > count) return
    for (const digest of splitDigests(record.digests).slice(count - record.from)) {
      count++
      yield digest
    }
  }
}

export async function keepInfo(entry: StoreEntry, info: VersionInfo, trust: StoredTrust): Promise<void> {
  await entry.append(encodeRecord({ type: 'info', info, trust }))
}

/** Digests `from…to` of a manifest, in as many records as the limits ask for. */
export async function keepDigests(entry: StoreEntry, manifest: Manifest, from: number, to: number): Promise<void> {
  for (const part of manifestParts(manifest, from, to)) await entry.append(encodeRecord({ type: 'part', ...part }))
}

export async function keepHead(entry: StoreEntry, envelope: Uint8Array): Promise<void> {
  await entry.append(encodeRecord({ type: 'head', envelope }))
}

export async function keepSeal(entry: StoreEntry, manifest: Manifest): Promise<void> {
  if (manifest.seal !== undefined) await entry.append(encodeRecord({ type: 'seal', seal: manifest.seal }))
}

export async function keepFreshness(entry: StoreEntry, freshness: Freshness): Promise<void> {
  await entry.append(encodeRecord({ type: 'freshness', freshness }))
}

/**
 * Opens the entry of a version; when another process works on it, one of our own that nobody else will ever find. `length`: of the
 * content, where it is known.
 */
export async function openEntry(store: Store, key: string, length?: number): Promise<{ entry: StoreEntry; isShared: boolean }> {
  try {
    return { entry: await store.open(key, undefined, length), isShared: true }
  } catch (error) {
    if (!(error instanceof DragonflyError) || error.code !== 'store-locked') throw error
    return { entry: await store.open(`${key}.${process.pid}-${Math.random().toString(36).slice(2, 10)}`), isShared: false }
  }
}

/** Whether a key is that of an entry that a process made for itself alone. */
export function isPrivateEntry(key: string): boolean {
  return key.split('.').length > 2
}

/**
 * Removes what the store has of a task besides `key`: other versions, and what processes that were killed made for themselves. Resolves to
 * whether there was another version.
 */
export async function removeOthers(store: Store, task: string, key: string): Promise<boolean> {
  const others = (await store.keysOf(task)).filter(other => other !== key && !hasLivingOwner(other))
  // at the same time: one that another process works on is waited for a moment, and stays
  await Promise.all(others.map(other => store.remove(other).catch(() => {})))
  return others.some(other => !isPrivateEntry(other))
}

function hasLivingOwner(key: string): boolean {
  const [, , owner] = key.split('.')
  try {
    return owner !== undefined && process.kill(Number.parseInt(owner, 10), 0)
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
