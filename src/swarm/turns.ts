// Decides which few peers of a swarm read the origin, without any message.
import { hashOf, lot } from './lot.ts'
import type { Neighbour } from './neighbour.ts'

/** A neighbour that has a piece and does not give it is no reason to wait for more than so many turns. */
const HOLDERS_TURNS = 4

/**
 * Pieces that nobody near has are shared out: each belongs to the peer with the lowest lot of those that lack it. The
 * others follow one by one, `turnMs` apart, in case it cannot.
 */
export class Turns {
  readonly #self: number
  readonly #turnMs: number

  constructor(self: string, turnMs: number) {
    this.#self = hashOf(self)
    this.#turnMs = turnMs
  }

  /** Whether it is our turn to read the piece at the origin, when the swarm has waited for `waitedMs`. */
  isOurs(piece: number, neighbours: Iterable<Neighbour>, waitedMs: number): boolean {
    const ours = lot(this.#self, piece)
    let before = 0
    for (const n of neighbours) {
      if (n.kind !== 'peer') continue
      if (n.have.has(piece)) {
        if (waitedMs < HOLDERS_TURNS * this.#turnMs) return false
      } else if (lot(n.hash, piece) < ours && ++before * this.#turnMs > waitedMs) return false
    }
    return true
  }

  /** Whether we are among the `readers` of a swarm of `peers` who may read the origin during this epoch, any number. */
  isReader(epoch: number, readers: number, peers: number): boolean {
    return lot(this.#self, epoch) < (readers / Math.max(1, peers)) * 2 ** 32
  }
}
