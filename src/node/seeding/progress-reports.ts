// Tells a client that asked for it what this seed has of a content, until the seed has all of it.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Progress, ResolveReply } from '../../wire/codec-resolve.ts'
import type { ActiveTask } from '../session/active-task.ts'

/** Between two reports, ms. The last one comes at once. */
const INTERVAL_MS = 250

/** Reports until the task is complete or `signal` ends it. `wasHere`: it was complete when the client asked. Never rejects. */
export async function reportProgress(
  active: ActiveTask,
  wasHere: boolean,
  say: (reply: ResolveReply) => void,
  signal: AbortSignal,
): Promise<void> {
  const complete = untilComplete(active, signal)
  try {
    let told: number | undefined
    while (!active.isComplete) {
      const progress = progressOf(active, wasHere)
      if (progress.bytes !== told) say(progress)
      told = progress.bytes
      await Promise.race([complete, sleep(INTERVAL_MS, undefined, { signal })])
    }
    say(progressOf(active, wasHere))
  } catch {
    // the client has left, or hears of the failure by itself
  }
}

async function untilComplete(active: ActiveTask, signal: AbortSignal): Promise<void> {
  while (!active.isComplete) await active.changed(signal)
}

/** What is said of an active task whose version is known. */
export function progressOf(active: ActiveTask, wasHere: boolean): Progress {
  const { manifest, isComplete } = active
  const length = manifest?.seal?.length ?? manifest?.info.length
  const sha256 = isComplete ? manifest?.seal?.sha256 : undefined
  return { type: 'progress', bytes: sha256 === undefined ? heldBytes(active, length) : (length ?? 0), length, sha256, wasHere }
}

/** Payload bytes of the pieces that are here. */
function heldBytes({ have, manifest }: ActiveTask, length: number | undefined): number {
  const { pieceLength } = manifest?.info ?? { pieceLength: 0 }
  const all = (have?.count ?? 0) * pieceLength
  if (length === undefined || pieceLength === 0) return all
  const last = Math.ceil(length / pieceLength) - 1
  const shortBy = last >= 0 && last < (have?.size ?? 0) && have?.has(last) === true ? (last + 1) * pieceLength - length : 0
  return Math.min(length, all - shortBy)
}
