// Peers that are nowhere: ids with a key that nobody uses, at addresses of the caller's choice.
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import type { PeerAddress } from '../../src/wire/codec-peers.ts'

export async function inventedPeers(count: number, addresses: (i: number) => string[]): Promise<PeerAddress[]> {
  const keys = await Promise.all(Array.from({ length: count }, () => generateKeyPair('Ed25519')))
  return keys.map((key, i) => ({ id: peerIdFromPrivateKey(key).toString(), addresses: addresses(i) }))
}
