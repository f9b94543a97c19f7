// What libp2p is told: transports, encryption, limits for swarms inside an organisation.
import type { MultiaddrConnection, PeerId, PrivateKey, Transport } from '@libp2p/interface'
import { ping } from '@libp2p/ping'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Datastore } from 'interface-datastore'
import type { Libp2pOptions } from 'libp2p'
import type { HostOptions } from './host-options.ts'
import { LazyIdentify } from './identify.ts'
import { lateNoise } from './late-encrypter.ts'
import { farthestLast } from './loopback.ts'
import { nativeTls } from './native-tls.ts'
import { quietLogger } from './quiet-logger.ts'
import { yamux } from './yamux/muxer.ts'

/** Largest window of a stream: twice what 1 Gbit/s holds in 60 ms. It grows only as fast as its reader deals with what comes. */
const MAX_STREAM_WINDOW = 16 * 1024 * 1024
/** A stream holds no more than its window of what came; room for what libp2p puts back in front of it when it has negotiated. */
const MAX_READ_BUFFER = MAX_STREAM_WINDOW + 1024 * 1024
/** Streams of one protocol on one connection: a control and a data stream for each content shared with that peer. */
export const MAX_STREAMS = 256
/** With the handshake, also of others with us: a starved host takes so long for a crowd's. Callers have limits of their own. */
const MAX_DIAL_TIMEOUT_MS = 90_000

export interface HostLibp2pInit {
  privateKey: PrivateKey
  listen: string[]
  announce: string[]
  // biome-ignore lint/suspicious/noExplicitAny: as libp2p has it
  transport: (components: any) => Transport
  filter: {
    /** Whether a connection that has just come may stay. */
    admits(raw: MultiaddrConnection): boolean
    mayDial(address: Multiaddr): boolean
    /** Whether an address may be remembered of a peer. */
    mayKeep(peer: PeerId, address: Multiaddr): boolean
  }
  datastore: Datastore
  services: HostOptions['services']
}

export function libp2pOptions(init: HostLibp2pInit): Libp2pOptions {
  const { privateKey, listen, announce, transport, filter, datastore, services } = init
  const logger = quietLogger()
  return {
    privateKey,
    ...(logger && { logger }),
    addresses: { listen, announce },
    transports: [transport],
    connectionEncrypters: [nativeTls(), lateNoise],
    streamMuxers: [
      yamux({
        maxEarlyStreams: MAX_STREAMS,
        maxStreamWindowSize: MAX_STREAM_WINDOW,
        maxReadBufferLength: MAX_READ_BUFFER,
      }),
    ],
    connectionManager: {
      // the gate decides, who can make room
      maxConnections: Infinity,
      inboundConnectionThreshold: Infinity,
      maxIncomingPendingConnections: Infinity,
      dialTimeout: MAX_DIAL_TIMEOUT_MS,
      addressDialTimeout: MAX_DIAL_TIMEOUT_MS,
      inboundUpgradeTimeout: MAX_DIAL_TIMEOUT_MS,
      addressSorter: farthestLast,
    },
    connectionGater: {
      denyInboundConnection: raw => !filter.admits(raw),
      denyDialMultiaddr: address => !filter.mayDial(address),
      filterMultiaddrForPeer: filter.mayKeep,
    },
    connectionMonitor: { enabled: false },
    datastore,
    // the store forgets by itself whom nobody has spoken of for long; an address is as good as its peer
    peerStore: { maxAddressAge: Infinity, maxPeerAge: Infinity },
    services: { identify: components => new LazyIdentify(components), ping: ping(), ...services },
  }
}
