// One preheat at one seed: asks for a task and waits until the seed has all of it.
import { DragonflyError } from '../../core/errors.ts'
import type { DialablePeer } from '../../core/peer.ts'
import { sameBytes } from '../../core/piece.ts'
import type { Task } from '../../core/task.ts'
import type { Host } from '../../net/host.ts'
import { resolve } from '../../net/resolve.ts'
import { errorOf } from '../../wire/codec-failure.ts'
import { digestMismatch } from '../content/stored-version.ts'
import { resolveRequest } from '../session/resolve-request.ts'

const CONNECT_TIMEOUT_MS = 10_000
/** A seed that waits for its origin says so every 5 s; one that says nothing for so long is frozen. */
const SILENCE_MS = 15_000

export interface PreheatTarget {
  task: Task
  /** sha2-256 that the whole content must have; undefined: none was given. */
  wanted: Uint8Array | undefined
  onProgress(bytes: number, length: number | undefined): void
  /** Whether we have all of it, and the seed is to take it from us. */
  isCopy?: true
}

/** Resolves when the seed has everything. Rejects with what it says, or when it cannot be reached, goes away or falls silent. */
export async function preheatAt(
  host: Host,
  { peer, address }: DialablePeer,
  { task, wanted, onProgress, isCopy }: PreheatTarget,
  signal: AbortSignal,
): Promise<{ bytes: number; alreadyThere: boolean }> {
  const silence = new AbortController()
  const frozen = new DragonflyError('no-source', 'it does not answer any more')
  await host.connect([address], AbortSignal.any([signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)]))
  const timer = setTimeout(() => silence.abort(frozen), SILENCE_MS)
  const request = { ...resolveRequest(task, { digest: wanted }), progress: true as const, ...(isCopy && { isCopy }) }
  try {
    for await (const reply of resolve(host, peer, request, AbortSignal.any([signal, silence.signal]))) {
      timer.refresh()
      if (reply.type === 'failed') throw errorOf(reply)
      if (reply.type !== 'progress') continue
      const { bytes, length, sha256, wasHere } = reply
      if (sha256 === undefined) onProgress(bytes, length)
      else if (wanted !== undefined && !sameBytes(sha256, wanted)) throw digestMismatch()
      else return { bytes, alreadyThere: wasHere }
    }
  } catch (error) {
    throw silence.signal.aborted ? frozen : error
  } finally {
    clearTimeout(timer)
  }
  throw new DragonflyError('peer-refused', 'it has gone away')
}
