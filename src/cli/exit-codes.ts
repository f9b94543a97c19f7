// Exit codes of df. They are stable, and `df help exit-codes` lists them.
import type { DragonflyError } from '../index.ts'

type ErrorCode = DragonflyError['code']

export const OK = 0
export const UNEXPECTED = 1
export const USAGE = 2
export const REFUSED = 3
export const ORIGIN_BROKEN = 4
export const WRONG_CONTENT = 5
export const OUTPUT = 6
export const NO_SOURCE = 7
export const TIMEOUT = 8
export const HUNG_UP = 129
export const INTERRUPTED = 130
/** As a program ends that the system stops for writing to a pipe nobody reads. */
export const PIPE_CLOSED = 141
export const TERMINATED = 143

/** What `df help exit-codes` prints; the README has the same table. */
export const EXIT_CODES: ReadonlyArray<readonly [code: number, meaning: string]> = [
  [OK, 'done; for a seed or during --linger: stopped by a signal'],
  [UNEXPECTED, 'unexpected: a bug in df; for df gateway check: something is missing'],
  [USAGE, 'usage: an option, a URL, an address, a digest, a header or the config file is malformed'],
  [REFUSED, 'the origin refuses: 404, 401, 403 and every other 4xx but those that mean later'],
  [
    ORIGIN_BROKEN,
    'the origin fails, cannot be reached, or says later: 5xx, 408, 425, 429, connection refused, unknown host, timeout, cut short',
  ],
  [WRONG_CONTENT, 'wrong content: wrong digest, changed while it was read, not trusted, or shorter than the range of -r'],
  [OUTPUT, 'output, disk or store: not writable, no space, in use'],
  [NO_SOURCE, 'network: nobody has the content, peers refuse, no address to listen on, or no daemon'],
  [TIMEOUT, '--timeout expired'],
  [HUNG_UP, 'stopped by SIGHUP (the terminal was closed)'],
  [INTERRUPTED, 'stopped by SIGINT (Ctrl-C)'],
  [PIPE_CLOSED, 'the reader of standard output closed it'],
  [TERMINATED, 'stopped by SIGTERM'],
]

const BY_ERROR: Record<ErrorCode, number> = {
  'bad-url': USAGE,
  'bad-scheme': USAGE,
  'bad-multiaddr': USAGE,
  'bad-fleet': USAGE,
  'bad-peer-id': USAGE,
  'bad-digest': USAGE,
  'bad-header': USAGE,
  'bad-option': USAGE,
  'not-found': USAGE,
  'origin-not-found': REFUSED,
  'origin-forbidden': REFUSED,
  'origin-error': ORIGIN_BROKEN,
  'origin-unreachable': ORIGIN_BROKEN,
  'origin-unknown-host': ORIGIN_BROKEN,
  'origin-timeout': ORIGIN_BROKEN,
  'origin-truncated': ORIGIN_BROKEN,
  'origin-redirect': ORIGIN_BROKEN,
  'origin-changed': WRONG_CONTENT,
  'origin-lies': WRONG_CONTENT,
  'range-unsatisfiable': WRONG_CONTENT,
  'digest-mismatch': WRONG_CONTENT,
  'corrupt-piece': WRONG_CONTENT,
  untrusted: WRONG_CONTENT,
  'output-unwritable': OUTPUT,
  'no-space': OUTPUT,
  'store-error': OUTPUT,
  'store-locked': OUTPUT,
  'origin-refused': NO_SOURCE,
  'seed-busy': NO_SOURCE,
  'no-source': NO_SOURCE,
  'no-daemon': NO_SOURCE,
  'listen-failed': NO_SOURCE,
  protocol: NO_SOURCE,
  'peer-version': NO_SOURCE,
  'peer-refused': NO_SOURCE,
  timeout: TIMEOUT,
  aborted: INTERRUPTED,
  internal: UNEXPECTED,
}

/** The exit code for an error of the library; `status` is the origin's HTTP status, when it answered. */
export function exitCodeOf(code: ErrorCode, status?: number): number {
  const isLater = status === 408 || status === 425 || status === 429
  if (code === 'origin-error' && status !== undefined && status >= 400 && status < 500 && !isLater) return REFUSED
  return BY_ERROR[code]
}

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(BY_ERROR, code)
}
