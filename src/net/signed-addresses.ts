// A peer's addresses as it has signed them (libp2p signed peer records, RFC 0003): what others keep or pass on cannot be forged.
import type { PeerId } from '@libp2p/interface'
import { peerIdFromCID, peerIdFromString } from '@libp2p/peer-id'
import { PeerRecord, RecordEnvelope } from '@libp2p/peer-record'
import { DragonflyError } from '../core/errors.ts'
import { LIMITS } from '../wire/limits.ts'
import type { Host } from './host.ts'

/** Bytes of a record that is kept: eight addresses, key and signature take 500. */
export const MAX_RECORD_BYTES = 2048

/** The record of a connected peer, once it has sent one; undefined: it has not, or it is too long. */
export async function signedRecordOf(host: Host, peer: string): Promise<Uint8Array | undefined> {
  const id: PeerId = peerIdFromString(peer)
  await host.identify(peer)
  if (!(await host.libp2p.peerStore.has(id))) return undefined
  const { peerRecordEnvelope: record } = await host.libp2p.peerStore.get(id)
  return record === undefined || record.byteLength > MAX_RECORD_BYTES ? undefined : record
}

/** Whose record it is, and which addresses it names. Rejects when it was not signed by that peer itself. */
export async function openSignedRecord(record: Uint8Array): Promise<{ peer: string; addresses: string[] }> {
  const envelope = await RecordEnvelope.openAndCertify(record, PeerRecord.DOMAIN)
  const { peerId, multiaddrs } = PeerRecord.createFromProtobuf(envelope.payload)
  if (!peerId.equals(peerIdFromCID(envelope.publicKey.toCID()))) {
    throw new DragonflyError('protocol', 'a peer record that another peer has signed')
  }
  return { peer: peerId.toString(), addresses: multiaddrs.slice(0, LIMITS.addresses).map(String) }
}
