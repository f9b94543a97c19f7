// Makes the lists of chunks that others ask for, and keeps those that were used last.
import { setTimeout as sleep } from 'node:timers/promises'
import PQueue from 'p-queue'
import { encodeChunk } from '../../core/chunk-list.ts'
import { chooseChunkAverage, MAX_CHUNKS } from '../../core/chunks.ts'
import { TokenBucket } from '../../origin/token-bucket.ts'
import { type ReadAt, scanChunks } from '../../transfer/chunk-scan.ts'

/** All lists that are kept, bytes: those of 100 GiB. */
const MAX_KEPT_BYTES = 32 * 1024 * 1024
/** One is made at a time, in turn with everything else that this thread does (2.5 ms a MiB); so many wait, and the others are refused. */
const MAX_WAITING = 8
/** Strangers may ask, too: after so much work at once (some 12 GiB) lists take a third of one core at most. Milliseconds. */
const WORK_BURST_MS = 30_000
const WORK_MS_PER_SECOND = 333
/** Contents that are shorter have no list: two or three pieces more cost less than a question. */
export const MIN_LISTED_BYTES = 4 * 1024 * 1024

/** See core/chunk-list.ts. */
export interface ChunkList {
  /** Bytes. */
  average: number
  entries: Uint8Array
}

export class ChunkLists {
  /** By the root of their content, those used last at the end. */
  readonly #kept = new Map<string, ChunkList>()
  readonly #making = new Map<string, Promise<ChunkList | undefined>>()
  readonly #turns = new PQueue({ concurrency: 1 })
  /** Milliseconds of work. */
  readonly #work: TokenBucket
  #bytes = 0

  constructor(work = new TokenBucket(WORK_MS_PER_SECOND, WORK_BURST_MS)) {
    this.#work = work
  }

  /** The list, if it is kept. */
  kept(root: string): ChunkList | undefined {
    const list = this.#kept.get(root)
    if (list === undefined) return undefined
    this.#kept.delete(root)
    this.#kept.set(root, list)
    return list
  }

  /** Makes it if need be. Resolves to undefined when there is none: the content is too short, cannot be read, or too many wait. Never rejects. */
  async of(root: string, length: number, read: ReadAt): Promise<ChunkList | undefined> {
    const kept = this.kept(root)
    if (kept !== undefined) return kept
    const running = this.#making.get(root)
    if (running !== undefined) return await running
    if (length < MIN_LISTED_BYTES || this.#turns.size >= MAX_WAITING) return undefined
    const making = this.#made(length, read)
    this.#making.set(root, making)
    const list = await making
    this.#making.delete(root)
    if (list !== undefined) this.#keep(root, list)
    return list
  }

  /** The turn is over when what the work has cost is paid for. Never rejects. */
  async #made(length: number, read: ReadAt): Promise<ChunkList | undefined> {
    const { promise, resolve } = Promise.withResolvers<ChunkList | undefined>()
    const turn = async () => {
      const begun = performance.now()
      resolve(await make(length, read).catch(() => undefined))
      const end = performance.now()
      await sleep(this.#work.take(end - begun, end), undefined, { ref: false })
    }
    void this.#turns.add(turn)
    return await promise
  }

  #keep(root: string, list: ChunkList): void {
    this.#kept.set(root, list)
    this.#bytes += list.entries.byteLength
    for (const [oldest, { entries }] of this.#kept) {
      if (this.#bytes <= MAX_KEPT_BYTES) return
      this.#kept.delete(oldest)
      this.#bytes -= entries.byteLength
    }
  }
}

async function make(length: number, read: ReadAt): Promise<ChunkList | undefined> {
  const average = chooseChunkAverage(length)
  const entries: Uint8Array[] = []
  for await (const chunk of scanChunks(read, average)) {
    if (entries.length === MAX_CHUNKS) return undefined
    entries.push(encodeChunk(chunk.digest, chunk.length))
  }
  return { average, entries: Buffer.concat(entries) }
}
