// What is known of the seed that is being asked.

/** One seed being asked. */
export interface Visit {
  seed: string
  askedAt: number
  /** When it last said anything; undefined: it is not connected yet. */
  heardAt: number | undefined
  /** When it was connected, and whether it has said anything since. */
  connectedAt: number | undefined
  hasReplied: boolean
  /** Whether its host accepts connections, and there is no other seed to ask: it is waited for as a busy one. */
  isBusy: boolean
  /** When anything last came from it, if only for another content; undefined: nothing since it is asked. */
  aliveAt: number | undefined
  /** When it told what the content is; from then on a link to it counts. */
  resolvedAt: number | undefined
  /** When it told of another version than the one that is being got: of that it gives nothing. */
  strayedAt: number | undefined
  /** From then on it is to be linked; before, a link that is missing is still on its way, or may come back. */
  linkDueAt: number
  /** When we decided to leave it; it is over once `seed-failed` is told. */
  leftAt: number | undefined
}

export function newVisit(seed: string, now: number): Visit {
  return {
    seed,
    askedAt: now,
    heardAt: undefined,
    connectedAt: undefined,
    hasReplied: false,
    isBusy: false,
    aliveAt: undefined,
    resolvedAt: undefined,
    strayedAt: undefined,
    linkDueAt: -Infinity,
    leftAt: undefined,
  }
}

/** Our own event loop stood still for so long: what was not heard meanwhile is not the seed's fault. */
export function visitLate(visit: Visit, ms: number, now: number): void {
  const shifted = (at: number) => Math.min(now, at + ms)
  visit.askedAt = shifted(visit.askedAt)
  if (visit.heardAt !== undefined) visit.heardAt = shifted(visit.heardAt)
  if (visit.connectedAt !== undefined) visit.connectedAt = shifted(visit.connectedAt)
  if (visit.linkDueAt > now - ms) visit.linkDueAt += ms
}
