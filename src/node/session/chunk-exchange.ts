// Gives neighbours the list of a content's chunks, and asks them for it.
import { CHUNK_ENTRY_BYTES, decodeChunks, type ListedChunk } from '../../core/chunk-list.ts'
import { chooseChunkAverage, shortestChunk } from '../../core/chunks.ts'
import { DragonflyError } from '../../core/errors.ts'
import type { Manifest } from '../../core/manifest.ts'
import type { ChunksPart } from '../../wire/codec-chunks.ts'
import { LIMITS } from '../../wire/limits.ts'
import type { StoredVersion } from '../content/stored-version.ts'
import type { ChunkList, ChunkLists } from '../context/chunk-lists.ts'
import type { PeerLink } from '../peers/peer-link.ts'

/** Whoever does not answer by then does not know the question, ms. */
const ANSWER_MS = 500
/** A list that is being made is waited for as long as that takes on a slow host (bytes a millisecond), and somewhat longer, ms. */
const MAKING_RATE = 200_000
const MAKING_MS = 2000
/** So many neighbours are asked, one after the other. */
const MAX_ASKED = 3

const NONE: ChunksPart = { count: 0, average: 0, from: 0, entries: new Uint8Array() }

export interface FetchedList {
  /** Bytes. */
  average: number
  chunks: ListedChunk[]
}

export class ChunkExchange {
  readonly #lists: ChunkLists
  readonly #content: Pick<StoredVersion, 'manifest' | 'transfer' | 'provenTo'>
  /** Those that have been promised an answer. */
  readonly #answering = new WeakSet<PeerLink>()
  /** Who was asked, and what is to be done with the answers; undefined: nobody. */
  #asked: { peer: string; take(part: ChunksPart): void } | undefined

  constructor(lists: ChunkLists, content: Pick<StoredVersion, 'manifest' | 'transfer' | 'provenTo'>) {
    this.#lists = lists
    this.#content = content
  }

  // ---- what others ask

  /** Does not wait for a list that has to be made. */
  onWanted(from: PeerLink, index: number): void {
    // it asks for one part at a time
    if (!from.isNeighbour || this.#answering.has(from)) return
    const kept = this.#lists.kept(this.#content.manifest.seal?.root ?? '')
    if (kept !== undefined) return give(from, kept, index)
    this.#answering.add(from)
    void this.#answer(from, index).finally(() => this.#answering.delete(from))
  }

  async #answer(from: PeerLink, index: number): Promise<void> {
    const length = this.#content.manifest.length ?? 0
    const making = this.make()
    // whoever hears this knows that we know the question
    const average = chooseChunkAverage(length)
    if (this.#isWhole) from.link.send({ type: 'chunks', ...NONE, average, count: Math.max(1, Math.ceil(length / average)) })
    const list = await making
    if (list === undefined) from.link.send({ type: 'chunks', ...NONE })
    else give(from, list, index)
  }

  /** Our own list; resolves to undefined where there is none. Never rejects. */
  async make(): Promise<ChunkList | undefined> {
    const { manifest, transfer } = this.#content
    const { seal, pieceLength } = manifest
    if (!this.#isWhole || seal === undefined) return undefined
    // the rest of a piece is wanted next
    let last: { index: number; bytes: Uint8Array } = { index: -1, bytes: new Uint8Array() }
    return await this.#lists.of(seal.root, seal.length, async (offset, into) => {
      const index = Math.floor(offset / pieceLength)
      if (offset >= seal.length) return 0
      if (last.index !== index) last = { index, bytes: await transfer.read(index) }
      const bytes = last.bytes.subarray(offset % pieceLength, (offset % pieceLength) + into.byteLength)
      into.set(bytes)
      return bytes.byteLength
    })
  }

