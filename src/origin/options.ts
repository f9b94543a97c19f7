// Options of reading an origin, and the shape of a request.
import type { DragonflyError } from '../core/errors.ts'
import type { HeaderList } from '../core/headers.ts'
import type { Gates } from './gates.ts'
import type { Guard } from './guard.ts'
import { PUBLIC_GATEWAYS } from './ipfs/gateway-urls.ts'
import type { Proxies } from './proxies.ts'
import type { CaFile } from './trust.ts'

/** What is asked of an origin: a canonical URL, and headers that go to the URL's own host only. */
export interface OriginRequest {
  /** http: or https:, as `makeTask` gives it. Redirects are followed anew at every request. */
  url: string
  /** Checked by `checkHeaders`. */
  headers: HeaderList
  /** Holds the bytes of bodies back as they are read. Default: nothing does. */
  pace?: BodyPace
  /** Whether an answer that redirects is what is wanted, and is not followed. Default false. */
  staysHere?: boolean
  /** One more stream of a read that goes on without it: sent only where the host has room, and tried once. Default false. */
  isExtra?: boolean
}

/** Chunks as they come made chunks as they may be used; what is not taken is not read from the connection. Throws the abort. */
export type BodyPace = (chunks: AsyncIterable<Uint8Array>, signal: AbortSignal) => AsyncIterable<Uint8Array>

export interface IpfsOptions {
  /** As `gatewayUrls` gives them. */
  urls: readonly string[]
  /** As that of an origin, but for the gateways, which may be where others cannot send us. Default: none. */
  guard?: Guard | undefined
}

/** Every one may be left out. */
export interface OriginOptions {
  /** Until the connection stands, and again until it is secure. All addresses of a host share it. Milliseconds, default 10,000. */
  connectTimeoutMs?: number
  /** Until the answer's headers are there: some origins make their files first. Milliseconds, default 300,000. */
  headersTimeoutMs?: number
  /** Without any byte of the body while we want some; a link that is dead is noticed earlier. Milliseconds, default 120,000. */
  idleTimeoutMs?: number
  /** Tries in a row without a single new byte; of those that ended in silence, two. Default 6, as curl --retry 5. */
  attempts?: number
  /** Wait before the second try; doubles with every further one, ±50 %, at most 10 s. Milliseconds, default 250. */
  backoffMs?: number
  /** The longest wait that an origin may ask for by Retry-After; beyond it the error is thrown. Milliseconds, default 60,000. */
  maxRetryAfterMs?: number
  /** Requests under way at one origin host (scheme, name and port) at a time; the others wait in turn. Default 16. */
  connections?: number
  /** Requests for others to one origin host over time, redirects included. A second, default 50. */
  requestsPerSecond?: number
  /** Requests for others that may go to one origin host at once after a rest. Default 200. */
  requestBurst?: number
  /** Bytes of bodies from one origin host, all reads together. A second, default Infinity. */
  bytesPerSecond?: number
  /** Failures in a row (no connection, no answer, 5xx) after which an origin host is left alone. Default 10. */
  breakerFailures?: number
  /** How long it is left alone; doubles with every trial that fails. Milliseconds, default 1,000. */
  coolingMs?: number
  /** How long it is left alone at most. Milliseconds, default 60,000. */
  maxCoolingMs?: number
  /** Whether the origin is read for others: headers that are no part of a task are not sent. Default false. */
  forOthers?: boolean
  /** Says where connections may go, redirects included; elsewhere is `origin-refused`. Default: anywhere. */
  guard?: Guard | undefined
  /** Chooses the proxy of each connection. Default: all are direct. */
  proxies?: Proxies | undefined
  /** Certificate authorities for https. Default: Node's and the system's. */
  ca?: CaFile | undefined
  /** The gateways of ipfs: URLs; called when one is asked for. Throws `bad-option`. Default: public ones. */
  ipfs?: () => IpfsOptions
  /** Shared with other clients: what a host has to bear counts for all of them together, by the settings of the gates. Default: its own. */
  gates?: Gates | undefined
  /** Told of every HTTP request when it is answered or has failed, redirects and retries included. Default: nobody is. */
  onRequest?: () => void
  /** Told before every wait. Default: nobody is. */
  onRetry?: (error: DragonflyError, waitMs: number) => void
  /** 0 ≤ number < 1, for the jitter. Default Math.random. */
  random?: () => number
}

export type OriginSettings = Required<OriginOptions>

export function settings(options: OriginOptions): OriginSettings {
  return {
    connectTimeoutMs: 10_000,
    headersTimeoutMs: 300_000,
    idleTimeoutMs: 120_000,
    attempts: 6,
    backoffMs: 250,
    maxRetryAfterMs: 60_000,
    connections: 16,
    requestsPerSecond: 50,
    requestBurst: 200,
    bytesPerSecond: Number.POSITIVE_INFINITY,
    breakerFailures: 10,
    coolingMs: 1000,
    maxCoolingMs: 60_000,
    forOthers: false,
    guard: undefined,
    proxies: undefined,
    ca: undefined,
    ipfs: () => ({ urls: PUBLIC_GATEWAYS }),
    gates: undefined,
    onRequest: () => {},
    onRetry: () => {},
    random: Math.random,
    ...options,
  }
}
