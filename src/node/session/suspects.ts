// Decides who is to blame for a piece that does not have the digest that the manifest names.
import type { ManifestHead } from '../../core/manifest.ts'
import { sameBytes } from '../../core/piece.ts'
import type { StoredVersion } from '../content/stored-version.ts'
import type { NodeContext } from '../context/node-context.ts'
import type { PeerLinks } from '../peers/peer-links.ts'

/** A suspect that has shown no signed head that explains its piece for so long is banned, ms: a busy one answers within it. */
export const VERDICT_MS = 5000

/** What it needs of its active task. */
export interface SuspectsOwner {
  readonly links: Pick<PeerLinks, 'get' | 'expel' | 'askForAll'>
  readonly isClosed: boolean
}

type SuspectsContext = Pick<NodeContext, 'network' | 'trusted' | 'fleet' | 'ban' | 'emit'>

interface Suspect {
  content: StoredVersion
  piece: number
  deadline: NodeJS.Timeout
}

/**
 * Whoever gives a wrong piece is banned, unless it may follow another seed that we trust, which signed other bytes: then it is asked for
 * the head that it believes, and banned when that is ours, when it ends the link, or when it shows none in time.
 */
export class Suspects {
  readonly #ctx: SuspectsContext
  readonly #owner: SuspectsOwner
  readonly #suspects = new Map<string, Suspect>()

  constructor(ctx: SuspectsContext, owner: SuspectsOwner) {
    this.#ctx = ctx
    this.#owner = owner
  }

  /** The decider asks this peer for nothing more of this content, in any case. */
  gaveWrong(content: StoredVersion, peer: string, piece: number): void {
    const { trust, signer, manifest } = content
    // whether the bytes or the manifest are the lie is not known before the end
    if (content.isDoubtful(piece)) return this.#owner.links.expel(peer)
    // which of two seeds is wrong is for the operator to find out, who trusts both
    if (signer !== undefined && signer !== peer && this.#ctx.trusted.has(signer) && this.#ctx.trusted.has(peer)) {
      this.#ctx.emit({ code: 'seeds-contradict', seed: signer, other: peer, version: manifest.info.version })
      return this.#owner.links.expel(peer)
    }
    const link = this.#owner.links.get(peer)
    if (trust !== 'seed' || link === undefined || link.isJoined || !this.#mayFollowAnother(signer))
      return this.#convict(peer, content, piece)
    if (this.#suspects.has(peer)) return
    const deadline = setTimeout(() => this.#convict(peer, content, piece), VERDICT_MS)
    this.#suspects.set(peer, { content, piece, deadline })
    this.#owner.links.askForAll(link)
  }

  /** A believed head came from a peer. Whether it is a suspect's: then it has been dealt with. */
  showed(peer: string, head: ManifestHead, signer: string): boolean {
    const suspect = this.#suspects.get(peer)
    if (suspect === undefined) return false
    const { content, piece } = suspect
    const { manifest, signer: ours } = content
    const chain = manifest.chainAt(head.count)
    // it says nothing of the piece, or of more than we know
    if (chain === undefined || head.count <= piece) return true
    if (sameBytes(chain, head.chain)) {
      this.#convict(peer, content, piece)
      return true
    }
    this.#forget(peer)
    if (ours !== undefined && ours !== signer) {
      this.#ctx.emit({ code: 'seeds-contradict', seed: ours, other: signer, version: head.version })
    }
    this.#owner.links.get(peer)?.link.close('other-version')
    return true
  }

  /** The link to a peer has ended. If we ended it nothing is known; whoever ends it before an answer is of no use to us anyway. */
  left(peer: string): void {
    const suspect = this.#suspects.get(peer)
    if (suspect === undefined) return
    if (this.#owner.isClosed) this.#forget(peer)
    else this.#convict(peer, suspect.content, suspect.piece)
  }

  /** Whether we trust anybody who could have signed other bytes than whom we follow; undefined: not known any more. */
  #mayFollowAnother(signer: string | undefined): boolean {
    const self = this.#ctx.network?.host.id
    return this.#ctx.fleet !== undefined || [...this.#ctx.trusted].some(peer => peer !== signer && peer !== self)
  }

  #convict(peer: string, { manifest }: StoredVersion, piece: number): void {
    this.#forget(peer)
    this.#owner.links.expel(peer)
    this.#ctx.ban(peer, `piece ${piece} of ${manifest.info.task} does not have the digest that the manifest names`)
  }

  #forget(peer: string): void {
    clearTimeout(this.#suspects.get(peer)?.deadline)
    this.#suspects.delete(peer)
  }
}
