// Starts libp2p: transports, encryption, identity and limits for swarms inside an organisation.
import { setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Address, Connection, Libp2p, PeerId, PrivateKey, Stream } from '@libp2p/interface'
import { peerIdFromCID } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { CID } from 'multiformats/cid'
import { DEFAULT_NEIGHBOURHOOD_POLICY } from '../swarm/neighbourhood-events.ts'
import { FLEET_PROTOCOL } from '../wire/protocols.ts'
import { groupOfAddress, ipOf, ipTextOf, placeOfAddress } from './address-group.ts'
import { cidTextOf, ofPeer, parseAddress, parseAnnounced, peerIdOf } from './addresses.ts'
import { BoundedDatastore } from './bounded-datastore.ts'
import { ConnectionGate } from './connection-gate.ts'
import { DialGate } from './dial-gate.ts'
import { gatedTransport } from './gated-transport.ts'
import type { HostOptions, HostParts } from './host-options.ts'
import type { LazyIdentify } from './identify.ts'
import { type HostLibp2pInit, libp2pOptions, MAX_STREAMS } from './libp2p-options.ts'
import { heldTransport } from './link-workers/held-transport.ts'
import { LinkWorkers } from './link-workers/link-workers.ts'
import { listenFailed } from './listen-reason.ts'
import { farthestLast } from './loopback.ts'
import { StrangersRoom } from './memory-budget.ts'
import { isUnsupported, otherVersion } from './other-version.ts'
import { makeThrifty } from './thrifty.ts'
import { timedTcp } from './timed-tcp.ts'
import { TrustedNetworks } from './trusted-networks.ts'

export { hasPort, isLoopbackAddress, parseAddress, parsePeerAddress, parsePeerId, peerOf } from './addresses.ts'

/**
 * A flash crowd behind one address is normal here; libp2p's own defaults (5/s, 10 pending, 300) would refuse it. Room for all
 * links of a seed, and for 500 peers that only use the DHT.
 */
const MAX_CONNECTIONS = DEFAULT_NEIGHBOURHOOD_POLICY.maxSeedLinks + 500
const CONNECT_TIMEOUT_MS = 5000
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
  const networks = new TrustedNetworks(options.trustedNetworks)
  const gate = new ConnectionGate({ most: options.maxConnections ?? MAX_CONNECTIONS, networks, isPreferred: options.isPreferred })
  const dials: DialGate = new DialGate({ remotes: () => host?.remotes() ?? [] })
  const workers = LinkWorkers.of(options, privateKey)
  let host: Host | undefined
  try {
    const filter: NonNullable<HostLibp2pInit['filter']> = {
      admits: raw => gate.admits(raw),
      mayDial: address => dials.believes(address, undefined),
      mayKeep: (peer, address) => host?.mayKeep(peer, address) ?? true,
    }
    const transport = heldTransport(workers, gatedTransport(dials, timedTcp(CONNECT_TIMEOUT_MS)))
    const node = await createLibp2p(
      libp2pOptions({ privateKey, listen, announce, transport, filter, datastore, services: options.services }),
    )
    makeThrifty(node, peer => datastore.hasPeer(cidTextOf(peer)))
    datastore.self = node.peerId.toString()
    datastore.isKept = id => id === node.peerId.toCID().toString() || node.getConnections(peerIdFromCID(CID.parse(id))).length > 0
    node.addEventListener('connection:open', ({ detail }) => gate.opened(detail))
    node.addEventListener('connection:close', ({ detail }) => gate.closed(detail))
    host = new Host(node, { privateKey, dials, networks, wall: options.wall, workers })
    return host
  } catch (error) {
    await workers?.stop()
    throw listenFailed(listen, error)
  }
}

export class Host {
  readonly libp2p: Libp2p
  readonly privateKey: PrivateKey
  readonly id: string
  readonly room = new StrangersRoom()
  readonly #parts: HostParts

  constructor(libp2p: Libp2p, parts: HostParts) {
    this.#parts = parts
    this.libp2p = libp2p
    this.privateKey = parts.privateKey
    this.id = libp2p.peerId.toString()
  }

  /** Full multiaddrs, /p2p/PEERID included. */
  get addresses(): string[] {
    return this.libp2p.getMultiaddrs().map(String)
  }

