// Chooses the finished contents that are closed because too many are open that nobody uses.
import { now } from '../context/node-context.ts'
import { isServing } from '../peers/comparison.ts'
import type { Held } from './held.ts'

/** Finished contents that nobody uses and that stay open all the same, the last used ones: three files and some 100 KiB each. */
export const MAX_IDLE = 100
/** Those that were used a moment ago may be more: who has just been told of one needs a moment to come for it. */
export const MAX_FRESH = 300
const FRESH_MS = 5000
/** Where they are too many, so many more are closed at a time: choosing them takes a look at all. */
const CLOSED_AHEAD = 20

/** By task. */
export type OpenContents = Pick<ReadonlyMap<string, readonly Held[]>, 'size' | 'values'>

export class IdleContents {
  readonly #open: OpenContents
  readonly #isIdle: (held: Held) => boolean
  /** Until then only too many would have any idle one closed: all are fresh. `now()`. */
  #freshUntil = 0
  /** How many were open after the last look at them. */
  #seen = 0

  /** `isIdle`: finished, and used by nobody. */
  constructor(open: OpenContents, isIdle = isUnused) {
    this.#open = open
    this.#isIdle = isIdle
  }

  /** What is to be closed when somebody has left one, those first that were not used for longest. Looks at all only if it may find any. */
  surplus(left: Pick<Held, 'reader'>): Held[] {
    if (left.reader !== 'others') this.#freshUntil = 0
    const { size } = this.#open
    const isFew = size <= Math.max(MAX_FRESH, this.#seen + CLOSED_AHEAD)
    if (size <= MAX_IDLE || (isFew && now() < this.#freshUntil)) return []
    const idle = [...this.#open.values()].flat().filter(this.#isIdle)
    const surplus = idle.toSorted((a, b) => a.usedAt - b.usedAt).slice(0, Math.max(0, idle.length - MAX_IDLE))
    const most = size > MAX_FRESH ? MAX_FRESH - CLOSED_AHEAD : MAX_FRESH
    const closed = new Set(surplus.filter((held, i) => !isFresh(held) || idle.length - i > most))
    this.#seen = size - closed.size
    const oldest = surplus.find(held => !closed.has(held))
    const areOthers = idle.every(({ reader }) => reader === 'others')
    this.#freshUntil = oldest !== undefined && areOthers ? oldest.usedAt + FRESH_MS : 0
    return [...closed]
  }
}

function isFresh({ reader, usedAt }: Held): boolean {
  return reader === 'others' && now() - usedAt < FRESH_MS
}

function isUnused({ active, users }: Held): boolean {
  return users === 0 && active.isComplete && !isServing(active)
}