  get #isWhole(): boolean {
    const { manifest, transfer, provenTo } = this.#content
    if (manifest.seal === undefined || provenTo !== Infinity) return false
    return Array.from({ length: manifest.count }, (_, i) => i).every(piece => transfer.has(piece))
  }

  // ---- what we ask

  /** Resolves to what the first of these neighbours gives that has a list; undefined: none has. Rejects with the abort. */
  async fetch(neighbours: readonly PeerLink[], signal: AbortSignal): Promise<FetchedList | undefined> {
    for (const link of neighbours.slice(0, MAX_ASKED)) {
      const list = await this.#fetchFrom(link, signal).catch(error => {
        signal.throwIfAborted()
        if (error instanceof DragonflyError) return undefined
        throw error
      })
      if (list !== undefined) return list
    }
    return undefined
  }

  onChunks(from: PeerLink, part: ChunksPart): void {
    if (this.#asked?.peer === from.peer) this.#asked.take(part)
  }

  async #fetchFrom(link: PeerLink, signal: AbortSignal): Promise<FetchedList | undefined> {
    const { length = 0 } = this.#content.manifest
    const parts: ChunksPart[] = []
    let have = 0
    do {
      const part = await this.#part(link, have, signal)
      if (part === undefined || !goesOn(part, parts[0], have, length)) return undefined
      parts.push(part)
      have += part.entries.byteLength / CHUNK_ENTRY_BYTES
    } while (have < (parts[0]?.count ?? 0))
    const average = parts[0]?.average ?? 0
    return { average, chunks: decodeChunks(Buffer.concat(parts.map(({ entries }) => entries)), average, length) }
  }

  /** Undefined when it does not come. */
  async #part(link: PeerLink, from: number, signal: AbortSignal): Promise<ChunksPart | undefined> {
    const { manifest } = this.#content
    const came = Promise.withResolvers<ChunksPart | undefined>()
    const giveUp = () => came.resolve(undefined)
    let patience = setTimeout(giveUp, ANSWER_MS)
    let isPromised = false
    const take = (part: ChunksPart) => {
      if (part.count === 0 || part.entries.byteLength > 0) return came.resolve(part)
      if (isPromised) return
      isPromised = true
      clearTimeout(patience)
      patience = setTimeout(giveUp, MAKING_MS + (manifest.length ?? 0) / MAKING_RATE)
    }
    this.#asked = { peer: link.peer, take }
    signal.addEventListener('abort', giveUp, { once: true })
    try {
      link.link.send({ type: 'chunks-wanted', from })
      const part = await came.promise
      signal.throwIfAborted()
      return part
    } finally {
      this.#asked = undefined
      clearTimeout(patience)
      signal.removeEventListener('abort', giveUp)
    }
  }
}

/** Those that have all of it, seeds first. */
export function whoMayList(
  links: Iterable<PeerLink>,
  { count }: Pick<Manifest, 'count'>,
  isSeed: (peer: string) => boolean,
): PeerLink[] {
  const whole = [...links].filter(link => link.isNeighbour && link.have.count >= count)
  return whole.toSorted((a, b) => Number(isSeed(b.peer)) - Number(isSeed(a.peer)))
}

function give(to: PeerLink, { average, entries }: ChunkList, index: number): void {
  const count = entries.byteLength / CHUNK_ENTRY_BYTES
  const from = Math.min(index, count)
  const part = entries.subarray(from * CHUNK_ENTRY_BYTES, (from + LIMITS.chunksPart) * CHUNK_ENTRY_BYTES)
  // a part without entries would be a promise
  if (part.byteLength === 0) to.link.send({ type: 'chunks', ...NONE })
  else to.link.send({ type: 'chunks', count, average, from, entries: part })
}

/** Whether a part is the next one of a list that can be that of a content of this length. */
function goesOn(part: ChunksPart, first: ChunksPart | undefined, have: number, length: number): boolean {
  if (part.count === 0 || part.from !== have || part.entries.byteLength === 0) return false
  if (part.count > Math.ceil(length / shortestChunk(part.average)) + 1) return false
  return first === undefined || (part.count === first.count && part.average === first.average)
}