  /** Connects unless connected, to where the user says; resolves to the peer id. The addresses should be of one peer. */
  async connect(addresses: readonly string[], signal?: AbortSignal): Promise<string> {
    const named = addresses.map(parseAddress)
    this.#parts.dials.trust(named)
    const connection = await this.libp2p.dial(named, signalled(signal))
    return connection.remotePeer.toString()
  }

  /**
   * Connects to a peer by what it said itself, and by hearsay. `namer`: the peer that named it, or the name of a list. Of one that was
   * not known before and cannot be reached nothing is remembered.
   */
  async connectPeer(peer: string, heard: readonly string[], namer: string, signal?: AbortSignal): Promise<void> {
    const id = peerIdOf(peer)
    if (this.isConnected(peer)) return
    const isKnown = await this.libp2p.peerStore.has(id)
    const own = isKnown ? (await this.libp2p.peerStore.get(id)).addresses.map(({ multiaddr }) => multiaddr) : []
    // one that names another peer would spoil the dial of all of them
    const all = [...own, ...heard.map(parseAddress)].flatMap(address => ofPeer(address, peer) ?? [])
    try {
      await this.#parts.dials.asNamedBy(namer, () => this.libp2p.dial(all.length > 0 ? all : id, signalled(signal)))
    } catch (error) {
      if (!isKnown && !this.isConnected(peer)) await this.libp2p.peerStore.delete(id)
      throw error
    }
  }

