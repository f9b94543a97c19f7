// What a simulated host knows of the manifest, and how it spreads.
import { Call } from './alarm.ts'
import { Bulletin } from './bulletin.ts'
import type { SimHost } from './host.ts'
import type { Surroundings } from './surroundings.ts'

/** A neighbour has known more than we for so long: it is asked. Milliseconds. */
const PATIENCE_MS = 300

export class ManifestCopy {
  /** Pieces whose digests are known. */
  count = 0
  /** Pieces whose digests a seed has signed: what others believe. */
  signed = 0
  readonly #self: SimHost
  readonly #around: Surroundings
  readonly #publication: Bulletin
  readonly #ask = new Call(() => this.#askFor())
  /** How many somebody else is known to know, and who. */
  #elsewhere = 0
  #knower: SimHost | undefined

  constructor(self: SimHost, around: Surroundings) {
    this.#self = self
    this.#around = around
    this.#publication = new Bulletin(around.world, around.announceMs, () => this.#publish())
  }

  /** A seed has signed so many. */
  learn(count: number): void {
    if (!this.#self.acts) return
    this.signed = Math.max(this.signed, count)
    this.own(count)
  }

  /** So many are known from our own read, which nobody else believes. */
  own(count: number): void {
    if (count <= this.count || !this.#self.acts) return
    this.count = count
    this.#self.tell({ type: 'manifest', count, sealed: count === this.#around.pieces })
  }

  /** Who reads the origin signs and tells once for all pieces of a while. */
  publish(count: number): void {
    if (count <= this.count) return
    this.learn(count)
    this.#publication.note()
  }

  /** A neighbour has these pieces. */
  heard(from: SimHost, pieces: readonly number[]): void {
    if (this.count === this.#around.pieces) return
    for (const piece of pieces) {
      if (piece < this.count) continue
      this.#elsewhere = Math.max(this.#elsewhere, piece + 1)
      this.#knower = from
    }
    if (this.#elsewhere <= this.count || this.#ask.at !== Infinity) return
    this.#around.world.set(this.#ask, this.#around.world.now + PATIENCE_MS)
  }

  stop(): void {
    this.#publication.forget()
    this.#around.world.clear(this.#ask)
  }

  #askFor(): void {
    const { mail } = this.#around
    const self = this.#self
    if (this.#elsewhere <= this.count || this.#knower === undefined || !self.acts) return
    mail.send(self, this.#knower, knower => {
      const count = knower.manifest
      if (knower.acts) mail.send(knower, self, to => to.learnManifest(count))
    })
  }

  #publish(): void {
    const { count } = this
    this.#around.mail.send(this.#self, this.#self.neighbours, to => to.learnManifest(count))
  }
}
