// What a seed says about an active task in its answer.
import type { Resolved, ResolveReply } from '../../wire/codec-resolve.ts'
import type { ActiveTask } from '../session/active-task.ts'

/**
 * The origin may be slow, or want a pause, or others may have their turn there before us. A seed that waits for it says so to its
 * clients: they would take it for frozen, and read the origin too. See `muteMs` in SourcePolicy.
 */
export const WAITING: ResolveReply = { type: 'peers', peers: [] }
export const WAITING_MS = 5000
/** The first time, if the answer is not there by then: some rather read the origin than wait for a seed that says nothing. */
export const ALIVE_MS = 250

/** What is said of an active task whose version is known. */
export function resolved(active: ActiveTask, topic: Uint8Array): Resolved {
  const { version, pieceLength, length, fileName } = active.manifest?.info ?? {
    version: '',
    pieceLength: 0,
    length: undefined,
    fileName: '',
  }
  return { type: 'resolved', topic, version, pieceLength, length, fileName }
}

export async function untilGone(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>(done => signal.addEventListener('abort', () => done(), { once: true }))
}
