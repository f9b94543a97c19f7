// Starts the network of a node: libp2p host, DHT and exchange. Loaded only when there is somebody to talk to.

import { join } from 'node:path'
import type { KadDHT } from '@libp2p/kad-dht'
import { DragonflyError, fromSystemError } from '../core/errors.ts'
import type { DialablePeer } from '../core/peer.ts'
import { Dht, dhtService } from '../discovery/dht.ts'
import { isName, parseName } from '../discovery/ways.ts'
import { type Accept, Exchange } from '../net/exchange.ts'
import { type Host, hasPort, isLoopbackAddress, parsePeerAddress, parsePeerId, peerOf, startHost } from '../net/host.ts'
import type { Wall } from '../net/wall.ts'
import { readFleetFile } from '../store/fleet-file.ts'
import { dragonflyHome } from '../store/home.ts'
import { acquireLock, type Lock } from '../store/lock.ts'
import { makePath } from '../store/make-path.ts'
import { showPresence } from '../store/presence.ts'
import { shareSent } from '../transfer/sent-buffers.ts'
import { causeOf, type EventFacts } from './api/events.ts'
import type { NodeOptions } from './api/node-options.ts'
import type { Network } from './context/node-context.ts'
import { Fleet } from './fleet/fleet.ts'
import { watchFleetFile } from './fleet/fleet-file-watch.ts'
import { closeHome } from './home-modes.ts'
import { loadIdentity } from './identity.ts'
import { KnownPeers } from './peers/known-peers.ts'

/** libp2p goes on without IPv6 where there is none, as long as IPv4 works. */
const DEFAULT_LISTEN = ['/ip4/0.0.0.0/tcp/0', '/ip6/::/tcp/0']
const MAX_ADDRESSES = 100

type Emit = (facts: EventFacts) => void

export interface StartedNetwork {
  network: Network
  seeds: DialablePeer[]
  fleet: Fleet | undefined
  /** Peer ids that are trusted because they are seeds, or were named. */
  trusted: string[]
  /** Addresses, with commas between, when no other host can connect to any; undefined otherwise. */
  unreachable: string | undefined
  /** Whether peers of the local network are looked for. */
  isOnLan: boolean
  /** Gives back what only one process may hold. */
  release: () => Promise<void>
}

export async function startNetwork(
  options: NodeOptions,
  home: string | undefined,
  accept: Accept,
  emit: Emit,
): Promise<StartedNetwork> {
  const seeds = limited(options.seeds).map(parsePeerAddress)
  for (const way of limited(options.bootstrap)) checkWay(way)
  const trusted = [...seeds.map(s => s.peer), ...limited(options.trust).map(parsePeerId)]
  const secrets = options.fleet === undefined ? undefined : await readFleetFile(options.fleet)
  const isOnLan = options.lan === true && !isForThisHost(options)
  const identity = options.persistentIdentity === true ? await ownIdentity(home ?? dragonflyHome(), emit) : undefined
  try {
    let fleet: Fleet | undefined
    const wall: Wall | undefined = secrets && {
      enter: async (peer, signal) => await fleet?.enter(peer, signal),
      admit: async peer => await fleet?.admit(peer),
    }
    if ((options.linkWorkers ?? 0) > 0) shareSent()
    const host = await startHost({
      listen: options.listen ?? DEFAULT_LISTEN,
      announce: limited(options.announce),
      privateKey: identity?.privateKey,
      wall,
      trustedNetworks: options.connections?.trustedNetworks,
      isPreferred: peer => trusted.includes(peer) || fleet?.isMember(peer) === true,
      linkWorkers: options.linkWorkers,
      onNoLinkWorkers: error => emit({ code: 'no-link-workers', ...causeOf(error) }),
      services: { dht: dhtService(options.dhtServer !== false, wall) },
    })
    const dht = new Dht(host.libp2p.services.dht as KadDHT)
    if (secrets !== undefined) {
      const role = options.dhtServer === false ? undefined : 'member'
      const file = options.fleet as string
      fleet = new Fleet(host, {
        secrets,
        role,
        hasWays: seeds.length > 0 || limited(options.bootstrap).length > 0 || isOnLan,
        isNamed: peer => trusted.includes(peer),
        watch: use => watchFleetFile(file, { use, emit }),
        emit,
      })
      await fleet.start()
    }
    const exchange = new Exchange(host, accept)
    await exchange.start()
    const release = async () => await identity?.release()
    const known =
      home !== undefined && remembers(options)
        ? new KnownPeers(
            host,
            home,
            seeds.map(s => s.peer),
          )
        : undefined
    return {
      network: { host, dht, exchange, known },
      fleet,
      seeds,
      trusted,
      unreachable: unreachable(host, options),
      isOnLan,
      release,
    }
  } catch (error) {
    await identity?.release()
    throw error
  }
}

/** Whoever keeps no pieces in a home keeps nothing there, unless he names the home himself. */
function remembers({ store, home }: NodeOptions): boolean {
  return store !== 'memory' && (store === undefined || home !== undefined)
}

/** Whoever listens on a loopback address means this host; anybody else learns here that no other host gets in. */
function unreachable({ addresses }: Host, options: NodeOptions): string | undefined {
  if (isForThisHost(options) || addresses.length === 0 || !addresses.every(isLoopbackAddress)) return undefined
  return addresses.map(address => address.replace(/\/p2p\/.*/, '')).join(', ')
}

/** Rejects with `bad-multiaddr`. */
function checkWay(way: string): void {
  if (isName(way)) return void parseName(way)
  if (peerOf(way) !== undefined) return void parsePeerAddress(way)
  if (hasPort(way)) return
  throw new DragonflyError('bad-multiaddr', `a bootstrap address without a TCP port: ${JSON.stringify(way.slice(0, 200))}`, {
    hint: 'write it like /ip4/192.0.2.1/tcp/4801',
  })
}

function isForThisHost({ listen = [] }: NodeOptions): boolean {
  return listen.length > 0 && listen.every(isLoopbackAddress)
}

/** One identity is one process: two with the same peer id would hide one another. */
async function ownIdentity(home: string, emit: Emit) {
  try {
    await makePath(home, 0o700)
  } catch (error) {
    throw fromSystemError(error, 'store-error', `cannot make the home folder ${home}`)
  }
  const presence = await showPresence(home)
  const release = async (lock?: Lock) => {
    await lock?.release()
    await presence?.end()
  }
  let lock: Lock | undefined
  try {
    lock = await acquireLock(join(home, 'identity.lock'), undefined, presence)
    await closeHome(home, emit)
    const privateKey = await loadIdentity(home)
    return { privateKey, release: () => release(lock) }
  } catch (error) {
    await release(lock)
    throw error
  }
}

function limited(list: readonly string[] | undefined): readonly string[] {
  if ((list?.length ?? 0) > MAX_ADDRESSES) throw new DragonflyError('bad-option', `more than ${MAX_ADDRESSES} addresses`)
  return list ?? []
}
