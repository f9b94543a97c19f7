// A whole content of one tiny piece, as the answer to a resolve request carries it: no link is needed for it.
import type { ManifestHead } from '../../core/manifest.ts'
import { sha256 } from '../../core/piece.ts'
import type { InlineContent } from '../../wire/codec-resolve.ts'
import { type OpenedHead, openHead } from '../../wire/envelope.ts'
import { LIMITS } from '../../wire/limits.ts'
import { begun, type PeerHandlersParts } from './peer-handlers.ts'

export class InlineContents {
  readonly #owner: { readonly isOver: boolean; readonly isWhole: boolean }
  readonly #parts: PeerHandlersParts

  constructor(owner: { readonly isOver: boolean; readonly isWhole: boolean }, parts: PeerHandlersParts) {
    this.#owner = owner
    this.#parts = parts
  }

  /** What an answer can carry, which is all of it; undefined: it is too large, empty, unfinished, or nobody has signed for it. */
  async give(): Promise<InlineContent | undefined> {
    const { content } = this.#parts.version() ?? {}
    if (content === undefined || !this.#owner.isWhole) return undefined
    const { seal, count } = content.manifest
    if (seal === undefined || count !== 1 || seal.length > LIMITS.inline) return undefined
    // who has just read its end signs for it now
    if (content.signed?.isSealed !== true) await this.#parts.work.add(() => {})
    const { signed, transfer } = content
    return signed?.isSealed === true ? { head: signed.envelope, payload: await transfer.read(0) } : undefined
  }

  /** Whether all of it will fit into an answer, as far as is known. */
  get mayGive(): boolean {
    const { manifest } = this.#parts.version()?.content ?? {}
    return manifest !== undefined && (manifest.length ?? Infinity) <= LIMITS.inline
  }

  /** Takes what a seed's answer carried. Resolves to whether that is believed and kept: then nothing is missing. */
  async take(peer: string, { head: envelope, payload }: InlineContent): Promise<boolean> {
    const opened = await openHead(envelope, claimed => this.#trustIn(claimed, peer) !== undefined)
    if (opened === undefined || !isWholeOf(opened.head, payload)) return false
    return (await this.#parts.work.add(() => this.#keep(peer, opened, envelope, payload))) === true
  }

  async #keep(peer: string, opened: OpenedHead, envelope: Uint8Array, payload: Uint8Array): Promise<boolean> {
    const trust = this.#trustIn(opened, peer)
    if (trust === undefined || this.#owner.isOver) return false
    if (!this.#parts.trust.isOfRoot(opened.head, [sha256(payload)])) return false
    const { content, driver, manifestSync } = await begun(this.#parts, opened, trust)
    if (!(await manifestSync.takeWhole([sha256(payload)], opened.head, envelope))) return false
    if (!content.transfer.has(0)) driver.received(peer, 0, await content.transfer.receive(0, payload))
    return content.transfer.has(0)
  }

  /** As for a head that comes over a link. */
  #trustIn({ head, signer }: OpenedHead, peer: string) {
    const { trust, version } = this.#parts
    return version() !== undefined || trust.mayBegin(head.version) ? trust.trustIn(head, signer, peer) : undefined
  }
}

/** Whether a head seals a content that has this payload's length. Its digest is for the manifest to check. */
function isWholeOf({ seal, count }: ManifestHead, payload: Uint8Array): boolean {
  return count === 1 && seal?.length === payload.byteLength
}
