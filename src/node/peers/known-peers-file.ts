// The file in a host's home folder that names the peers it knows. Several processes of one home may write it: each writes what it read and what it knows.
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { open, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MAX_RECORD_BYTES } from '../../net/signed-addresses.ts'
import { type KnownPeer, MAX_KNOWN, merged } from '../../swarm/known-peers.ts'

export const KNOWN_PEERS_FILE = 'known-peers.json'
/** Bytes of the file: twice what the longest records take, in base64. */
const MAX_FILE_BYTES = MAX_KNOWN * MAX_RECORD_BYTES * 3
/** Characters of a peer id, or of a place. */
const MAX_NAME = 128
const FORMAT = 1

/** What the file names; nothing when there is none, or when it is not one of ours. Records are not checked yet. */
export async function readKnownPeers(home: string): Promise<KnownPeer[]> {
  try {
    return parse(await readBounded(join(home, KNOWN_PEERS_FILE)))
  } catch {
    return []
  }
}

/** Adds to the file. Rejects with a system error when it cannot be written. */
export async function addKnownPeers(home: string, peers: readonly KnownPeer[], now: number): Promise<void> {
  const all = merged([await readKnownPeers(home), peers], now)
  const path = join(home, KNOWN_PEERS_FILE)
  const temporary = `${path}.${randomBytes(6).toString('hex')}`
  try {
    await writeFile(temporary, `${JSON.stringify({ format: FORMAT, peers: all }, undefined, 1)}\n`, { mode: 0o600, flag: 'wx' })
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw error
  }
}

/** Waits for no pipe, and follows no link. */
async function readBounded(path: string): Promise<string> {
  const { O_RDONLY, O_NONBLOCK = 0, O_NOFOLLOW = 0 } = constants
  const file = await open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW)
  try {
    const found = await file.stat()
    if (!found.isFile() || found.size > MAX_FILE_BYTES) return ''
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

function parse(text: string): KnownPeer[] {
  const { format, peers } = JSON.parse(text) as { format?: unknown; peers?: unknown }
  return format === FORMAT && Array.isArray(peers) ? peers.slice(0, MAX_KNOWN).flatMap(peerOf) : []
}

function peerOf(value: unknown): KnownPeer[] {
  if (typeof value !== 'object' || value === null) return []
  const { id, record, seenAt, isLongLived, isHere, place } = value as Record<keyof KnownPeer, unknown>
  if (!isName(id) || !isName(place) || typeof record !== 'string') return []
  if (record.length > MAX_RECORD_BYTES * 1.4 || typeof seenAt !== 'number' || !Number.isFinite(seenAt)) return []
  return [{ id, record, seenAt, isLongLived: isLongLived === true, isHere: isHere === true, place }]
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_NAME
}
