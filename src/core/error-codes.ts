// The table of error codes and their meanings; docs, wire and exit codes are derived from it.

/**
 * Code → meaning. Stable: programs branch on the code. The part before the first dash names who is to blame.
 * @enum
 */
export const ERROR_CODES = {
  'bad-url': 'The URL is malformed or too long.',
  'bad-scheme': 'The scheme of the URL is none that can be read here.',
  'bad-multiaddr': 'A peer address is malformed, or does not end in /p2p/PEERID.',
  'bad-fleet': 'The fleet file is missing, malformed, or open to other users.',
  'bad-peer-id': 'A peer id is malformed.',
  'bad-digest': 'A digest is not sha256: and 64 hexadecimal digits.',
  'bad-header': 'A header is malformed, too long, or belongs to the connection.',
  'bad-option': 'An option is unknown, malformed or out of bounds.',
  'not-found': 'Nothing is stored under this URL or id.',
  'origin-not-found': 'The origin says that the content does not exist (404, 410).',
  'origin-forbidden': 'The origin refuses these credentials (401, 403).',
  'origin-error': 'The origin answers with another error; the field status has it.',
  'origin-unreachable': 'The origin, or the proxy on the way to it, refuses connections or drops them.',
  'origin-unknown-host': 'The name of the origin cannot be resolved.',
  'origin-timeout': 'The origin does not answer in time.',
  'origin-truncated': 'The origin ended before the length that it announced.',
  'origin-changed': 'The content changed at the origin while it was read.',
  'origin-lies': 'The origin contradicts itself: its answer does not fit what it says about it.',
  'origin-redirect': 'The origin redirects too often, or to nowhere.',
  'origin-refused': 'A seed does not read this address for others.',
  'seed-busy': 'A seed is asked for more contents at a time than it has room for.',
  'range-unsatisfiable': 'The range begins beyond the end of the content.',
  'digest-mismatch': 'The content does not have the digest that was asked for.',
  'corrupt-piece': 'A piece does not have the digest that the manifest names.',
  untrusted: 'Nobody who is trusted vouches for the content.',
  'output-unwritable': 'The output cannot be written.',
  'no-space': 'The disk, or the quota, has no room for the content.',
  'store-error': 'The store cannot be read or written.',
  'store-locked': 'Another process uses what is stored.',
  'no-source': 'Nobody who can be reached has the content.',
  'no-daemon': 'No daemon runs on this host, or it cannot be talked to.',
  'listen-failed': 'An address cannot be listened on.',
  protocol: 'A peer broke the protocol.',
  'peer-version': 'A peer does not speak the version of the protocol that this host speaks.',
  'peer-refused': 'A peer refuses the connection or the request.',
  timeout: 'The time allowed is over.',
  aborted: 'The caller stopped the operation.',
  internal: 'A fault of this program.',
} as const

/** One of the codes of `ERROR_CODES`. */
export type ErrorCode = keyof typeof ERROR_CODES

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERROR_CODES, code)
}
