// What a seed says of an active task to who asked for it, and for how long it listens.
import type { Resolved } from '../../wire/codec-resolve.ts'
import type { ActiveTask } from '../session/active-task.ts'

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
