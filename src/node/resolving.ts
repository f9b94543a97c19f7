// What a seed says of a session to who asked for it, and for how long it listens.
import type { Resolved } from '../wire/codec-resolve.ts'
import type { Session } from './session.ts'

/** What is said of a session whose version is known. */
export function resolved(session: Session, topic: Uint8Array): Resolved {
  const { version, pieceLength, length, fileName } = session.manifest?.info ?? {
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
