// Waits that end early when they are aborted.
import { setTimeout as sleep } from 'node:timers/promises'

const CONNECT_TIMEOUT_MS = 5000

/** Never rejects. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (ms > 0) await sleep(ms, undefined, { signal }).catch(() => {})
}

/** For one attempt to connect to a peer and link up with it. */
export function connectTimeout(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)])
}
