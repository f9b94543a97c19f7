// What is known of the seed that is being asked, and when there is no sense in staying with it.
import type { SwarmEvent } from './events.ts'
import type { SourcePolicy } from './source-events.ts'

/** One seed being asked. */
export interface Visit {
  seed: string
  askedAt: number
  /** For how long we could not hear anybody since, milliseconds; what `visitLate` was told of is left out. */
  absentMs: number
  /** Whether it takes over from another one. */
  isNext: boolean
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

export function newVisit(seed: string, { isNext, isBusy }: Pick<Visit, 'isNext' | 'isBusy'>, now: number): Visit {
  return {
    seed,
    askedAt: now,
    absentMs: 0,
    isNext,
    heardAt: undefined,
    connectedAt: undefined,
    hasReplied: false,
    isBusy,
    aliveAt: undefined,
    resolvedAt: undefined,
    strayedAt: undefined,
    linkDueAt: -Infinity,
    leftAt: undefined,
  }
}

/** It told what the content is. */
export function visitResolved(visit: Visit, { dialMs }: Pick<SourcePolicy, 'dialMs'>, now: number): void {
  visit.heardAt = visit.resolvedAt = now
  visit.hasReplied = true
  visit.linkDueAt = now + dialMs
  visit.strayedAt = undefined
}

/** Our own event loop stood still for so long: what was not heard meanwhile is not the seed's fault. */
export function visitLate(visit: Visit, ms: number, now: number): void {
  const shifted = (at: number) => Math.min(now, at + ms)
  // the same time may be missed in both ways: counted twice, it would pass faster than the clock, and nobody would ever be late
  visit.absentMs = Math.max(0, visit.absentMs - ms)
  visit.askedAt = shifted(visit.askedAt)
  if (visit.heardAt !== undefined) visit.heardAt = shifted(visit.heardAt)
  if (visit.connectedAt !== undefined) visit.connectedAt = shifted(visit.connectedAt)
  if (visit.linkDueAt > now - ms) visit.linkDueAt += ms
}

/** Whether only the peer itself can have caused it just now: it lives. */
export function isSign({ type }: SwarmEvent): boolean {
  return type === 'progress' || type === 'have' || type === 'bitfield' || type === 'request'
}

/** When it last gave a sign that counts. */
export function signOf(
  { askedAt, aliveAt = -Infinity }: Visit,
  heardAt: number,
  grownAt: number,
  { aliveMs }: Pick<SourcePolicy, 'aliveMs'>,
): number {
  return Math.max(heardAt, Math.min(aliveAt, Math.max(grownAt, askedAt) + aliveMs))
}

/** When it is to be looked at, if it is silent until then. `grownAt`: when what we have last grew. */
export function lookDueAt({ askedAt, heardAt, resolvedAt }: Visit, grownAt: number, policy: SourcePolicy): number {
  const { lookAfterMs, lookAgainMs, silentMs } = policy
  if (resolvedAt !== undefined) return Math.max(grownAt, resolvedAt) + silentMs
  return heardAt === undefined ? askedAt + lookAfterMs : heardAt + lookAgainMs
}

/** Whether one that is connected may still give more, as it gives signs. */
export function givesSigns(visit: Visit, grownAt: number, policy: SourcePolicy, isDue: (at: number) => boolean): boolean {
  const { heardAt, leftAt, strayedAt, hasReplied } = visit
  if (heardAt === undefined || leftAt !== undefined || strayedAt !== undefined) return false
  const patience = hasReplied ? policy.muteMs : Math.min(policy.ackMs, policy.muteMs)
  return !isDue(signOf(visit, heardAt, grownAt, policy) + patience)
}

/** When we began, when the first seed was asked, and for how long we could not hear anybody since. */
export interface Begun {
  since: number
  askedAt: number | undefined
  absentMs: number
}

/** Whether the one that is asked has said nothing to this request, and given no other sign, for too long. */
export function isUnheard(
  asked: Visit | undefined,
  { since, askedAt = since, absentMs }: Begun,
  { originAfterMs, silenceMs }: SourcePolicy,
  isDue: (at: number) => boolean,
): boolean {
  const visit = asked?.leftAt === undefined ? asked : undefined
  if (visit?.hasReplied === true) return false
  const aliveAt = visit?.aliveAt
  const at = aliveAt === undefined ? askedAt + originAfterMs : Math.max(since, aliveAt) + silenceMs
  return isDue(at + absentMs)
}

export interface VisitFacts {
  isDue(at: number): boolean
  /** When what we have last grew. */
  grownAt: number
  /** Whether it has said nothing since a look at it that it does not answer. */
  isUnanswered: boolean
  /** Whether there is no other to ask in this round. */
  isLast: boolean
  /** Whether it is a neighbour. */
  isLinked: boolean
  /** What a connection may take when it is busy, milliseconds. */
  busyAnswerMs: number
  /** When it last answered a look; undefined: it did not. */
  lookedAt: number | undefined
}

/** Why there is no sense in staying; undefined: there is. */
export function whyLeave(visit: Visit, policy: SourcePolicy, facts: VisitFacts): string | undefined {
  const { answerMs, ackMs, muteMs, lostMs, stallMs, patientMs, awaitMs } = policy
  const { askedAt, absentMs, isBusy, connectedAt, hasReplied, resolvedAt, strayedAt, linkDueAt } = visit
  const { isDue, grownAt, isLast, isLinked, busyAnswerMs, lookedAt } = facts
  if (visit.heardAt === undefined) return isDue(askedAt + (isBusy ? busyAnswerMs : answerMs) + absentMs) ? 'no answer' : undefined
  const heardAt = signOf(visit, visit.heardAt, grownAt, policy)
  const ackFrom = signOf(visit, connectedAt ?? visit.heardAt, grownAt, policy)
  // where there is no other to ask, it may still answer while the origin is read
  if (!hasReplied && !isLast && isDue(ackFrom + ackMs + absentMs)) return 'it says nothing'
  // while bytes come from elsewhere it does no harm
  if (strayedAt !== undefined) return isDue(Math.max(grownAt, strayedAt) + lostMs) ? 'it has another version' : undefined
  if (isDue(Math.max(grownAt + patientMs, askedAt + muteMs))) return 'it gives nothing'
  // another one can be asked, and this one gives nothing
  const quietAt = Math.max(grownAt, resolvedAt ?? -Infinity, visit.heardAt)
  if (facts.isUnanswered && isDue(quietAt + (isLast ? policy.lastFrozenMs : stallMs))) return 'it is frozen'
  if (resolvedAt === undefined) return isDue(heardAt + muteMs) ? 'it says nothing' : undefined
  if (!isLinked) return isDue(linkDueAt) ? 'its link is lost' : undefined
  const growthAt = Math.max(grownAt, resolvedAt)
  const aliveAt = Math.min(lookedAt ?? heardAt, growthAt + awaitMs)
  return isDue(growthAt + stallMs) && isDue(Math.max(heardAt, aliveAt) + muteMs) ? 'it gives nothing' : undefined
}
