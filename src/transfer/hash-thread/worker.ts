// A thread of its own: computes the sha2-256 of a file and of its pieces right behind whoever writes it, from the page cache.
import { createHash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { Control, type ControlMemory } from './control.ts'

export interface HashThreadInit {
  file: string
  control: ControlMemory
  /** Bytes of a full piece. */
  pieceLength: number
  /** The first piece whose own digest is wanted. */
  firstPiece: number
  /** Bytes of the whole. */
  length: number
}

/** Digests that lie one behind the other, and of which piece the first one is; or that of the whole, once it has ended. */
export type HashNews = { first: number; digests: Uint8Array } | { whole: Uint8Array }

/** Read at once, bytes: what fits into the cache of a core, where both digests find it. */
const READ = 256 * 1024
/** Digests that are told at once: each message wakes the other thread. */
const TOGETHER = 4
const DIGEST = 32

const { file, control: memory, pieceLength, firstPiece, length } = workerData as HashThreadInit
const control = new Control(memory)
const whole = createHash('sha256')
const buffer = Buffer.allocUnsafeSlow(READ)
let piece = createHash('sha256')
let ready: Uint8Array[] = []
/** Of the next piece that ends. */
let index = 0

const fd = openSync(file, 'r')
try {
  follow()
} finally {
  closeSync(fd)
}

function follow(): void {
  for (let done = 0; ; ) {
    if (done === control.bytes) tell()
    const { bytes, state } = control.wait(done)
    if (state === 'stops') return
    if (state === 'ends') return end()
    while (done < bytes) done += read(done, bytes)
  }
}

/** Reads no further than to the end of a piece. */
function read(done: number, written: number): number {
  const pieceEnd = Math.min(length, (index + 1) * pieceLength)
  const got = readSync(fd, buffer, 0, Math.min(READ, written - done, Math.max(1, pieceEnd - done)), done)
  if (got === 0) throw new Error('the file is shorter than what was written')
  const part = got === READ ? buffer : buffer.subarray(0, got)
  whole.update(part)
  if (index >= firstPiece) piece.update(part)
  if (done + got === pieceEnd) endPiece()
  return got
}

function endPiece(): void {
  if (index >= firstPiece) {
    ready.push(piece.digest())
    piece = createHash('sha256')
  }
  index++
  if (ready.length >= TOGETHER) tell()
}

function tell(): void {
  if (ready.length === 0) return
  const digests = new Uint8Array(DIGEST * ready.length)
  for (const [i, digest] of ready.entries()) digests.set(digest, i * DIGEST)
  say({ first: index - ready.length, digests })
  ready = []
}

function end(): void {
  // somebody may have put another file in its place, and gone on writing there
  const [ours, now] = [fstatSync(fd, { bigint: true }), statSync(file, { bigint: true })]
  if (ours.ino !== now.ino || ours.dev !== now.dev) throw new Error('the file was replaced')
  say({ whole: new Uint8Array(whole.digest()) })
}

function say(news: HashNews): void {
  parentPort?.postMessage(news)
}
