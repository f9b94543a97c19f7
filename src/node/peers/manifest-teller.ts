// Passes a manifest on to one peer, as fast as it reads.
import type { Manifest } from '../../core/manifest.ts'
import type { Link } from '../../net/link.ts'
import { manifestParts } from '../../wire/manifest-parts.ts'
import type { SignedState } from '../content/signed-state.ts'

interface News {
  manifest: Manifest
  signed: SignedState
}

export class ManifestTeller {
  readonly #link: Link
  /** Digests that the peer has, or was sent. */
  #sent: number
  #sealSent = false
  /** The newest state that is still to be told. */
  #news: News | undefined
  #isTelling = false
  /** Where the peer said it stands, while it was being told. */
  #saidMeanwhile: number | undefined

  /** `count`: digests that the peer has already. */
  constructor(link: Link, count: number) {
    this.#link = link
    this.#sent = count
  }

  /** Tells what the peer lacks, up to the newest signed state; at once where there is room, and in its turn otherwise. */
  tell(manifest: Manifest, signed: SignedState): void {
    this.#news = { manifest, signed }
    if (!this.#isTelling) void this.#tellOn()
  }

  /** The peer says where it stands now, and asks for what comes after. */
  standsAt(count: number): void {
    // parts that are under way are consecutive, up to their head
    if (this.#isTelling) this.#saidMeanwhile = count
    else this.#beginAt(count)
  }

  /** The peer has shown so much of the manifest: it is not told its own words. */
  has(count: number, isSealed: boolean): void {
    this.#sent = Math.max(this.#sent, count)
    this.#sealSent ||= isSealed
  }

  /** Never rejects: a link that fails ends by itself. Runs at once until something has to be waited for. */
  async #tellOn(): Promise<void> {
    this.#isTelling = true
    for (let news = this.#takeNews(); news !== undefined && !this.#link.isClosed; news = this.#takeNews()) {
      const { manifest, signed } = news
      for (const part of manifestParts(manifest, this.#sent, signed.count)) {
        const wait = this.#link.deliver({ type: 'part', ...part })
        if (wait !== undefined) await wait
        if (this.#link.isClosed) break
      }
      this.#link.send({ type: 'head', envelope: signed.envelope })
      this.has(signed.count, signed.isSealed)
      if (this.#saidMeanwhile !== undefined) this.#beginAt(this.#saidMeanwhile)
    }
    this.#isTelling = false
  }

  #beginAt(count: number): void {
    this.#saidMeanwhile = undefined
    this.#sent = count
    this.#sealSent = false
  }

  #takeNews(): News | undefined {
    const news = this.#news
    this.#news = undefined
    if (news === undefined) return undefined
    const isNew = news.signed.count > this.#sent || (news.signed.isSealed && !this.#sealSent)
    return isNew ? news : undefined
  }
}
