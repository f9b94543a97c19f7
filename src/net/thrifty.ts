// Leaves out what libp2p does for every connection and every stream, and what is of no use here.
import type { Connection, Libp2p, Peer, PeerData, PeerId, PeerStore } from '@libp2p/interface'
import { encryptEarly, type InsideUpgrader } from './early-encryption.ts'

/** What of libp2p is used besides its public interface; `test/net/internals.test.ts` tells when it is gone. */
export interface InsideLibp2p {
  components: {
    upgrader: InsideUpgrader
    events: { removeEventListener(type: 'connection:open', listener: (event: CustomEvent<Connection>) => void): void }
    connectionManager: { connectionPruner: { maybePruneConnections(event: CustomEvent<Connection>): void } }
  }
}

/** Of a node that has started. */
export function makeThrifty(node: Libp2p): void {
  const { upgrader, events, connectionManager } = (node as unknown as InsideLibp2p).components
  encryptEarly(upgrader)
  // for each that comes it lists all that there are; here the gate decides who goes, as no number is too many for the manager
  events.removeEventListener('connection:open', connectionManager.connectionPruner.maybePruneConnections)
  leaveOutStreamNotes(node.peerStore, node.peerId)
}

/**
 * With every stream, either way, libp2p notes in the peer store that the peer speaks its protocol. Identify tells all of them, and a peer
 * that only opened streams is none to be remembered for that.
 */
function leaveOutStreamNotes(peerStore: PeerStore, self: PeerId): void {
  const merge = peerStore.merge.bind(peerStore)
  peerStore.merge = async (id, data, options) => {
    const isNote = isOfStream(data) && !self.equals(id)
    return isNote ? unwritten(id as PeerId, data) : await merge(id, data, options)
  }
}

function isOfStream(data: PeerData): boolean {
  const [only, ...more] = Object.keys(data)
  return only === 'protocols' && more.length === 0 && data.protocols?.length === 1
}

function unwritten(id: PeerId, { protocols = [] }: PeerData): Peer {
  return { id, protocols: [...protocols], addresses: [], metadata: new Map(), tags: new Map() }
}
