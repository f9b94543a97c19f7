// Encodes and decodes peers and their addresses.
import { peerIdFromMultihash, peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { LRUCache } from 'lru-cache'
import * as Digest from 'multiformats/hashes/digest'
import { bytesField, listField, malformed } from './fields.ts'
import type { PeerAddress as RawPeer } from './generated/messages.js'
import { LIMITS } from './limits.ts'

export interface PeerAddress {
  /** Peer id as text. */
  id: string
  /** Multiaddrs as text, each of which may be wrong: it is hearsay until a dial proves it. */
  addresses: string[]
}

const SHA2_256 = 0x12
/** Peers and addresses that are kept as they are on the wire: each is told to many. */
const KEPT = 4096
const idBytes = new LRUCache<string, Uint8Array<ArrayBuffer>>({ max: KEPT })
const addressBytes = new LRUCache<string, Uint8Array<ArrayBuffer>>({ max: KEPT })

/** For the generated decoder, so that it stops early. */
export const PEERS_LIMITS = { peers: LIMITS.peers, peers$: { addresses: LIMITS.addresses } }

export function peersToWire(peers: readonly PeerAddress[]): RawPeer[] {
  return listField(peers, LIMITS.peers, 'peers').map(({ id, addresses }) => ({
    id: peerIdToWire(id),
    addresses: addressesToWire(addresses),
  }))
}

export function addressesToWire(addresses: readonly string[]): Uint8Array<ArrayBuffer>[] {
  return listField(addresses, LIMITS.addresses, 'addresses').map(text => {
    return bytesField(
      kept(addressBytes, text, () => multiaddr(text).bytes),
      1,
      LIMITS.multiaddr,
      'address',
    )
  })
}

export function peersFromWire(peers: readonly RawPeer[]): PeerAddress[] {
  return listField(peers, LIMITS.peers, 'peers').map(peer => ({
    id: peerIdFromWire(peer.id),
    addresses: addressesFromWire(peer.addresses),
  }))
}

export function addressesFromWire(addresses: readonly Uint8Array[]): string[] {
  return listField(addresses, LIMITS.addresses, 'addresses')
    .map(bytes => addressText(bytesField(bytes, 1, LIMITS.multiaddr, 'address')))
    .filter(text => text !== undefined)
}

export function peerIdToWire(id: string): Uint8Array<ArrayBuffer> {
  return kept(idBytes, id, () => new Uint8Array(peerIdFromString(id).toMultihash().bytes))
}

/** One that was just told to somebody is told to others. */
function kept<T extends Uint8Array>(all: LRUCache<string, T>, text: string, encode: () => T): T {
  const known = all.get(text) ?? encode()
  all.set(text, known)
  return known
}

export function peerIdFromWire(bytes: Uint8Array): string {
  const multihash = Digest.decode(bytesField(bytes, 1, LIMITS.peerId, 'peer id'))
  if (multihash.code === SHA2_256 && multihash.size !== 32) throw malformed('peer id')
  const id = peerIdFromMultihash(multihash)
  if (id.type === 'url') throw malformed('peer id that is a URL')
  return id.toString()
}

/**
 * Undefined, and so left out, for addresses of a kind that we do not know (an honest relay may be newer than we are) and
 * for local sockets, which no stranger has any business to make us open.
 */
function addressText(bytes: Uint8Array): string | undefined {
  try {
    const address = multiaddr(bytes)
    return address.getComponents().some(({ name }) => name === 'unix') ? undefined : address.toString()
  } catch {
    return undefined
  }
}
