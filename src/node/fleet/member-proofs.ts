// Which peers have proved that they are members of our fleet, and until when that counts.
import { DragonflyError } from '../../core/errors.ts'
import type { FleetKeys } from '../../core/fleet.ts'

/** Whoever opened a stream had to prove itself before; its proof may still be on the way for so long, ms. */
const ON_ITS_WAY_MS = 2000

export class MemberProofs {
  readonly #self: string
  #keys: FleetKeys
  /** By peer id: the secret that it knows, and the end of its membership, milliseconds since 1970 or Infinity. */
  readonly #proved = new Map<string, { secret: Uint8Array; until: number }>()
  readonly #waiting = new Map<string, PromiseWithResolvers<void>>()

  constructor(self: string, keys: FleetKeys) {
    this.#self = self
    this.#keys = keys
  }

  /** From now on other secrets count, also for those that have proved themselves before. */
  use(keys: FleetKeys): void {
    this.#keys = keys
    for (const proved of this.#proved.values()) proved.until = keys.untilOf(proved.secret)
  }

  /** What we show to a peer. Throws `bad-fleet` when every secret has run out. */
  ours(peer: string): Uint8Array {
    const proof = this.#keys.proof(this.#self, peer, Date.now())
    if (proof !== undefined) return proof
    throw new DragonflyError('bad-fleet', 'every secret of the fleet file has run out', {
      hint: 'copy the fleet file of a host on which the fleet works',
    })
  }

  /** Takes what a peer shows. Resolves to our proof by the same secret; undefined: it is no member. */
  take(peer: string, proof: Uint8Array): Uint8Array | undefined {
    const checked = this.#keys.check(proof, peer, this.#self, Date.now())
    if (checked === undefined) return undefined
    this.#proved.set(peer, { secret: checked.secret, until: this.#keys.untilOf(checked.secret) })
    this.#waiting.get(peer)?.resolve()
    this.#waiting.delete(peer)
    return checked.answer
  }

  has(peer: string): boolean {
    return Date.now() < (this.#proved.get(peer)?.until ?? -Infinity)
  }

  /** All that count. */
  get all(): string[] {
    return [...this.#proved.keys()].filter(peer => this.has(peer))
  }

  /** It has gone, and has to prove itself again. */
  forget(peer: string): void {
    this.#proved.delete(peer)
  }

  /** Peers whose membership ends within so many milliseconds unless they prove it by another secret. */
  ending(within: number): string[] {
    return [...this.#proved].filter(([, { until }]) => until <= Date.now() + within).map(([peer]) => peer)
  }

  /** Peers whose membership has ended since they proved it. They are forgotten. */
  runOut(): string[] {
    const over = this.ending(0)
    for (const peer of over) this.#proved.delete(peer)
    return over
  }

  /** Resolves when the peer has proved itself, or to false when it does not within 2 s. */
  async comes(peer: string): Promise<boolean> {
    if (this.has(peer)) return true
    const waiting = this.#waiting.get(peer) ?? Promise.withResolvers<void>()
    this.#waiting.set(peer, waiting)
    const timer = setTimeout(() => {
      waiting.resolve()
      if (this.#waiting.get(peer) === waiting) this.#waiting.delete(peer)
    }, ON_ITS_WAY_MS)
    await waiting.promise
    clearTimeout(timer)
    return this.has(peer)
  }
}
