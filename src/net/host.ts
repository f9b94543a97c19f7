// Starts libp2p: transports, encryption, identity and limits for swarms inside an organisation.

import { setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import type { Connection, Libp2p, PeerId, PrivateKey, Stream } from '@libp2p/interface'
import { peerIdFromCID, peerIdFromString } from '@libp2p/peer-id'
import { ping } from '@libp2p/ping'
import type { Multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { CID } from 'multiformats/cid'
import { DragonflyError } from '../core/errors.ts'
import { DEFAULT_NEIGHBOURHOOD_POLICY } from '../swarm/neighbourhood-events.ts'
import { FLEET_PROTOCOL } from '../wire/protocols.ts'
import { groupOfAddress, ipOf, placeOfAddress } from './address-group.ts'
import { ofPeer, parseAddress, parseAnnounced } from './addresses.ts'
import { BoundedDatastore } from './bounded-datastore.ts'
import { ConnectionGate } from './connection-gate.ts'
import { DialGate } from './dial-gate.ts'
import { thriftyNoise } from './encryption.ts'
import { gatedTransport } from './gated-transport.ts'
import type { HostOptions } from './host-options.ts'
import { listenReason } from './listen-reason.ts'
import { farthestLast } from './loopback.ts'
import { StrangersRoom } from './memory-budget.ts'
import { thriftyYamux } from './muxer.ts'
import { nativeTls } from './native-tls.ts'
import { timedTcp } from './timed-tcp.ts'
import type { Wall } from './wall.ts'

export { hasPort, isLoopbackAddress, parseAddress, parsePeerAddress, parsePeerId, peerOf } from './addresses.ts'

/** Flow control window of a stream (DESIGN §5: 1–4 MiB; larger ones make control messages wait behind bulk). */
const MAX_STREAM_WINDOW = 4 * 1024 * 1024
/** At least twice the window: pausing inside an event lets one more window arrive (facts of yamux 8). */
const MAX_READ_BUFFER = 2 * MAX_STREAM_WINDOW + 1024 * 1024
/** Streams of one protocol on one connection: a control and a data stream for each content shared with that peer. */
const MAX_STREAMS = 256
/**
 * A flash crowd behind one address is normal here; libp2p's own defaults (5/s, 10 pending, 300) would refuse it. Room for all
 * links of a seed, and for 500 peers that only use the DHT.
 */
const MAX_CONNECTIONS = DEFAULT_NEIGHBOURHOOD_POLICY.maxSeedLinks + 500
const CONNECT_TIMEOUT_MS = 5000
/** With the handshake, also of others with us: a starved host takes so long for a crowd's. Callers have limits of their own. */
const MAX_DIAL_TIMEOUT_MS = 90_000

/** What a connection has besides its public interface. */
type MuxedConnection = Connection & { muxer?: { getRTT?: () => number } }

export type StreamHandler = (stream: Stream, peer: string) => Promise<void>

/** libp2p leaves the addresses of a name to Node, which gives each no more than 250 ms: nobody farther away could be reached. */
const ADDRESS_TIMEOUT_MS = 2500

/** Starts a libp2p node. Rejects with `listen-failed` or `bad-multiaddr`. */
export async function startHost(options: HostOptions): Promise<Host> {
  const privateKey = options.privateKey ?? (await generateKeyPair('Ed25519'))
  setDefaultAutoSelectFamilyAttemptTimeout(ADDRESS_TIMEOUT_MS)
  const listen = options.listen.map(address => parseAddress(address).toString())
  const announce = (options.announce ?? []).map(parseAnnounced)
  const datastore = new BoundedDatastore()
  const gate = new ConnectionGate(options.maxConnections ?? MAX_CONNECTIONS)
  const dials: DialGate = new DialGate({ remotes: () => host?.remotes() ?? [] })
  let host: Host | undefined
  try {
    const node = await createLibp2p({
      privateKey,
      addresses: { listen, announce },
      transports: [gatedTransport(dials, timedTcp(CONNECT_TIMEOUT_MS))],
      connectionEncrypters: [nativeTls(), thriftyNoise()],
      streamMuxers: [
        thriftyYamux({
          maxEarlyStreams: MAX_STREAMS,
          streamOptions: { maxStreamWindowSize: MAX_STREAM_WINDOW, maxReadBufferLength: MAX_READ_BUFFER },
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
        denyInboundConnection: raw => !gate.admits(raw),
        denyDialMultiaddr: address => !dials.believes(address, undefined),
        filterMultiaddrForPeer: (peer, address) => host?.mayKeep(peer, address) ?? true,
      },
      connectionMonitor: { enabled: false },
      datastore,
      // the store forgets by itself whom nobody has spoken of for long; an address is as good as its peer
      peerStore: { maxAddressAge: Infinity, maxPeerAge: Infinity },
      services: { identify: identify(), ping: ping(), ...options.services },
    })
    datastore.self = node.peerId.toString()
    datastore.isKept = id => id === node.peerId.toCID().toString() || node.getConnections(peerIdFromCID(CID.parse(id))).length > 0
    node.addEventListener('connection:open', ({ detail }) => gate.opened(detail))
    node.addEventListener('connection:close', ({ detail }) => gate.closed(detail))
    host = new Host(node, privateKey, dials, options.wall)
    return host
  } catch (error) {
    if (error instanceof DragonflyError) throw error
    const reason = listenReason(error)
    throw new DragonflyError('listen-failed', `cannot listen on ${listen.join(', ')}: ${reason}`, {
      hint: 'choose another address or port with --listen',
      cause: error,
    })
  }
}

export class Host {
  readonly libp2p: Libp2p
  readonly privateKey: PrivateKey
  readonly id: string
  readonly room = new StrangersRoom()
  readonly #dials: DialGate
  readonly #wall: Wall | undefined

  constructor(libp2p: Libp2p, privateKey: PrivateKey, dials: DialGate, wall?: Wall) {
    this.#dials = dials
    this.#wall = wall
    this.libp2p = libp2p
    this.privateKey = privateKey
    this.id = libp2p.peerId.toString()
  }

  /** Full multiaddrs, /p2p/PEERID included. */
  get addresses(): string[] {
    return this.libp2p.getMultiaddrs().map(String)
  }

  /** Connects unless connected, to where the user says; resolves to the peer id. The addresses should be of one peer. */
  async connect(addresses: readonly string[], signal?: AbortSignal): Promise<string> {
    const named = addresses.map(parseAddress)
    this.#dials.trust(named)
    const connection = await this.libp2p.dial(named, signalled(signal))
    return connection.remotePeer.toString()
  }

  /**
   * Connects to a peer by what it said itself, and by hearsay. `namer`: the peer that named it, or the name of a list. Of one that was
   * not known before and cannot be reached nothing is remembered.
   */
  async connectPeer(peer: string, heard: readonly string[], namer: string, signal?: AbortSignal): Promise<void> {
    const id = peerIdFromString(peer)
    if (this.isConnected(peer)) return
    const isKnown = await this.libp2p.peerStore.has(id)
    const own = isKnown ? (await this.libp2p.peerStore.get(id)).addresses.map(({ multiaddr }) => multiaddr) : []
    // one that names another peer would spoil the dial of all of them
    const all = [...own, ...heard.map(parseAddress)].flatMap(address => ofPeer(address, peer) ?? [])
    try {
      await this.#dials.asNamedBy(namer, () => this.libp2p.dial(all.length > 0 ? all : id, signalled(signal)))
    } catch (error) {
      if (!isKnown && !this.isConnected(peer)) await this.libp2p.peerStore.delete(id)
      throw error
    }
  }

  /** Connects to a peer by what it said of itself from these addresses (multicast DNS); resolves to whether that worked. */
  async connectStranger(peer: string, addresses: readonly string[], signal?: AbortSignal): Promise<boolean> {
    const good = addresses.filter(text => this.#dials.believes(parseAddress(text), parseAddress(text)))
    return await this.connectPeer(peer, good, peer, signal).then(
      () => true,
      () => false,
    )
  }

  /** Of the addresses that a peer (its id) names, those which may be dialled because it does. */
  believable(namer: string, addresses: readonly string[]): string[] {
    if (addresses.length === 0) return []
    const from = this.libp2p.getConnections(peerIdFromString(namer))[0]?.remoteAddr
    return addresses.filter(address => this.#dials.believes(parseAddress(address), from))
  }

  /** Whether a connected peer is on this host itself. */
  isHere(peer: string): boolean {
    const from = this.libp2p.getConnections(peerIdFromString(peer))[0]?.remoteAddr
    return from !== undefined && this.#dials.isHere(from)
  }

  /** Of the addresses that a peer said of itself on an earlier run, those which may be dialled. `wasHere`: it was on this host. */
  recallable(addresses: readonly string[], wasHere: boolean): string[] {
    return addresses.filter(address => this.#dials.recalls(parseAddress(address), wasHere))
  }

  /** Whether an address may be remembered of a peer, which said it itself if it is connected. */
  mayKeep(peer: PeerId, address: Multiaddr): boolean {
    return peer.equals(this.libp2p.peerId) || this.#dials.believes(address, this.libp2p.getConnections(peer)[0]?.remoteAddr)
  }

  /** Remote addresses of all connections. */
  *remotes(): Iterable<Multiaddr> {
    for (const { remoteAddr } of this.libp2p.getConnections()) yield remoteAddr
  }

  get hasConnections(): boolean {
    return this.libp2p.getConnections().length > 0
  }
  isConnected(peer: string): boolean {
    return this.libp2p.getConnections(peerIdFromString(peer)).length > 0
  }

  async openStream(peer: string, protocol: string, signal?: AbortSignal): Promise<Stream> {
    if (protocol !== FLEET_PROTOCOL) await this.#wall?.enter(peer, signal)
    return await this.libp2p.dialProtocol(peerIdFromString(peer), protocol, {
      ...signalled(signal),
      maxOutboundStreams: MAX_STREAMS,
    })
  }

  /** `handler` gets the authenticated id of the remote. A rejected handler aborts the stream. */
  async handle(protocol: string, handler: StreamHandler): Promise<void> {
    const onStream = async (stream: Stream, connection: Connection) => {
      const peer = connection.remotePeer.toString()
      if (protocol !== FLEET_PROTOCOL) await this.#wall?.admit(peer)
      await handler(stream, peer)
    }
    await this.libp2p.handle(protocol, onStream, { maxInboundStreams: MAX_STREAMS, maxOutboundStreams: MAX_STREAMS })
  }

  /**
   * Addresses of a peer that others could dial, as it told us itself; at most `limit`. First the one that leads here: a host
   * has others that only say something to itself (a bridge to its containers).
   */
  async addressesOf(peer: string, limit: number): Promise<string[]> {
    const id = peerIdFromString(peer)
    if (!(await this.libp2p.peerStore.has(id))) return []
    const { addresses } = await this.libp2p.peerStore.get(id)
    const here = ipOf(this.#remoteAddress(peer))
    // what others said of it is not signed by it
    const own = addresses.filter(({ isCertified }) => isCertified)
    const texts = own.toSorted(farthestLast).map(a => a.multiaddr.toString())
    return texts.toSorted((a, b) => Number(ipOf(b) === here) - Number(ipOf(a) === here)).slice(0, limit)
  }

  /** The group (see `groupOfAddress`) of a connected peer, by the address that it has for us. */
  groupOf(peer: string): string | undefined {
    return groupOfAddress(this.#remoteAddress(peer))
  }

  /** The IPv4 address or IPv6 /64 of a connected peer, as text: what one customer of a network has. */
  placeOf(peer: string): string | undefined {
    return placeOfAddress(this.#remoteAddress(peer))
  }

  /** The groups that we are in ourselves. */
  get groups(): string[] {
    return [...new Set(this.addresses.map(groupOfAddress).filter(group => group !== undefined))]
  }

  /**
   * Milliseconds of a round trip to a connected peer, as yamux measures it unasked: when the connection begins and every
   * 30 s. undefined: not yet, or another muxer.
   */
  roundTrip(peer: string): number | undefined {
    const connections = this.libp2p.getConnections(peerIdFromString(peer)) as MuxedConnection[]
    const times = connections.map(connection => connection.muxer?.getRTT?.() ?? -1).filter(ms => ms >= 0)
    return times.length === 0 ? undefined : Math.min(...times)
  }

  #remoteAddress(peer: string): string {
    return this.libp2p.getConnections(peerIdFromString(peer))[0]?.remoteAddr.toString() ?? ''
  }

  /** Told of every peer that we have connected to, as soon as we have. */
  onConnected(listener: (peer: string) => void): void {
    const told = ({ detail }: CustomEvent<Connection>) => detail.direction === 'outbound' && listener(`${detail.remotePeer}`)
    this.libp2p.addEventListener('connection:open', told)
  }

  onDisconnect(listener: (peer: string) => void): () => void {
    const onEvent = (event: CustomEvent<PeerId>) => listener(event.detail.toString())
    this.libp2p.addEventListener('peer:disconnect', onEvent)
    return () => this.libp2p.removeEventListener('peer:disconnect', onEvent)
  }

  /** Ends connections to a peer on which nothing is under way. */
  async leaveIdle(peer: string): Promise<void> {
    const idle = this.libp2p.getConnections(peerIdFromString(peer)).filter(({ streams }) => streams.length === 0)
    await Promise.all(idle.map(connection => connection.close().catch(() => {})))
  }

  async disconnect(peer: string): Promise<void> {
    await this.libp2p.hangUp(peerIdFromString(peer)).catch(() => {})
  }

  async stop(): Promise<void> {
    await this.libp2p.stop()
  }
}

function signalled(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal }
}
