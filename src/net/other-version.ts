// Says in words why a peer does not take a protocol of ours: it has another version of it, or does not serve it at all.
import { DragonflyError } from '../core/errors.ts'

/** A protocol id: `/dragonfly/NAME/MAJOR.MINOR.PATCH`. */
const ID = /^(\/dragonfly\/[a-z]+\/)(\d+)\.(\d+)\.(\d+)$/

/** Names of libp2p's errors for a stream that the peer does not take. */
export function isUnsupported(error: unknown): boolean {
  return error instanceof Error && error.name === 'UnsupportedProtocolError'
}

/** `theirs`: the protocols that the peer named when it said who it is. */
export function otherVersion(protocol: string, theirs: readonly string[], cause: unknown): DragonflyError {
  const family = ID.exec(protocol)?.[1] ?? protocol
  const others = theirs.filter(id => id.startsWith(family) && ID.test(id)).toSorted(byNumber)
  const newest = others.at(-1)
  if (newest === undefined) {
    return new DragonflyError('peer-version', `it does not serve ${protocol}`, {
      hint: 'name a seed, or a member of the fleet',
      cause,
    })
  }
  const isNewer = byNumber(newest, protocol) > 0
  const message = `it has ${isNewer ? 'a newer' : 'an older'} version of Dragonfly: it speaks ${newest}, and this host ${protocol}`
  return new DragonflyError('peer-version', message, { hint: `update ${isNewer ? 'this host' : 'that host'}`, cause })
}

function byNumber(a: string, b: string): number {
  const [left, right] = [a, b].map(id => (ID.exec(id) ?? []).slice(2).map(Number))
  for (const at of [0, 1, 2]) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
