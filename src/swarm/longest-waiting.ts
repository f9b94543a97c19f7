// Finds a request that another neighbour could take over.
import type { Neighbour } from './neighbour.ts'

/** A request that is younger may have been answered already, ms; at a far neighbour, as long as it takes to hear of it. */
const LEAST_WAIT_MS = 30
const ROUND_TRIPS = 1.5
/** One of its requests stays with whoever has them: else it would never be seen that it is silent. */
const LEAST_LEFT = 1

/** The newest request that has not begun at the neighbour that has most of them, for a piece that `n` has, too. */
export function longestWaiting(
  n: Neighbour,
  others: Iterable<Neighbour>,
  mayMove: (piece: number) => boolean,
  now: number,
): { at: Neighbour; piece: number } | undefined {
  let best: { at: Neighbour; piece: number } | undefined
  let most = LEAST_LEFT
  for (const at of others) {
    if (at.asked.size <= most) continue
    const piece = waitingAt(at, n, mayMove, now)
    if (piece === undefined) continue
    best = { at, piece }
    most = at.asked.size
  }
  return best
}

function waitingAt(at: Neighbour, n: Neighbour, mayMove: (piece: number) => boolean, now: number): number | undefined {
  const least = Math.max(LEAST_WAIT_MS, ROUND_TRIPS * (at.roundTrip ?? 0))
  let found: number | undefined
  // they are in the order in which they were made
  for (const [piece, asked] of at.asked) {
    if (now - asked.at < least) break
    if (asked.begun === undefined && n.have.has(piece) && mayMove(piece)) found = piece
  }
  return found
}
