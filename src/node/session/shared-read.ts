// Takes the rest of a content from a stranger who is ahead of our own read: the digest that the origin states shows in the end whether it is right.
import type { Manifest, ManifestHead, Seal } from '../../core/manifest.ts'
import { pieceCountOf, sameBytes } from '../../core/piece.ts'
import type { Task } from '../../core/task.ts'
import { digestInUrl, type StatedDigest } from '../../origin/stated-digest.ts'
import { isTooSlow, OWN_READ_MS, TRIAL_MS, yieldsTo } from '../../swarm/shared-read.ts'
import type { StoredVersion } from '../content/stored-version.ts'
import { type NodeContext, now } from '../context/node-context.ts'
import type { PeerLinks } from '../peers/peer-links.ts'
import type { Roles } from '../peers/roles.ts'
import type { OriginOffer } from './origin-offer.ts'
import type { Counts } from './swarm-driver.ts'
import type { WantedRanges } from './wanted-ranges.ts'

/** Whoever is ahead has so long to give the first piece before the origin is asked for single ones, ms. */
const HANDOVER_MS = 2000

/** What it needs of its active task. */
export interface SharedReadOwner {
  readonly task: Task
  /** sha2-256 that the whole must have; undefined: none was given. */
  readonly wanted: Uint8Array | undefined
  readonly links: Pick<PeerLinks, 'values' | 'sayHello' | 'size'>
  readonly roles: Pick<Roles, 'serves'>
  readonly ranges: Pick<WantedRanges, 'isWhole'>
  readonly originOffer: Pick<OriginOffer, 'tellRate' | 'wait'>
  readonly counts: Counts
  /** Whether all pieces that the manifest knows so far are here. */
  readonly hasAllKnown: boolean
}

/** Who performs what is decided here. */
export interface SharedReadListener {
  /** Our own read is not needed any more. */
  shared(): void
  /** It is after all: what others give is too slow. */
  alone(): void
  /** All digests are here: the whole has so many bytes, if it has the digest that the origin states. */
  reachedEnd(length: number): void
}

/** Peers by id, with the number of pieces whose digests they signed. */
export type Lenders = ReadonlyMap<string, number>

/**
 * One content at a time has one such trial: once our own read goes on, whatever the reason, nothing more is taken unproven. What is unproven
 * (`StoredVersion.provenTo`) is neither shown, nor signed, nor written down, nor given to others: whoever believed us would pay for a stranger's lie.
 */
export class SharedRead {
  listener: SharedReadListener | undefined
  readonly #ctx: Pick<NodeContext, 'trusted' | 'isInFleet' | 'servesOthers' | 'network'>
  readonly #owner: SharedReadOwner
  readonly #lenders = new Map<string, number>()
  #heard: StatedDigest | undefined
  #isForbidden = false
  /** Our own read, while nothing was taken: when it began, and what had come before. */
  #own: { at: number; bytes: number } | undefined
  #isReading = false
  #timer: NodeJS.Timeout | undefined
  #seal: Seal | undefined

  constructor(ctx: Pick<NodeContext, 'trusted' | 'isInFleet' | 'servesOthers' | 'network'>, owner: SharedReadOwner) {
    this.#ctx = ctx
    this.#owner = owner
  }

  /** The digest that the origin has told this host, or that its URL names; undefined: none. */
  get stated(): StatedDigest | undefined {
    return this.#heard ?? digestInUrl(this.#owner.task.url)
  }

  /** Who has signed what was taken; empty when nothing was. */
  get lenders(): Lenders {
    return this.#lenders
  }

  /** Whether somebody has told where the content ends. */
  get isEndKnown(): boolean {
    return this.#seal !== undefined
  }

