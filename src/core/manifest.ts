// A manifest: length, version and piece digests of a content. It grows while the origin is read, and is sealed at the end.
import { createHash } from 'node:crypto'
import { DragonflyError } from './errors.ts'
import { MAX_PIECES, PIECE_DIGEST_LENGTH, pieceCountOf, sameBytes, sha256 } from './piece.ts'

/** What a version is called and how it is cut; fixed from the first byte on. */
export interface VersionInfo {
  /** Task id of who read the origin. */
  task: string
  /** See core/version.ts. */
  version: string
  /** Bytes, a power of two. */
  pieceLength: number
  /** Bytes as the origin announced them; undefined while it did not tell. */
  length: number | undefined
  /** Name that the origin suggests for the file, basename only; empty when it suggests none. */
  fileName: string
}

/** What is known once the last byte was read. */
export interface Seal {
  length: number
  /** sha2-256 of the whole content. */
  sha256: Uint8Array
  /** UnixFS root, CIDv1 as a string. */
  root: string
}

/** What is signed: the state of a manifest after `count` pieces. */
export interface ManifestHead extends VersionInfo {
  count: number
  /** Hash chain over version and piece digests up to `count`; see `chainStart` and `chainNext`. */
  chain: Uint8Array
  seal: Seal | undefined
}

export const MAX_VERSION_BYTES = 512
export const MAX_FILE_NAME_BYTES = 255

/** Start of the chain: binds every later link to task, version and cut. */
export function chainStart(info: VersionInfo): Uint8Array {
  const hash = createHash('sha256').update('dragonfly/manifest/1\0')
  for (const field of [info.task, info.version, String(info.pieceLength)]) {
    hash.update(`${Buffer.byteLength(field)}:`).update(field)
  }
  return hash.digest()
}

export function chainNext(chain: Uint8Array, digest: Uint8Array): Uint8Array {
  return sha256(Buffer.concat([chain, digest]))
}

/**
 * The growing list of piece digests. Digests come in order, from our own read of the origin (`append`) or from
 * another peer (`extend`, all or nothing: the chain has to end where the signed head says).
 */
export class Manifest {
  readonly info: VersionInfo
  #digests: Uint8Array[] = []
  #chain: Uint8Array
  #seal: Seal | undefined

  constructor(info: VersionInfo) {
    this.info = info
    this.#chain = chainStart(info)
  }

  get count(): number {
    return this.#digests.length
  }

  /** Bytes from the start that it names, the last piece being counted as a full one. */
  get reached(): number {
    return this.count * this.pieceLength
  }

  get pieceLength(): number {
    return this.info.pieceLength
  }

  get chain(): Uint8Array {
    return this.#chain
  }

  /** The chain up to the first `count` digests; undefined when fewer are known. Costs a hash for each of them. */
  chainAt(count: number): Uint8Array | undefined {
    if (count === this.count) return this.#chain
    return count > this.count ? undefined : this.#digests.slice(0, count).reduce(chainNext, chainStart(this.info))
  }

  get seal(): Seal | undefined {
    return this.#seal
  }

  /** Bytes, as sealed or as announced; undefined while nobody knows. */
  get length(): number | undefined {
    return this.#seal?.length ?? this.info.length
  }

  /** As many pieces as it can come to have. */
  get mostPieces(): number {
    return mostPieces(this.info)
  }

  digest(index: number): Uint8Array | undefined {
    return this.#digests[index]
  }

  /** Bytes of a piece whose digest is known. Only the last piece of a sealed or announced length is shorter. */
  pieceSize(index: number): number {
    const { pieceLength } = this.info
    const length = this.length
    if (length === undefined) return pieceLength
    return Math.min(pieceLength, length - index * pieceLength)
  }

  append(digest: Uint8Array): void {
    if (this.#seal !== undefined) throw new DragonflyError('internal', 'a sealed manifest does not grow')
    if (this.count >= MAX_PIECES) throw new DragonflyError('origin-error', `content has more than ${MAX_PIECES} pieces`)
    this.#chain = chainNext(this.#chain, digest)
    this.#digests.push(digest)
  }

  sealWith(seal: Seal): void {
    checkSeal(seal, this.info, this.count)
    this.#seal = seal
  }

  head(): ManifestHead {
    return { ...this.info, count: this.count, chain: this.#chain, seal: this.#seal }
  }

  /** Whether a head of the same version is of other bytes: it can be told where both are as long, or both are sealed. */
  contradicts(head: ManifestHead): boolean {
    if (!this.describesSame(head)) return false
    if (head.count === this.count && !sameBytes(head.chain, this.#chain)) return true
    return head.seal !== undefined && this.#seal !== undefined && !sameBytes(head.seal.sha256, this.#seal.sha256)
  }

  /**
   * Takes the digests `count…head.count` as one step. Whether the head is believed is for the caller to know.
   * Rejects with `protocol` and changes nothing when they do not lead to the head.
   */
  extend(digests: readonly Uint8Array[], head: ManifestHead): void {
    if (!this.describesSame(head)) throw new DragonflyError('protocol', 'manifest head of another version')
    if (head.count !== this.count + digests.length) throw new DragonflyError('protocol', 'manifest head does not fit its digests')
    if (head.count > mostPieces(this.info)) throw new DragonflyError('protocol', 'manifest head names too many pieces')
    if (digests.some(digest => digest.byteLength !== PIECE_DIGEST_LENGTH)) {
      throw new DragonflyError('protocol', 'piece digest of a wrong length')
    }
    const chain = digests.reduce(chainNext, this.#chain)
    if (!sameBytes(chain, head.chain)) throw new DragonflyError('protocol', 'manifest chain is broken')
    if (this.#seal !== undefined && digests.length > 0) throw new DragonflyError('protocol', 'a sealed manifest grew')
    if (head.seal !== undefined) checkSeal(head.seal, this.info, head.count)
    // one by one: there may be more than a call takes arguments
    for (const digest of digests) this.#digests.push(digest)
    this.#chain = chain
    this.#seal ??= head.seal
  }

  /** Whether a head of the same version agrees with what is known, and with these digests, which come after that if it names more. */
  leadsTo(digests: readonly Uint8Array[], head: ManifestHead): boolean {
    if (head.count > this.mostPieces || head.count > this.count + digests.length) return false
    const chain = this.chainAt(head.count) ?? digests.reduce(chainNext, this.#chain)
    return sameBytes(chain, head.chain)
  }

  describesSame(other: VersionInfo): boolean {
    const { task, version, pieceLength, length } = this.info
    return task === other.task && version === other.version && pieceLength === other.pieceLength && length === other.length
  }
}

function mostPieces({ length, pieceLength }: VersionInfo): number {
  return length === undefined ? MAX_PIECES : Math.min(MAX_PIECES, pieceCountOf(length, pieceLength))
}

function checkSeal(seal: Seal, info: VersionInfo, count: number): void {
  const fits = pieceCountOf(seal.length, info.pieceLength) === count && (info.length === undefined || info.length === seal.length)
  if (!fits) throw new DragonflyError('protocol', 'sealed length does not fit the pieces')
}
