// Decides which manifest heads an active task believes, and why.
import type { Freshness } from '../../core/freshness.ts'
import type { ManifestHead } from '../../core/manifest.ts'
import { pieceCountOf, sameBytes } from '../../core/piece.ts'
import { isOfRoot } from '../../core/shared-url.ts'
import { contentId, type Task } from '../../core/task.ts'
import type { Trust } from '../../core/trust.ts'
import { isVersion, type Validators } from '../../core/version.ts'
import type { NodeContext } from '../context/node-context.ts'

/**
 * Which version neighbours may begin with: any; the one that a seed named, or for which the origin has just shown these validators;
 * none while nobody who knows it has spoken.
 */
export type Current = 'any' | 'unknown' | { version: string } | { validators: Validators }

/** How a version became known. */
export interface Adopted {
  /** Peer id of who signed for it; undefined: nobody but us. */
  signer?: string
  /** What the origin has just said of it, when it was the origin. */
  vouched?: Freshness | undefined
}

export class ManifestTrust {
  current: Current = 'any'
  /** Whether a digest makes up for a stranger's signature. */
  believesStrangers = true
  readonly #known: Pick<NodeContext, 'isTrusted' | 'isBanned' | 'fleet'>
  readonly #task: Task
  readonly #wanted: Uint8Array | undefined

  /** `wanted`: sha2-256 that the whole content must have; undefined: none was given. */
  constructor(known: Pick<NodeContext, 'isTrusted' | 'isBanned' | 'fleet'>, task: Task, wanted: Uint8Array | undefined) {
    this.#known = known
    this.#task = task
    this.#wanted = wanted
  }

  /**
   * Why a head is believed; undefined: it is not. A given digest makes up for a stranger's signature, once the seal names
   * it: what is never sealed could never be found out. `teller`: the peer that passed it on.
   */
  trustIn(head: ManifestHead, signer: string, teller: string): Trust | undefined {
    if (this.#isOfOtherBytes(head) || this.#known.isBanned(signer)) return undefined
    // the CID is to be trusted and no signature: `isOfRoot` says whether the digests make it
    const { root } = this.#task
    if (root !== undefined) return head.seal?.root === root ? 'digest' : undefined
    if (this.#isSeeds(head, signer, teller)) return 'seed'
    return this.#wanted === undefined || head.seal === undefined || !this.believesStrangers ? undefined : 'digest'
  }

  /** Whether a seed says that the content does not have the digest that was given: there is nothing to wait for. */
  isHopeless(head: ManifestHead, signer: string, teller: string): boolean {
    return this.#isOfOtherBytes(head) && this.#isSeeds(head, signer, teller)
  }

  /** The version that a seed named; empty when none has. */
  get named(): string {
    return typeof this.current === 'string' || 'validators' in this.current ? '' : this.current.version
  }

  /** Heads of older versions stay signed: whoever still has one must not decide what this download is about. */
  mayBegin(version: string): boolean {
    const { current } = this
    if (this.#task.root !== undefined) return true
    if (typeof current === 'string') return current === 'any'
    return 'version' in current ? current.version === version : isVersion(version, current.validators)
  }

  /** Whether these digests, which a head seals, make the content that the task's root names; true where it names none. */
  isOfRoot({ seal, count, pieceLength }: ManifestHead, digests: readonly Uint8Array[]): boolean {
    const { root } = this.#task
    if (root === undefined) return true
    if (seal === undefined || digests.length !== count || count !== pieceCountOf(seal.length, pieceLength)) return false
    return isOfRoot(root, digests, seal.length, pieceLength)
  }

  /** A member of our fleet vouches for what it passes on: it has believed it itself. */
  #isSeeds(head: ManifestHead, signer: string, teller: string): boolean {
    const isVouched = this.#known.isTrusted(signer) || this.#known.fleet?.isMember(teller) === true
    return isVouched && head.task === contentId(this.#task, head.version)
  }

  #isOfOtherBytes({ seal }: ManifestHead): boolean {
    return this.#wanted !== undefined && seal !== undefined && !sameBytes(seal.sha256, this.#wanted)
  }
}
