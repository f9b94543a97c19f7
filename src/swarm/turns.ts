// Who of a swarm reads the origin, and what: decided by everybody alone, from names that all know, so that few do.
import type { Neighbour } from './neighbour.ts'

/** FNV-1a (draft-eastlake-fnv), 32 bits. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

/** A number for a peer and a piece (or a time) that all compute alike; even over 0 to 2³² − 1 (murmur3's finaliser). */
export function lot(peer: number, of: number): number {
  let h = peer ^ Math.imul(of + 1, 0x9e3779b1)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

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
