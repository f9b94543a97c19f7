// Decides which of several hosts that read the same origin goes on, where nobody is a seed: the others take from that one.

/** A host that reads the origin in order. */
export interface OriginReader {
  peer: string
  /** Pieces that it has read itself. */
  count: number
}

/** Two hosts that began together hear of each other's pieces 100 ms late: a thirty-second of the content, at most so many, is no difference. */
const MAX_NEAR_PIECES = 16

/**
 * Whether we stop in favour of the other one: it is clearly further, or about as far and has the smaller peer id. `pieces`: of the content, as
 * both know it. What is known of the other may be old. As a host's own count never falls, and does not grow any more once it has stopped, two
 * hosts never stop in favour of each other.
 */
export function yieldsTo(us: OriginReader, other: OriginReader, pieces: number): boolean {
  const near = Math.min(MAX_NEAR_PIECES, Math.floor(pieces / 32))
  return other.count > us.count + near || (other.count >= us.count - near && other.peer < us.peer)
}

/** A read of our own lasts so long before it is ended for another's, ms: then it is known how fast it is; what is small is complete by then. */
export const OWN_READ_MS = 1000
/** So long what the other gives is measured before it is compared with our own read, ms. */
export const TRIAL_MS = 3000
/** The other may be so many times slower than our own read was: for this much longer the origin is spared a whole read. */
const MAX_SLOWDOWN = 2

/** Rates in bytes a second. */
export function isTooSlow(shared: number, own: number): boolean {
  return shared * MAX_SLOWDOWN < own
}
