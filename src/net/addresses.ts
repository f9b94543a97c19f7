// Parses what the user and other peers write: multiaddrs and peer ids.
import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { LRUCache } from 'lru-cache'
import { DragonflyError } from '../core/errors.ts'
import type { DialablePeer } from '../core/peer.ts'
import { isLoopback } from './loopback.ts'

/** Parses a multiaddr; rejects with `bad-multiaddr`. */
export function parseAddress(text: string): Multiaddr {
  try {
    const address = multiaddr(text)
    if (address.getComponents().length === 0) throw new Error('empty')
    return address
  } catch (error) {
    throw new DragonflyError('bad-multiaddr', `not a multiaddr: ${JSON.stringify(text.slice(0, 200))}`, {
      hint: 'write it like /ip4/192.0.2.1/tcp/4801/p2p/12D3KooW…',
      cause: error,
    })
  }
}

/** An address that others are to dial: with a port, and the peer id is added by whoever tells it. */
export function parseAnnounced(text: string): string {
  const components = parseAddress(text).getComponents()
  const port = components.find(({ name }) => name === 'tcp')?.value
  if (port === undefined || port === '0') {
    throw new DragonflyError('bad-multiaddr', `an announced address without a TCP port: ${JSON.stringify(text.slice(0, 200))}`, {
      hint: 'listen on a fixed port, and announce it: /ip4/192.0.2.1/tcp/4801',
    })
  }
  return text.replace(/\/p2p\/[^/]+$/, '')
}

/** Parses a multiaddr that names its peer; resolves to both. */
export function parsePeerAddress(text: string): DialablePeer {
  const address = parseAddress(text)
  const peer = address.getComponents().findLast(c => c.name === 'p2p')?.value
  if (peer === undefined) {
    throw new DragonflyError('bad-multiaddr', `multiaddr without a peer id: ${JSON.stringify(text.slice(0, 200))}`, {
      hint: 'add /p2p/PEERID, as the seed prints it',
    })
  }
  return { peer: parsePeerId(peer), address: address.toString() }
}

/** The peer that a multiaddr names; undefined: none. Rejects with `bad-multiaddr`. */
export function peerOf(text: string): string | undefined {
  return parseAddress(text)
    .getComponents()
    .findLast(({ name }) => name === 'p2p')?.value
}

/** Whether a multiaddr names a TCP port that can be connected to. Rejects with `bad-multiaddr`. */
export function hasPort(text: string): boolean {
  const port = parseAddress(text)
    .getComponents()
    .find(({ name }) => name === 'tcp')?.value
  return port !== undefined && port !== '0'
}

/** Ids that are kept as read: more than a seed has links. */
const KEPT_IDS = 4096
const ids = new LRUCache<string, PeerId>({ max: KEPT_IDS })

/** libp2p's form of a peer id. A peer is asked about by its id all the time, and reading one takes 20 µs. */
export function peerIdOf(text: string): PeerId {
  const known = ids.get(text) ?? peerIdFromString(text)
  ids.set(text, known)
  return known
}

const cidTexts = new WeakMap<PeerId, string>()

/** The CID of a peer as text, which its libp2p form makes anew each time. */
export function cidTextOf(peer: PeerId): string {
  const text = cidTexts.get(peer) ?? peer.toCID().toString()
  cidTexts.set(peer, text)
  return text
}

/** Normalises a peer id; rejects with `bad-peer-id`. */
export function parsePeerId(text: string): string {
  try {
    return peerIdFromString(text).toString()
  } catch (error) {
    throw new DragonflyError('bad-peer-id', `not a peer id: ${JSON.stringify(text.slice(0, 100))}`, {
      hint: 'a peer id looks like 12D3KooW…',
      cause: error,
    })
  }
}

/** Whether only the host itself can connect to this address. Rejects with `bad-multiaddr`. */
export function isLoopbackAddress(text: string): boolean {
  return isLoopback(parseAddress(text))
}

/** The address with the peer's id, so that a connection to anybody else fails; undefined when it names another peer. */
export function ofPeer(address: Multiaddr, peer: string): Multiaddr | undefined {
  const named = address.getComponents().findLast(({ name }) => name === 'p2p')?.value
  if (named === undefined) return address.encapsulate(`/p2p/${peer}`)
  return named === peer ? address : undefined
}
