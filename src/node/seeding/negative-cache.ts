// A negative cache: errors of the origin that are repeated to later askers for a short time. Told the time.
import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { DragonflyError } from '../../core/errors.ts'
import type { Task } from '../../core/task.ts'

/** Denials that are remembered; the one not used for longest goes first. */
export const MAX_DENIALS = 10_000
/** How long a denial holds when the origin says nothing about it; it is asked again then. */
export const DENIED_MS = 10_000
/** The longest time, whatever the origin says: somebody may be about to publish what is missing. */
export const MAX_DENIED_MS = 60_000
/** The shortest: a flash crowd is one question. */
export const MIN_DENIED_MS = 1000

/**
 * Troubles of our own are said again for so long. A seed whose disk is full would read the origin for each asker anew. In a fleet, a member
 * that cannot reach the origin: members ask those who are closer to the task before they read for others; if each of these tried anew each
 * time, four members would take fifteen times as long as one.
 */
export const TROUBLE_MS = 10_000

/** 5xx and broken answers are tried again: they have tries of their own, which askers count. */
const OUT_OF_REACH: ReadonlySet<string> = new Set(['origin-unreachable', 'origin-unknown-host', 'origin-timeout'])

interface Denial {
  error: DragonflyError
  until: number
}

/** `now`: milliseconds of a clock that never goes back. */
export class NegativeCache {
  /** By a hash of all that the origin was told. */
  readonly #denials = new LRUCache<string, Denial>({ max: MAX_DENIALS })

  /** Keeps an error that says no; errors that say "not now" are for the origin's own limits, and are not kept. */
  add(task: Task, error: unknown, now: number): void {
    if (!isDenial(error)) return
    this.#denials.set(keyOf(task), { error, until: now + howLong(error) })
  }

  /** Keeps that the disk is full, and, in a fleet, that the origin cannot be reached. */
  addTrouble(task: Task, error: unknown, { isInFleet, now }: { isInFleet: boolean; now: number }): void {
    if (!isOwnTrouble(error) || (error.code !== 'no-space' && !isInFleet)) return
    this.#denials.set(keyOf(task), { error, until: now + TROUBLE_MS })
  }

  /** What the origin said to the same request, if that still holds. */
  find(task: Task, now: number): DragonflyError | undefined {
    const key = keyOf(task)
    const denial = this.#denials.get(key)
    if (denial === undefined || now < denial.until) return denial?.error
    this.#denials.delete(key)
    return undefined
  }

  get size(): number {
    return this.#denials.size
  }
}

/** The origin answered, and asking it again at once would not help. */
function isDenial(error: unknown): error is DragonflyError {
  if (!(error instanceof DragonflyError) || error.retryable) return false
  return error.code === 'origin-redirect' || (error.status !== undefined && error.status >= 400 && error.status < 500)
}

/** It says nothing of the content: whoever has that may give it. */
export function isOwnTrouble(error: unknown): error is DragonflyError {
  return error instanceof DragonflyError && (error.code === 'no-space' || OUT_OF_REACH.has(error.code))
}

function howLong({ holdsFor }: DragonflyError): number {
  return Math.min(MAX_DENIED_MS, Math.max(MIN_DENIED_MS, holdsFor ?? DENIED_MS))
}

/**
 * All that may have been the reason: who has other credentials, be they in a header or in a query parameter that is no part
 * of the task, has to be heard. Only the hash is kept.
 */
function keyOf({ subject, url, headers }: Task): string {
  return createHash('sha256')
    .update(JSON.stringify([subject, url, headers]))
    .digest('base64')
}
