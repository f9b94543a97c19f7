// Leaves out what libp2p does for every connection and every stream, and what is of no use here.
import {
  type Connection,
  type Libp2p,
  type MultiaddrConnection,
  NotFoundError,
  type Peer,
  type PeerData,
  type PeerId,
  type PeerStore,
} from '@libp2p/interface'
import { encryptEarly, type InsideUpgrader } from './early-encryption.ts'

/** What of libp2p is used besides its public interface; `test/net/internals.test.ts` tells when it is gone. */
export interface InsideLibp2p {
  components: {
    upgrader: InsideUpgrader
    events: { removeEventListener(type: 'connection:open', listener: (event: CustomEvent<Connection>) => void): void }
    connectionManager: {
      connectionPruner: { maybePruneConnections(event: CustomEvent<Connection>): void }
      acceptIncomingConnection(raw: MultiaddrConnection): boolean
      afterUpgradeInbound(): void
    }
  }
}

/** Of a node that has started. `isKnown`: whether its peer store may have something of a peer. */
export function makeThrifty(node: Libp2p, isKnown: (peer: PeerId) => boolean): void {
  const { upgrader, events, connectionManager } = (node as unknown as InsideLibp2p).components
  encryptEarly(upgrader)
  // for each that comes it lists all that there are; here the gate decides who goes, as no number is too many for the manager
  events.removeEventListener('connection:open', connectionManager.connectionPruner.maybePruneConnections)
  // counts all connections for each that comes; the gate has admitted it already
  connectionManager.acceptIncomingConnection = () => true
  connectionManager.afterUpgradeInbound = () => {}
  leaveOutStreamNotes(node.peerStore, node.peerId)
  answerForStrangers(node.peerStore, isKnown)
}

/**
 * Whenever a peer goes, libp2p looks into the peer store who it was: a lock, a queue and a key for each look. Of a client that was not asked who it
 * is there is nothing.
 */
function answerForStrangers(peerStore: PeerStore, isKnown: (peer: PeerId) => boolean): void {
  const [has, get] = [peerStore.has.bind(peerStore), peerStore.get.bind(peerStore)]
  peerStore.has = async (id, options) => isKnown(id as PeerId) && (await has(id, options))
  peerStore.get = async (id, options) => {
    if (!isKnown(id as PeerId)) throw new NotFoundError('nothing is known of this peer')
    return await get(id, options)
  }
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