  /** Nothing is to be taken, unless something was: somebody is given pieces before the whole is here, or it was tried in vain. */
  forbid(): void {
    if (this.#lenders.size === 0) this.#isForbidden = true
  }

  /** Our own read has begun. `stated`: what the origin's answer says. */
  begun(stated: StatedDigest | undefined): void {
    this.#heard = stated ?? this.#heard
    this.#own = { at: now(), bytes: this.#bytes }
    this.#isReading = true
    if (!this.#isPossible) return
    this.#after(OWN_READ_MS, () => {
      // whoever is ahead has told us so before, when it did not count
      for (const link of this.#owner.links.values()) if (link.version !== '') this.#owner.links.sayHello(link)
    })
  }

  /** Our own read has ended, or goes on where nothing more is taken from others: for good. */
  end(): void {
    clearTimeout(this.#timer)
    this.#isForbidden = true
    this.#isReading = false
  }

  /** Whether a head of our version, which nobody vouches for, counts. Cheap: its signature is not verified yet. */
  wouldTake(content: StoredVersion | undefined, head: ManifestHead, signer: string, teller: string): boolean {
    if (content === undefined || signer !== teller || !this.#isPossible) return false
    const { manifest, trust } = content
    if (trust !== 'origin' || manifest.seal !== undefined || !manifest.describesSame(head)) return false
    const isEnd = head.count === manifest.count && this.#fits(head) && this.#seal === undefined
    if (this.#lenders.size > 0) return head.count > manifest.count || isEnd
    const us = { peer: this.#ctx.network?.host.id ?? '', count: manifest.count }
    const { at } = this.#own ?? { at: Infinity }
    return this.#isReading && now() >= at + OWN_READ_MS && yieldsTo(us, { peer: signer, count: head.count }, manifest.mostPieces)
  }

  /** Its digests, if it had some that we lacked, are in the manifest now. `yields`: our own read is not needed any more. */
  took(content: StoredVersion, head: ManifestHead, signer: string, yields: boolean): void {
    const isFirst = yields && this.#isReading
    this.#lenders.set(signer, head.count)
    if (head.count === content.manifest.count && this.#fits(head)) this.#seal ??= head.seal
    if (isFirst) this.#yield()
    if (this.#seal !== undefined) this.listener?.reachedEnd(this.#seal.length)
  }

  // ---- inside

  get #isPossible(): boolean {
    const { trusted, isInFleet, servesOthers, network } = this.#ctx
    const { task, wanted, roles, ranges } = this.#owner
    // where somebody is believed, that one says what the content is
    if (this.#isForbidden || network === undefined || trusted.size > 1 || isInFleet || servesOthers || roles.serves) return false
    return !task.isPrivate && ranges.isWhole && (wanted !== undefined || this.stated !== undefined)
  }

  /** Whether it is sealed, and what it says of the whole is possible. */
  #fits({ seal, count, length, pieceLength }: ManifestHead): boolean {
    if (seal === undefined || pieceCountOf(seal.length, pieceLength) !== count) return false
    const digest = this.#owner.wanted ?? this.stated?.sha256
    return (length === undefined || length === seal.length) && digest !== undefined && sameBytes(seal.sha256, digest)
  }

  #yield(): void {
    const { at, bytes } = this.#own ?? { at: now(), bytes: 0 }
    const own = rate(this.#bytes - bytes, now() - at)
    this.#isReading = false
    const { originOffer, links } = this.#owner
    originOffer.tellRate(own, links.size)
    // silence before this moment was nobody's
    originOffer.wait({ ms: 0, handoverMs: HANDOVER_MS })
    this.listener?.shared()
    const begun = { at: now(), bytes: this.#bytes }
    const look = () => {
      if (this.isEndKnown && this.#owner.hasAllKnown) return
      if (isTooSlow(rate(this.#bytes - begun.bytes, now() - begun.at), own)) this.listener?.alone()
      else this.#after(TRIAL_MS, look)
    }
    this.#after(TRIAL_MS, look)
  }

  get #bytes(): number {
    const { fromOrigin, fromPeers, fromSeeds } = this.#owner.counts
    return fromOrigin + fromPeers + fromSeeds
  }

  #after(ms: number, then: () => void): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(then, ms)
    this.#timer.unref()
  }
}

/** What was taken in vain, and of whom. */
export interface Doubt {
  lenders: Lenders
  manifest: Manifest
}

/** Those who signed another digest of a piece than the origin, which has been read since, was found to give. */
export function liarsIn({ lenders, manifest: doubtful }: Doubt, right: Manifest): string[] {
  if (doubtful.pieceLength !== right.pieceLength || doubtful.info.version !== right.info.version) return []
  let wrong = 0
  for (; wrong < doubtful.count; wrong++) {
    const digest = right.digest(wrong)
    if (digest === undefined || !sameBytes(digest, doubtful.digest(wrong) as Uint8Array)) break
  }
  return [...lenders].filter(([, count]) => count > wrong).map(([peer]) => peer)
}

function rate(bytes: number, ms: number): number {
  return (1000 * bytes) / Math.max(1, ms)
}
