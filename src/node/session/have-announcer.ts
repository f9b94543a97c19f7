// Announces new pieces to the neighbours, batched: the first at once, those of the next 100 ms together.
import type { StoredVersion } from '../content/stored-version.ts'
import { now } from '../context/node-context.ts'
import type { PeerLink } from '../peers/peer-link.ts'
import type { PeerLinks } from '../peers/peer-links.ts'
import type { Roles } from '../peers/roles.ts'

/** Every small message costs as much CPU as 50 KiB of bulk data. */
const ANNOUNCE_MS = 100

/** What the announcer needs of the driver. */
export interface HaveAnnouncerParts {
  links: Pick<PeerLinks, 'values'>
  content: Pick<StoredVersion, 'manifest' | 'provenTo'>
  roles: Pick<Roles, 'isSeed'>
  /** How many pieces others wait for here, told with every announcement. */
  queue(): number
}

export class HaveAnnouncer {
  readonly #parts: HaveAnnouncerParts
  #pieces: number[] = []
  /** What nobody is to hear of before it is proven. */
  #doubtful: number[] = []
  #announcedAt = -Infinity

  constructor(parts: HaveAnnouncerParts) {
    this.#parts = parts
  }

  announce(piece: number): void {
    if (piece >= this.#parts.content.provenTo) return void this.#doubtful.push(piece)
    if (this.#pieces.push(piece) > 1) return
    setTimeout(() => this.#tellAll(), Math.max(1, this.#announcedAt + ANNOUNCE_MS - now()))
  }

  /** What was kept back and is proven now. */
  announceProven(): void {
    if (this.#doubtful.length === 0 || this.#parts.content.provenTo < Infinity) return
    for (const piece of this.#doubtful.splice(0)) this.announce(piece)
  }

  #tellAll(): void {
    const pieces = this.#pieces
    this.#pieces = []
    this.#announcedAt = now()
    for (const link of this.#parts.links.values()) {
      if (link.isNeighbour) link.tellHave(this.#newsFor(link, pieces), this.#parts.queue())
    }
  }

  /**
   * A peer that has a piece need not hear that we have it too. A seed hears it: it serves rare pieces first. And everybody hears
   * of the last piece: who waits for the end of the manifest asks those who are as far as they are.
   */
  #newsFor(link: PeerLink, pieces: readonly number[]): readonly number[] {
    if (this.#parts.roles.isSeed(link.peer)) return pieces
    const last = this.#parts.content.manifest.count - 1
    return pieces.filter(piece => piece === last || !link.have.has(piece))
  }
}
