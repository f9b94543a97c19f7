// Decides which peers a host remembers after it has ended, and which of them to try when nobody else is there. Pure, told the time.

/** A peer that this host was connected to. */
export interface KnownPeer {
  id: string
  /** Its addresses as it has signed them: a libp2p signed peer record (RFC 0003), base64. */
  record: string
  /** When it was connected last, milliseconds since 1970. */
  seenAt: number
  /** Whether it answers in the DHT, and so means to stay. */
  isLongLived: boolean
  /** Whether it was on this host itself: only then do addresses count that lead to this host. */
  isHere: boolean
  /** The IPv4 address or IPv6 /64 that it was connected from. */
  place: string
}

/** Peers that are remembered: with records of 300 bytes about 30 KiB, to be read in a millisecond. */
export const MAX_KNOWN = 64
/** A long-lived peer that was not met for so long has gone, or has another address by now, ms. */
export const KNOWN_FOR_MS = 14 * 24 * 3_600_000
/** The same for a download that lingers, ms. */
export const BRIEFLY_KNOWN_FOR_MS = 3_600_000
/** Peers that are dialled at once. One that answers is enough: it knows others. */
export const MAX_TRIED = 8
/** A clock that was set back makes no entry immortal: this is how far ahead one may be, ms. */
const MAX_AHEAD_MS = 60_000

/**
 * All of them without those that are too old or too many; of one peer, what was seen last. Long-lived ones first, then the last met.
 * When there are too many, places take turns: many identities of one host do not make us forget all others.
 */
export function merged(lists: readonly (readonly KnownPeer[])[], now: number): KnownPeer[] {
  const latest = new Map<string, KnownPeer>()
  for (const peer of lists.flat()) {
    if (!isOfUse(peer, now)) continue
    const other = latest.get(peer.id)
    if (other === undefined || other.seenAt <= peer.seenAt) latest.set(peer.id, peer)
  }
  const all = [...latest.values()].toSorted(byWorth)
  return all.length <= MAX_KNOWN ? all : fairly(all).toSorted(byWorth)
}

/** MAX_KNOWN of them, which come in the order of their worth: the best of each place, then the second best, and so on. */
function fairly(all: readonly KnownPeer[]): KnownPeer[] {
  const counts = new Map<string, number>()
  const turns = all.map(peer => {
    const turn = counts.get(peer.place) ?? 0
    counts.set(peer.place, turn + 1)
    return { peer, turn }
  })
  const isBetter = (a: (typeof turns)[number], b: (typeof turns)[number]) =>
    Number(b.peer.isLongLived) - Number(a.peer.isLongLived) || a.turn - b.turn
  return turns
    .toSorted(isBetter)
    .slice(0, MAX_KNOWN)
    .map(({ peer }) => peer)
}

/**
 * Those to dial, at most MAX_TRIED. `failedAt`: when a dial of one failed; those go last. Half are the last ones that were met, half are
 * drawn: a crowd that has lost its seed does not all come to the same few.
 */
export function chosen(all: readonly KnownPeer[], failedAt: ReadonlyMap<string, number>, random: () => number): KnownPeer[] {
  const fresh = all.filter(({ id }) => !failedAt.has(id))
  const failures = ({ id }: KnownPeer) => failedAt.get(id) ?? 0
  const failed = all.filter(({ id }) => failedAt.has(id)).toSorted((a, b) => failures(a) - failures(b))
  const first = fresh.slice(0, MAX_TRIED / 2)
  const others = fresh.slice(MAX_TRIED / 2).map(peer => ({ peer, lot: random() }))
  const drawn = others.toSorted((a, b) => a.lot - b.lot).map(({ peer }) => peer)
  return [...first, ...drawn, ...failed].slice(0, MAX_TRIED)
}

function isOfUse({ seenAt, isLongLived }: KnownPeer, now: number): boolean {
  const age = now - seenAt
  return age >= -MAX_AHEAD_MS && age < (isLongLived ? KNOWN_FOR_MS : BRIEFLY_KNOWN_FOR_MS)
}

function byWorth(a: KnownPeer, b: KnownPeer): number {
  return Number(b.isLongLived) - Number(a.isLongLived) || b.seenAt - a.seenAt
}
