// Moves the payload of one version: receives, verifies, stores, hashes and serves pieces. Only facts leave it.
import { DragonflyError } from '../core/errors.ts'
import type { Manifest } from '../core/manifest.ts'
import { type VerifiedPiece, verifyPiece } from '../core/piece.ts'
import type { StoreEntry } from '../store/store.ts'
import { ThreadWorth } from './hash-thread/thread-worth.ts'
import { Ingest, type OriginListener, type PieceFact } from './ingest.ts'
import { PieceBuffers } from './piece-buffers.ts'
import { dropSent, keepSent, takeSent } from './sent-buffers.ts'
import { WholeHash } from './whole-hash.ts'

export type { OriginListener, PieceFact } from './ingest.ts'

/**
 * What became of bytes that came for a piece. `isNew`: it was not here before; false for the later of two copies.
 * `stopped`: nothing is kept any more.
 */
export type Received = { state: 'stored'; bytes: number; isNew: boolean } | { state: 'corrupt' } | { state: 'stopped' }

export interface PieceTransferOptions {
  believesSeal?: boolean
  worth?: Pick<ThreadWorth, 'isThere'>
}

export class PieceTransfer {
  readonly #entry: StoreEntry
  readonly #manifest: Manifest
  readonly #buffers: PieceBuffers
  readonly #hash: WholeHash
  readonly #worth: Pick<ThreadWorth, 'isThere'>
  /** Bytes of pieces shorter than a full one, by index. The manifest knows of that only once the length is known. */
  readonly #short = new Map<number, number>()
  /** Pieces whose first copy was counted. */
  readonly #counted = new Set<number>()
  /** Whether the digest of the whole is computed as pieces come, and not only when somebody wants it computed. */
  #isFollowed: boolean
  #digest: Promise<Uint8Array> | undefined
  #isStopped = false

