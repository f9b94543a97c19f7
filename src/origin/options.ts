// What can be set about reading an origin, declared once, and what is asked of it.
import type { DragonflyError } from '../core/errors.ts'
import type { HeaderList } from '../core/headers.ts'
import type { Guard } from './guard.ts'

/** What is asked of an origin: a canonical URL, and headers that go to the URL's own host only. */
export interface OriginRequest {
  /** http: or https:, as `makeTask` gives it. Redirects are followed anew at every request. */
  url: string
  /** Checked by `checkHeaders`. */
  headers: HeaderList
}

/** Every one may be left out. */
export interface OriginOptions {
  /** Until the connection stands, TLS included. Milliseconds, default 10,000. */
  connectTimeoutMs?: number
  /** Until the answer's headers are there. Milliseconds, default 30,000. */
  headersTimeoutMs?: number
  /** Without any byte of the body while we want some. Milliseconds, default 30,000. */
  idleTimeoutMs?: number
  /** Tries in a row without a single new byte. Default 5. */
  attempts?: number
  /** Wait before the second try; doubles with every further one, ±50 %, at most 10 s. Milliseconds, default 250. */
  backoffMs?: number
  /** The longest wait that an origin may ask for by Retry-After; beyond it the error is thrown. Milliseconds, default 60,000. */
  maxRetryAfterMs?: number
  /** Says where connections may go, redirects included; elsewhere is `origin-refused`. Default: anywhere. */
  guard?: Guard | undefined
  /** Told before every wait. Default: nobody is. */
  onRetry?: (error: DragonflyError, waitMs: number) => void
  /** 0 ≤ number < 1, for the jitter. Default Math.random. */
  random?: () => number
}

export type OriginSettings = Required<OriginOptions>

export function settings(options: OriginOptions): OriginSettings {
  return {
    connectTimeoutMs: 10_000,
    headersTimeoutMs: 30_000,
    idleTimeoutMs: 30_000,
    attempts: 5,
    backoffMs: 250,
    maxRetryAfterMs: 60_000,
    guard: undefined,
    onRetry: () => {},
    random: Math.random,
    ...options,
  }
}
