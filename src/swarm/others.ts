// What is known of the neighbours when one of them is chosen to be served, and who of them has plenty.
import type { Neighbour } from './neighbour.ts'
import type { Picker } from './picker.ts'

export interface Others {
  /** Those besides the asking one that could serve a piece. */
  holders(piece: number, asking: string): number
  /** Pieces that a neighbour has, as far as it has told. */
  piecesOf(peer: string): number
  /** Those that are here. */
  own(): number
}

/** Who has fewer pieces is not behind: at the beginning it matters that they spread, not who gets them. */
const SPREAD_PIECES = 32
/** No neighbour has more under way: it bounds what it asks for. */
const MOST_LOAD = 1 << 10
/** Above every sum: nobody has more pieces than 2^20. */
const MOST_PLENTY = 2 ** 31

export function othersOf(picker: Picker, neighbours: ReadonlyMap<string, Neighbour>): Others {
  const haveOf = (peer: string) => neighbours.get(peer)?.have
  return {
    holders: (piece, asking) => picker.availability(piece) - (haveOf(asking)?.has(piece) === true ? 1 : 0),
    piecesOf: peer => haveOf(peer)?.count ?? 0,
    own: () => picker.have.count,
  }
}

/** Whether a neighbour lacks more than so many pieces that are here. */
export function isBehind(peer: string, others: Others, by: number): boolean {
  const pieces = others.piecesOf(peer)
  return pieces >= SPREAD_PIECES && pieces + by < others.own()
}

/**
 * From 0 to 1: how much a neighbour has. `load`: pieces under way to it. `pieces`: those that it has; for a seed, which serves those first
 * who fell behind, as they would be the last ones to be done.
 */
export function plenty(load: number, pieces: number | undefined): number {
  if (pieces === undefined) return load / MOST_PLENTY
  return (load + MOST_LOAD * Math.max(SPREAD_PIECES, pieces)) / MOST_PLENTY
}
