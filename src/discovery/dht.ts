// Finds providers in a private Kademlia DHT, with settings for LANs and data centres.

import type { Connection } from '@libp2p/interface'
import { type KadDHT, type KadDHTComponents, kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import type { CID } from 'multiformats/cid'
import { raceSignal } from 'race-signal'
import { KAD_PROTOCOL } from '../wire/protocols.ts'

/** Every node must hold the same values: a provider record is renewed at half its life (js-libp2p kad-dht 16). */
const REPROVIDE = { validity: 30 * 60_000, interval: 60_000, threshold: 15 * 60_000, concurrency: 10 }

/**
 * The kad-dht service. `isServer`: answers others and stores records; otherwise it only asks, and asks at once instead
 * of waiting for its first table entry and self-query (measured: 25–280 ms to the first provider instead of 1.3–1.9 s).
 * Private addresses are kept: inside an organisation they are the ones that work.
 */
export function dhtService(isServer: boolean, access?: Access): (components: KadDHTComponents) => KadDHT {
  const service = kadDHT({
    protocol: KAD_PROTOCOL,
    clientMode: !isServer,
    allowQueryWithZeroPeers: !isServer,
    peerInfoMapper: passthroughMapper,
    alpha: 10,
    disjointPaths: 3,
    initialQuerySelfInterval: 10,
    networkDialTimeout: { minTimeout: 500, maxTimeout: 2000 },
    reprovide: REPROVIDE,
  })
  return components => {
    const hearing = asking(components)
    return service(access === undefined ? hearing : walled(hearing, access))
  }
}

/** Of the host: asks who is at the other end of a connection, if nobody has yet. */
interface Identifying {
  identify?: { of?(connection: Connection): Promise<void> }
}

/** The same components; whoever speaks kad to us may be a server, which the table wants to know at once. */
function asking(components: KadDHTComponents & Identifying): KadDHTComponents {
  const { registrar } = components
  const handle: typeof registrar.handle = async (protocol, handler, options) => {
    const heard: typeof handler = (stream, connection) => {
      void components.identify?.of?.(connection)
      return handler(stream, connection)
    }
    await registrar.handle(protocol, heard, options)
  }
  return through(components, { registrar: through(registrar, { handle }) })
}

/** Who may talk with us, and whom we may ask. Both resolve when it may be, and reject when it may not. */
interface Access {
  admit(peer: string): Promise<void>
  enter(peer: string, signal?: AbortSignal): Promise<void>
}

/** The same components, by which kad-dht hears of admitted peers only, answers nobody else, and asks nobody else. */
function walled(components: KadDHTComponents, { admit, enter }: Access): KadDHTComponents {
  const { registrar, connectionManager } = components
  const outgoing: Pick<typeof connectionManager, 'openStream'> = {
    // its table may name peers that were members once
    openStream: async (peer, protocol, options) => {
      await enter(String(peer), options?.signal)
      return await connectionManager.openStream(peer, protocol, options)
    },
  }
  const inside: Pick<typeof registrar, 'handle' | 'register'> = {
    handle: (protocol, handler, options) =>
      registrar.handle(
        protocol,
        async (stream, connection) => {
          await admit(connection.remotePeer.toString())
          await handler(stream, connection)
        },
        options,
      ),
    register: (protocol, topology, options) =>
      registrar.register(
        protocol,
        {
          ...topology,
          onConnect: (peer, connection) => {
            admit(peer.toString()).then(
              () => topology.onConnect?.(peer, connection),
              () => {},
            )
          },
        },
        options,
      ),
  }
  const wall = through(registrar, inside)
  return through(components, { registrar: wall, connectionManager: through(connectionManager, outgoing) })
}

/** `whole`, some of whose properties are those of `part`. */
function through<T extends object>(whole: T, part: Partial<T>): T {
  return new Proxy(whole, {
    get: (target, key) => {
      if (key in part) return part[key as keyof T]
      const value = Reflect.get(target, key) as unknown
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** Searches in a row that may come back empty while the table still grows, and how long that is waited for. */
const SEARCH_ROUNDS = 3
const GROWTH_MS = 300

/** What the service has besides its public interface: the table tells when the first node is in it. */
type DhtService = KadDHT & { routingTable: EventTarget & { size: number } }

export interface Provider {
  /** The peer that keeps the record. */
  from: string
  peer: string
  addresses: string[]
}

export class Dht {
  readonly #dht: DhtService

  constructor(dht: KadDHT) {
    this.#dht = dht as DhtService
  }

  /** Other nodes in the routing table. */
  get size(): number {
    return this.#dht.routingTable.size
  }

  get isEmpty(): boolean {
    return this.size === 0
  }

  /** Resolves when the first other node is in the table. */
  async ready(signal: AbortSignal): Promise<void> {
    if (!this.isEmpty) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const onAdded = () => resolve()
    this.#dht.routingTable.addEventListener('peer:add', onAdded, { once: true })
    try {
      await raceSignal(promise, signal)
    } finally {
      this.#dht.routingTable.removeEventListener('peer:add', onAdded)
    }
  }

  /**
   * Providers as they are found. A record is a claim, nothing more. kad-dht follows only peers that are closer to the key
   * than the one who names them, so the first search of a newcomer can miss the very node that has the record; but it
   * fills the table, and a search that starts from there finds it. So one that found nobody is repeated while that happens.
   * Records outlive their providers: `isOfUse` is asked after a search whether those that it found are. Default: whoever is found is.
   */
  async *find(key: CID, signal: AbortSignal, isOfUse = async () => true): AsyncGenerator<Provider> {
    for (let round = 0; round < SEARCH_ROUNDS; round++) {
      const before = this.#dht.routingTable.size
      let isFound = false
      for await (const provider of this.#search(key, signal)) {
        isFound = true
        yield provider
      }
      if ((isFound && (await isOfUse())) || !(await this.#grows(before, signal))) return
    }
  }

  async *#search(key: CID, signal: AbortSignal): AsyncGenerator<Provider> {
    for await (const event of this.#dht.findProviders(key, { signal })) {
      if (event.name !== 'PEER_RESPONSE' && event.name !== 'PROVIDER') continue
      const from = event.from.toString()
      for (const p of event.providers) yield { from, peer: p.id.toString(), addresses: p.multiaddrs.map(String) }
    }
  }

  /** Whether the table has more than `before` nodes, or will have in a moment: who was named is pinged first. */
  async #grows(before: number, signal: AbortSignal): Promise<boolean> {
    const { routingTable } = this.#dht
    if (routingTable.size > before) return true
    const soon = AbortSignal.any([signal, AbortSignal.timeout(GROWTH_MS)])
    await new Promise<void>(resolve => {
      routingTable.addEventListener('peer:add', () => resolve(), { once: true, signal: soon })
      soon.addEventListener('abort', () => resolve(), { once: true })
      if (soon.aborted) resolve()
    })
    return routingTable.size > before
  }

  /** Says that we have some of it, now and again until `withdraw`. */
  async announce(key: CID, signal: AbortSignal): Promise<void> {
    for await (const _ of this.#dht.provide(key, { signal })) {
      // the walk itself is the work
    }
  }

  async withdraw(key: CID): Promise<void> {
    await this.#dht.cancelReprovide(key)
  }
}