  /**
   * `believesSeal`: what the seal says of the whole is enough, as whoever signed it is trusted with more. Default: it is not. `worth`: says
   * when another thread is to hash what we read of the origin.
   */
  constructor(
    entry: StoreEntry,
    manifest: Manifest,
    { believesSeal = false, worth = new ThreadWorth() }: PieceTransferOptions = {},
  ) {
    this.#isFollowed = !believesSeal
    this.#worth = worth
    this.#entry = entry
    this.#manifest = manifest
    this.#buffers = new PieceBuffers(manifest.pieceLength)
    this.#hash = new WholeHash(entry, {
      pieceLength: manifest.pieceLength,
      buffers: this.#buffers,
      sizeOf: piece => this.#sizeOf(piece),
    })
  }

  /** Whether the piece is stored. */
  has(piece: number): boolean {
    return this.#entry.has(piece)
  }

  /** Verifies what an earlier process stored. Resolves to the indices of the good pieces. Call once, before anything is stored. */
  async recover(): Promise<Iterable<number>> {
    const good = await this.#entry.recover(this.#manifest, piece => this.#hashed(piece))
    for (const piece of good) this.#counted.add(piece)
    const { verified } = this.#entry
    if (verified !== undefined) this.#digest = Promise.resolve(verified)
    return good
  }

  /** Memory to receive a piece into; it comes back with `receive`. */
  buffer(size: number): Uint8Array {
    return this.#buffers.take(size)
  }

  /** Verifies and stores bytes that a peer sent. The caller must not touch `bytes` afterwards. Rejects with what the store says. */
  async receive(index: number, bytes: Uint8Array): Promise<Received> {
    const expected = this.#manifest.digest(index)
    if (expected === undefined) throw new DragonflyError('internal', `piece ${index} came, which the manifest does not name`)
    let piece: VerifiedPiece
    try {
      piece = verifyPiece(index, bytes, expected)
    } catch (error) {
      if (error instanceof DragonflyError && error.code === 'corrupt-piece') return { state: 'corrupt' }
      throw error
    }
    if (this.#isStopped) return { state: 'stopped' }
    const isNew = await this.#store(piece)
    this.#buffers.give(bytes)
    return { state: 'stored', bytes: bytes.byteLength, isNew }
  }

  /** Like `receive`, for a piece that `read` gets from the origin: bytes `start` to `end`. Rejects with what `read` says, too. */
  async fetch(index: number, read: (start: number, end: number) => Promise<Uint8Array>): Promise<Received> {
    const start = index * this.#manifest.pieceLength
    return await this.receive(index, await read(start, start + this.#manifest.pieceSize(index)))
  }

  /**
   * Reads `source` to its end: cuts it into pieces from `first` on, hashes and stores them. Resolves to the length of the content.
   * Rejects with what the source, the store or the listener says.
   */
  async ingest(source: AsyncIterable<Uint8Array>, first: number, listener: OriginListener): Promise<number> {
    // a seal of our own is going to say what the whole is
    this.#isFollowed = true
    return await new Ingest({
      entry: this.#entry,
      manifest: this.#manifest,
      buffers: this.#buffers,
      whole: this.#hash,
      worth: this.#worth,
      listener,
      store: piece => this.#store(piece),
      confirm: fact => this.#confirm(fact),
      isShort: (index, size) => this.#short.set(index, size),
    }).read(source, first)
  }

  /**
   * Gives a stored piece to `send`, which resolves to whether nobody reads the bytes any more. Rejects with `store-error` when it cannot be
   * read, or with what `send` says.
   */
  async serve(piece: number, send: (bytes: Uint8Array) => Promise<boolean>): Promise<void> {
    const bytes = await this.#read(piece, takeSent(this, this.#sizeOf(piece)))
    if ((await send(bytes)) && !this.#isStopped) keepSent(this, bytes)
  }

  /** Bytes of a stored piece, for the output. They are verified again where somebody may have written to them. */
  async read(piece: number): Promise<Uint8Array> {
    return await this.#read(piece)
  }

  /**
   * sha2-256 of the whole content: what the seal says where that is believed, unless it has to be `isComputed` here, from what is stored if
   * need be. Only when every piece is stored.
   */
  async wholeDigest(isComputed = false): Promise<Uint8Array> {
    const { seal, length } = this.#manifest
    if (!this.#isFollowed && !isComputed && seal !== undefined) {
      if (length !== undefined) await this.#entry.vouch(length, undefined)
      return seal.sha256
    }
    this.#digest ??= this.#hash.digest().then(async digest => {
      const { length } = this.#manifest
      if (length !== undefined) await this.#entry.vouch(length, digest)
      return digest
    })
    return await this.#digest
  }

  /** From now on nothing that comes is kept. */
  stop(): void {
    this.#isStopped = true
    this.#hash.stop()
    dropSent(this)
  }

  /** Whether nobody else can ask for this piece yet: it is the short last one of a content whose length is not known. */
  isUnsettled(piece: number): boolean {
    return this.#sizeOf(piece) !== this.#manifest.pieceSize(piece)
  }

  async #read(piece: number, into?: Uint8Array): Promise<Uint8Array> {
    const { pieceLength } = this.#manifest
    const bytes = await this.#entry.read(piece * pieceLength, this.#sizeOf(piece), pieceLength, into)
    const digest = this.#manifest.digest(piece)
    if (digest !== undefined && (await this.#entry.isTouched())) checkUnchanged(piece, bytes, digest)
    return bytes
  }

  #hashed({ index, bytes }: VerifiedPiece): void {
    if (this.#isFollowed) this.#hash.came(index, bytes)
  }

  #sizeOf(piece: number): number {
    return this.#short.get(piece) ?? this.#manifest.pieceSize(piece)
  }

  /** Resolves to whether it is the first copy. */
  async #store(piece: VerifiedPiece): Promise<boolean> {
    if (piece.bytes.byteLength < this.#manifest.pieceLength) this.#short.set(piece.index, piece.bytes.byteLength)
    await this.#entry.put(piece, this.#manifest.pieceLength)
    const isNew = this.#count(piece.index)
    if (isNew) this.#hashed(piece)
    return isNew
  }

  /** A piece of our own read is written, and this is its digest. Answers whether it is the first copy. */
  #confirm({ index, size }: PieceFact): boolean {
    this.#entry.know(index, size, this.#manifest.pieceLength)
    return this.#count(index)
  }

  /** Two copies may have come at the same time: the second counts for nothing. */
  #count(index: number): boolean {
    if (this.#counted.has(index)) return false
    this.#counted.add(index)
    return true
  }
}

function checkUnchanged(piece: number, bytes: Uint8Array, digest: Uint8Array): void {
  try {
    verifyPiece(piece, bytes, digest)
  } catch (cause) {
    throw new DragonflyError('store-error', 'somebody has changed the content in the store', {
      hint: 'df verify repairs the store',
      cause,
    })
  }
}
