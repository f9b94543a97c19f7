// Which peers have proved that they are members of our fleet, and until when that counts.
import { DragonflyError } from '../../core/errors.ts'
import type { FleetKeys } from '../../core/fleet.ts'

/** Whoever opened a stream had to prove itself before; its proof may still be on the way for so long, ms. */
const ON_ITS_WAY_MS = 2000

export class MemberProofs {
  readonly #self: string
  #keys: FleetKeys
  /** By peer id: milliseconds since 1970, or Infinity. */
  readonly #until = new Map<string, number>()
  readonly #waiting = new Map<string, PromiseWithResolvers<void>>()

  constructor(self: string, keys: FleetKeys) {
    this.#self = self
    this.#keys = keys
  }

  /** From now on other secrets count. */
  use(keys: FleetKeys): void {
    this.#keys = keys
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
    this.#until.set(peer, checked.until)
    this.#waiting.get(peer)?.resolve()
    this.#waiting.delete(peer)
    return checked.answer
  }

  has(peer: string): boolean {
    return Date.now() < (this.#until.get(peer) ?? -Infinity)
  }

  /** All that count. */
  get all(): string[] {
    return [...this.#until.keys()].filter(peer => this.has(peer))
  }

  /** It has gone, and has to prove itself again. */
  forget(peer: string): void {
    this.#until.delete(peer)
  }

  /** Peers whose membership has ended since they proved it. They are forgotten. */
  runOut(): string[] {
    const over = [...this.#until].filter(([, until]) => until <= Date.now()).map(([peer]) => peer)
    for (const peer of over) this.#until.delete(peer)
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
