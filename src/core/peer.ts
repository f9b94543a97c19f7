// A peer that can be dialled.

export interface DialablePeer {
  /** Peer id. */
  peer: string
  /** Multiaddr that ends in /p2p/PEERID. */
  address: string
  /** More such multiaddrs. Default: none */
  others?: readonly string[]
}
