// One read of the origin from a piece on: each piece is hashed, checked by the listener, and stored, here or with the help of a thread.
import type { Manifest } from '../core/manifest.ts'
import { hashPiece, type VerifiedPiece } from '../core/piece.ts'
import type { StoreEntry } from '../store/store.ts'
import type { HashThread } from './hash-thread/hash-thread.ts'
import type { ThreadWorth } from './hash-thread/thread-worth.ts'
import { type Chunk, cutPieces } from './origin-pipeline.ts'
import type { PieceBuffers } from './piece-buffers.ts'
import type { WholeHash } from './whole-hash.ts'
import { WritesAhead } from './writes-ahead.ts'

/** A piece of our own read, without its bytes. */
export interface PieceFact {
  index: number
  digest: Uint8Array
  /** Bytes. */
  size: number
}

/** Hears how our own read of the origin goes. A rejection or an exception ends the read. */
export interface OriginListener {
  /** Bytes came from the origin; they are not checked yet. */
  onChunk(chunk: Chunk): void
  /** A piece is hashed, and not known to be stored yet. */
  onHashed(piece: PieceFact): void
  /** In order. */
  onStored(piece: PieceFact, isNew: boolean): void
}

export interface IngestSetting {
  entry: Pick<StoreEntry, 'has' | 'lay' | 'peek'>
  manifest: Manifest
  buffers: PieceBuffers
  whole: WholeHash
  worth: Pick<ThreadWorth, 'isThere'>
  listener: OriginListener
  /** Stores it; resolves to whether it is the first copy. */
  store(piece: VerifiedPiece): Promise<boolean>
  /** It is laid, and this is its digest; answers whether it is the first copy. */
  confirm(fact: PieceFact): boolean
  /** So long is a piece that is shorter than a full one. */
  isShort(index: number, size: number): void
}

/** Pieces that are written and wait for the thread's digests. Their bytes are not in memory. */
const MOST_LAID = 8

export class Ingest {
  readonly #setting: IngestSetting
  /** Pieces whose bytes are in memory. */
  readonly #writes = new WritesAhead()
  /** What the listener is told of, in order. */
  readonly #told = new WritesAhead(MOST_LAID)

  constructor(setting: IngestSetting) {
    this.#setting = setting
  }

  /** Resolves to the length of the content. Rejects with what the source, the store or the listener says. */
  async read(source: AsyncIterable<Uint8Array>, first: number): Promise<number> {
    const { manifest, buffers, listener, whole } = this.#setting
    const { pieceLength } = manifest
    let length = first * pieceLength
    let index = first
    const how = {
      pieceLength,
      length: manifest.length === undefined ? undefined : Math.max(0, manifest.length - length),
      take: (size: number) => buffers.take(size),
      onChunk: (chunk: Chunk) => listener.onChunk(chunk),
    }
    try {
      for await (const bytes of cutPieces(source, how)) {
        length += bytes.byteLength
        await this.#add(index++, bytes)
      }
      await this.#writes.done()
      await this.#told.done()
    } catch (error) {
      // whoever waits for the thread's digests is to be told
      whole.startOver()
      throw error
    } finally {
      await this.#writes.settled()
      await this.#told.settled()
    }
    return length
  }

  async #add(index: number, bytes: Uint8Array): Promise<void> {
    const { entry, manifest, whole, worth, isShort } = this.#setting
    if (bytes.byteLength < manifest.pieceLength) isShort(index, bytes.byteLength)
    const thread = whole.threadFor(index, manifest.length, worth)
    // what is to agree with a digest is compared before it is written, or it might be written over the right bytes
    const isNamed = manifest.digest(index) !== undefined || entry.has(index)
    if (thread === undefined || isNamed) await this.#hashHere(index, bytes)
    else await this.#hashBehind(thread, index, bytes)
  }

  async #hashHere(index: number, bytes: Uint8Array): Promise<void> {
    const { entry, buffers, listener, whole, store } = this.#setting
    const piece = hashPiece(index, bytes)
    const fact = { index, digest: piece.digest, size: bytes.byteLength }
    listener.onHashed(fact)
    // not when it is stored: writes end in any order, and what is not the next one would be read back
    whole.came(index, bytes)
    const storing = entry.has(index) ? Promise.resolve(false) : store(piece)
    await this.#told.add(storing, isNew => listener.onStored(fact, isNew))
    await this.#writes.add(storing, () => {
      buffers.give(bytes)
      whole.wrote(index)
    })
  }

  /** It is compared, and known, in its turn and at once: none of those that follow one that is wrong is ever known. */
  async #hashBehind(thread: HashThread, index: number, bytes: Uint8Array): Promise<void> {
    const { entry, manifest, buffers, listener, whole, confirm } = this.#setting
    const size = bytes.byteLength
    const laying = entry.lay(index, bytes, manifest.pieceLength)
    await this.#told.add(this.#digested(thread, laying, index, size), digest => {
      const fact = { index, digest, size }
      listener.onHashed(fact)
      listener.onStored(fact, confirm(fact))
    })
    await this.#writes.add(laying, () => {
      buffers.give(bytes)
      whole.wrote(index)
    })
  }

  async #digested(thread: HashThread, laying: Promise<void>, index: number, size: number): Promise<Uint8Array> {
    await laying
    return await thread.piece(index).catch(() => this.#hashedBack(index, size))
  }

  /** The thread has failed: a piece that is written is read again. */
  async #hashedBack(index: number, size: number): Promise<Uint8Array> {
    const { entry, manifest } = this.#setting
    const bytes = new Uint8Array(size)
    const got = await entry.peek(index * manifest.pieceLength, bytes, manifest.pieceLength)
    return hashPiece(index, bytes.subarray(0, got)).digest
  }
}