  /** Connects to a peer by what it said of itself from these addresses (multicast DNS); resolves to whether that worked. */
  async connectStranger(peer: string, addresses: readonly string[], signal?: AbortSignal): Promise<boolean> {
    const good = addresses.filter(text => this.#parts.dials.believes(parseAddress(text), parseAddress(text)))
    return await this.connectPeer(peer, good, peer, signal).then(
      () => true,
      () => false,
    )
  }

  /** Of the addresses that a peer (its id) names, those which may be dialled because it does. */
  believable(namer: string, addresses: readonly string[]): string[] {
    if (addresses.length === 0) return []
    const from = this.libp2p.getConnections(peerIdOf(namer))[0]?.remoteAddr
    return addresses.filter(address => this.#parts.dials.believes(parseAddress(address), from))
  }

  /** Whether a connected peer is on this host itself. */
  isHere(peer: string): boolean {
    const from = this.libp2p.getConnections(peerIdOf(peer))[0]?.remoteAddr
    return from !== undefined && this.#parts.dials.isHere(from)
  }

  /** Of the addresses that a peer said of itself on an earlier run, those which may be dialled. `wasHere`: it was on this host. */
  recallable(addresses: readonly string[], wasHere: boolean): string[] {
    return addresses.filter(address => this.#parts.dials.recalls(parseAddress(address), wasHere))
  }

  /** Whether an address may be remembered of a peer, which said it itself if it is connected. */
  mayKeep(peer: PeerId, address: Multiaddr): boolean {
    return peer.equals(this.libp2p.peerId) || this.#parts.dials.believes(address, this.libp2p.getConnections(peer)[0]?.remoteAddr)
  }

  /** Remote addresses of all connections. */
  *remotes(): Iterable<Multiaddr> {
    for (const { remoteAddr } of this.libp2p.getConnections()) yield remoteAddr
  }

  /** Connections by who opened them, the peers at their ends, and link workers. */
  get company(): { inbound: number; outbound: number; peers: number; workers: number } {
    const all = this.libp2p.getConnections()
    const inbound = all.filter(({ direction }) => direction === 'inbound').length
    const workers = this.#parts.workers?.all.size ?? 0
    return { inbound, outbound: all.length - inbound, peers: this.libp2p.getPeers().length, workers }
  }

  get hasConnections(): boolean {
    return this.libp2p.getPeers().length > 0
  }

  isConnected(peer: string): boolean {
    return this.libp2p.getConnections(peerIdOf(peer)).length > 0
  }

  async openStream(peer: string, protocol: string, signal?: AbortSignal): Promise<Stream> {
    if (protocol !== FLEET_PROTOCOL) await this.#parts.wall?.enter(peer, signal)
    const options = { ...signalled(signal), maxOutboundStreams: MAX_STREAMS }
    return await this.libp2p.dialProtocol(peerIdOf(peer), protocol, options).catch(async error => {
      throw isUnsupported(error) ? otherVersion(protocol, await this.#protocolsOf(peer), error) : error
    })
  }

  /** `handler` gets the authenticated id of the remote. A rejected handler aborts the stream. */
  async handle(protocol: string, handler: StreamHandler): Promise<void> {
    const onStream = async (stream: Stream, connection: Connection) => {
      const peer = connection.remotePeer.toString()
      if (protocol !== FLEET_PROTOCOL) await this.#parts.wall?.admit(peer)
      await handler(stream, peer)
    }
    await this.libp2p.handle(protocol, onStream, { maxInboundStreams: MAX_STREAMS, maxOutboundStreams: MAX_STREAMS })
  }

  /** Resolves when a connected peer has said of itself what it will. */
  async identify(peer: string): Promise<void> {
    await Promise.all(this.libp2p.getConnections(peerIdOf(peer)).map(connection => this.#identify.of(connection)))
  }

  /** What a peer serves, as it says itself; none if it does not say. */
  async #protocolsOf(peer: string): Promise<string[]> {
    const known = this.identify(peer).then(() => this.libp2p.peerStore.get(peerIdOf(peer)))
    return (await known.catch(() => undefined))?.protocols ?? []
  }

  /**
   * Addresses of a peer that others could dial, as it told us itself; at most `limit`. First the one that leads here: a host
   * has others that only say something to itself (a bridge to its containers).
   */
  async addressesOf(peer: string, limit: number): Promise<string[]> {
    const here = ipOf(this.#remoteAddress(peer))
    const own = await this.#signedBy(peerIdOf(peer))
    const texts = own.toSorted(farthestLast).map(a => a.multiaddr.toString())
    return texts.toSorted((a, b) => Number(ipOf(b) === here) - Number(ipOf(a) === here)).slice(0, limit)
  }

  /** What others said of it is not signed by it. */
  async #signedBy(id: PeerId): Promise<Address[]> {
    const [connection] = this.libp2p.getConnections(id)
    const told = connection && (await this.#identify.addressesOf(connection).catch(() => undefined))
    if (told !== undefined) {
      return told.filter(address => this.mayKeep(id, address)).map(multiaddr => ({ multiaddr, isCertified: true }))
    }
    if (!(await this.libp2p.peerStore.has(id))) return []
    return (await this.libp2p.peerStore.get(id)).addresses.filter(({ isCertified }) => isCertified)
  }

  get #identify(): LazyIdentify {
    return (this.libp2p.services as unknown as { identify: LazyIdentify }).identify
  }

  /** The group (see `groupOfAddress`) of a connected peer, by the address that it has for us. */
  groupOf(peer: string): string | undefined {
    return groupOfAddress(this.#remoteAddress(peer))
  }

  /** What quotas count a connected peer by: its IPv4 address or IPv6 /64, as text; in a trusted network the peer alone. */
  placeOf(peer: string): string | undefined {
    const address = this.#remoteAddress(peer)
    return this.#parts.networks.has(address) ? peer : placeOfAddress(address)
  }

  /** IP address that a connected peer has for us, as text. */
  ipOf(peer: string): string | undefined {
    return ipTextOf(this.#remoteAddress(peer))
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
    const connections = this.libp2p.getConnections(peerIdOf(peer)) as MuxedConnection[]
    const times = connections.map(connection => connection.muxer?.getRTT?.() ?? -1).filter(ms => ms >= 0)
    return times.length === 0 ? undefined : Math.min(...times)
  }

  #remoteAddress(peer: string): string {
    return this.libp2p.getConnections(peerIdOf(peer))[0]?.remoteAddr.toString() ?? ''
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
    const idle = this.libp2p.getConnections(peerIdOf(peer)).filter(({ streams }) => streams.length === 0)
    await Promise.all(idle.map(connection => connection.close().catch(() => {})))
  }

  async disconnect(peer: string): Promise<void> {
    await this.libp2p.hangUp(peerIdOf(peer)).catch(() => {})
  }

  async stop(): Promise<void> {
    await this.libp2p.stop()
    await this.#parts.workers?.stop()
  }
}

function signalled(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal }
}
