// Opens what a peer has signed of itself (libp2p signed peer records, RFC 0003).
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { PeerRecord, RecordEnvelope } from '@libp2p/peer-record'
import type { Multiaddr } from '@multiformats/multiaddr'
import { DragonflyError } from '../core/errors.ts'

/** Addresses of a peer that are kept while it is connected, those that it names first. */
const MAX_ADDRESSES = 32

/** The addresses in a record, each once. Rejects with `protocol` unless `peer` has signed it of itself, and for what cannot be read. */
export async function openRecord(record: Uint8Array, peer: PeerId): Promise<Multiaddr[]> {
  try {
    const { publicKey, payload } = await RecordEnvelope.openAndCertify(record, PeerRecord.DOMAIN)
    const { peerId, multiaddrs } = PeerRecord.createFromProtobuf(payload)
    if (!peerId.equals(peer) || !peerIdFromPublicKey(publicKey).equals(peer)) throw new Error('of another peer')
    const named = new Map(multiaddrs.map(address => [`${address}`, address]))
    return [...named.values()].slice(0, MAX_ADDRESSES)
  } catch (cause) {
    throw new DragonflyError('protocol', 'a peer record that cannot be read, or that its peer has not signed', { cause })
  }
}
