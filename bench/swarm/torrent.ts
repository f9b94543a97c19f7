// Makes a torrent of one file, and runs opentracker to announce it, for every BitTorrent tool of the bench.
import { createHash } from 'node:crypto'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ground, Need } from './tools/tool.ts'

export const TRACKER_NEED: Need = { program: 'opentracker', install: 'opentracker' }

const TRACKER_PORT = 6969
/** As the usual makers of torrents cut files of this size. */
const PIECE_BYTES = 256 * 1024
/** State of a listening socket in /proc/PID/net/tcp. */
const LISTENING = '0A'

export interface Torrent {
  /** The .torrent file. */
  file: string
  /** sha1 of its info, hex. */
  infoHash: string
}

type Bencoded = number | string | Uint8Array | { [key: string]: Bencoded }

export function bencode(value: Bencoded): Buffer {
  if (typeof value === 'number') return Buffer.from(`i${value}e`)
  if (typeof value === 'string') return bencode(Buffer.from(value))
  if (value instanceof Uint8Array) return Buffer.concat([Buffer.from(`${value.length}:`), value])
  const sorted = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const parts = sorted.flatMap(([key, inner]) => [bencode(key), bencode(inner)])
  return Buffer.concat([Buffer.from('d'), ...parts, Buffer.from('e')])
}

/** Torrent and tracker of a run; the tracker runs on the origin's host. */
export async function publishTorrent(ground: Ground): Promise<Torrent> {
  const { topology, file, dir } = ground
  const torrent = await makeTorrent(file, `http://${topology.origin.ip}:${TRACKER_PORT}/announce`, path.join(dir, 'file.torrent'))
  await startTracker(ground, torrent, path.join(dir, 'tracker'))
  return torrent
}

/** `pieceBytes`: a power of two. */
export async function makeTorrent(file: string, announce: string, to: string, pieceBytes = PIECE_BYTES): Promise<Torrent> {
  const bytes = await readFile(file)
  const hashes: Buffer[] = []
  for (let at = 0; at < bytes.length; at += pieceBytes) hashes.push(sha1(bytes.subarray(at, at + pieceBytes)))
  const pieces = Buffer.concat(hashes)
  const info = { length: bytes.length, name: path.basename(file), 'piece length': pieceBytes, pieces }
  await writeFile(to, bencode({ announce, info }))
  return { file: to, infoHash: sha1(bencode(info)).toString('hex') }
}

/** Debian's opentracker serves what its whitelist names, from a folder that it makes its root, as nobody. */
async function startTracker({ topology, launch }: Ground, torrent: Torrent, dir: string): Promise<void> {
  await mkdir(dir, { recursive: true })
  for (let folder = dir; folder.length > 5; folder = path.dirname(folder)) await chmod(folder, 0o755)
  await writeFile(path.join(dir, 'whitelist'), `${torrent.infoHash}\n`, { mode: 0o644 })
  const port = `${TRACKER_PORT}`
  const args = ['-i', topology.origin.ip, '-p', port, '-P', port, '-d', dir, '-w', 'whitelist']
  const tracker = launch('opentracker', topology.origin, { command: 'opentracker', args, cwd: dir })
  while (!tracker.isOver && !(await isListening(tracker.pid, TRACKER_PORT))) await sleep(10)
  if (tracker.isOver) throw new Error(`opentracker ended: ${tracker.complaint}`)
}

async function isListening(pid: number, port: number): Promise<boolean> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  const text = await readFile(`/proc/${pid}/net/tcp`, 'utf8').catch(() => '')
  return text.split('\n').some(line => new RegExp(`:${hex} \\S+ ${LISTENING} `).test(line))
}

function sha1(bytes: Uint8Array): Buffer {
  return createHash('sha1').update(bytes).digest()
}
