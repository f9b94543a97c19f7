// Reads a file that may change at any moment: again where it changed meanwhile, and not at all where that goes on.
import { DragonflyError } from '../../core/errors.ts'
import { wallClock } from '../context/node-context.ts'
import { type Look, lookAt } from './look.ts'

/** How often it is read before it counts as one that is being written to. */
const TRIES = 3
/** A file of more bytes that was written to a moment ago is left alone until it rests: it would be read for nothing. */
const LARGE = 16n * 1024n * 1024n
const REST_MS = 1000

export type Steady<T> =
  | { is: 'read'; look: Look; value: T }
  | { is: 'gone' }
  | { is: 'busy' }
  /** It cannot be read. */
  | { is: 'left-out'; why: string }

/** Whether it is large, and probably being written. */
export function isBusy({ size, mtimeNs }: Look): boolean {
  const age = wallClock() - Number(mtimeNs / 1_000_000n)
  return size > LARGE && age >= 0 && age < REST_MS
}

/** `read`: rejects with `origin-changed` or `bad-option`; whatever else is wrong is passed on. */
export async function readSteady<T>(
  path: string,
  look: Look,
  signal: AbortSignal,
  read: (look: Look) => Promise<T>,
): Promise<Steady<T>> {
  for (let tries = 1; ; tries++) {
    try {
      return { is: 'read', look, value: await read(look) }
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof DragonflyError) || (error.code !== 'origin-changed' && error.code !== 'bad-option')) throw error
      const now = await lookAt(path).catch(() => undefined)
      if (now === undefined) return { is: 'gone' }
      if (error.code === 'bad-option') return { is: 'left-out', why: error.message }
      if (tries === TRIES) return { is: 'busy' }
      look = now
    }
  }
}
