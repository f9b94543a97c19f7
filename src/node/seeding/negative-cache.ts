// A negative cache: errors of the origin that are repeated to later askers for a short time. Told the time.
import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { DragonflyError } from '../../core/errors.ts'
import type { Task } from '../../core/task.ts'
import { FEW_TRIES_MS, OUT_OF_REACH } from '../context/origin-troubles.ts'

/** Denials that are remembered; the one not used for longest goes first. */
export const MAX_DENIALS = 10_000
/** How long a denial holds when the origin says nothing about it; it is asked again then. */
export const DENIED_MS = 10_000
/** The longest time, whatever the origin says: somebody may be about to publish what is missing. */
export const MAX_DENIED_MS = 60_000
/** The shortest: a flash crowd is one question. */
export const MIN_DENIED_MS = 1000

/**
 * That the disk is full is said again for so long: the seed would read the origin for each asker anew. Shorter than an asker tries that has
 * nowhere else to go (9 s), so that it gets its content when the disk has room again meanwhile.
 */
export const FULL_MS = 3000
/**
 * That the origin cannot be reached is said again to other seeds (for FEW_TRIES_MS), and in a fleet for so long: they ask those who are closer
 * to the task before they read for others; if each of these tried anew each time, four would take fifteen times as long as one. Clients are
 * told nothing of the past where no other host would read it for them: then each of them would.
 */
export const TROUBLE_MS = 10_000

interface Denial {
  error: DragonflyError
  until: number
  /** The same where a seed or a member asks. */
  untilForSeeds: number
}

/** `now`: milliseconds of a clock that never goes back. */
export class NegativeCache {
  /** By a hash of all that the origin was told. */
  readonly #denials = new LRUCache<string, Denial>({ max: MAX_DENIALS })

  /** Keeps an error that says no; errors that say "not now" are for the origin's own limits, and are not kept. */
  add(task: Task, error: unknown, now: number): void {
    if (!isDenial(error)) return
    const until = now + howLong(error)
    this.#denials.set(keyOf(task), { error, until, untilForSeeds: until })
  }

  /** Keeps that the disk is full, or that the origin cannot be reached. 5xx and broken answers have tries that askers count. */
  addTrouble(task: Task, error: unknown, { isInFleet, now }: { isInFleet: boolean; now: number }): void {
    if (!isOwnTrouble(error)) return
    const isOutOfReach = error.code !== 'no-space'
    if (!isOutOfReach) return void this.#denials.set(keyOf(task), { error, until: now + FULL_MS, untilForSeeds: now + FULL_MS })
    this.#denials.set(keyOf(task), { error, until: isInFleet ? now + TROUBLE_MS : now, untilForSeeds: now + FEW_TRIES_MS })
  }

  /** What the origin said to the same request, if that still holds. `isSeed`: whether a seed or a member asks. */
  find(task: Task, now: number, isSeed = false): DragonflyError | undefined {
    const key = keyOf(task)
    const denial = this.#denials.get(key)
    if (denial === undefined || now < (isSeed ? denial.untilForSeeds : denial.until)) return denial?.error
    if (now >= denial.untilForSeeds) this.#denials.delete(key)
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
