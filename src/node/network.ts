// The network of a node: libp2p host, DHT and exchange, wired together; loaded only when there is someone to talk to.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { KadDHT } from '@libp2p/kad-dht'
import { DragonflyError, fromSystemError } from '../core/errors.ts'
import type { DialablePeer } from '../core/peer.ts'
import { Dht, dhtService } from '../discovery/dht.ts'
import { type Accept, Exchange } from '../net/exchange.ts'
import { parsePeerAddress, parsePeerId, startHost } from '../net/host.ts'
import { acquireLock } from '../store/lock.ts'
import type { NodeOptions } from './api/node-options.ts'
import type { Network } from './context/node-context.ts'
import { loadIdentity } from './identity.ts'

const DEFAULT_LISTEN = ['/ip4/0.0.0.0/tcp/0']
const MAX_ADDRESSES = 100

export interface StartedNetwork {
  network: Network
  seeds: DialablePeer[]
  /** Peer ids that are trusted because they are seeds, or were named. */
  trusted: string[]
  /** Gives back what only one process may hold. */
  release: () => Promise<void>
}

export async function startNetwork(options: NodeOptions, home: string, accept: Accept): Promise<StartedNetwork> {
  const seeds = limited(options.seeds).map(parsePeerAddress)
  for (const address of limited(options.bootstrap)) parsePeerAddress(address)
  const trusted = [...seeds.map(s => s.peer), ...limited(options.trust).map(parsePeerId)]
  const identity = options.persistentIdentity === true ? await ownIdentity(home) : undefined
  try {
    const host = await startHost({
      listen: options.listen ?? DEFAULT_LISTEN,
      privateKey: identity?.privateKey,
      services: { dht: dhtService(options.dhtServer !== false) },
    })
    const dht = new Dht(host.libp2p.services.dht as KadDHT)
    const exchange = new Exchange(host, accept)
    await exchange.start()
    return { network: { host, dht, exchange }, seeds, trusted, release: async () => await identity?.release() }
  } catch (error) {
    await identity?.release()
    throw error
  }
}

/** One identity is one process: two with the same peer id would hide one another. */
async function ownIdentity(home: string) {
  try {
    await mkdir(home, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw fromSystemError(error, 'store-error', `cannot make the home folder ${home}`)
  }
  const lock = await acquireLock(join(home, 'identity.lock'))
  const privateKey = await loadIdentity(home)
  return { privateKey, release: () => lock.release() }
}

function limited(list: readonly string[] | undefined): readonly string[] {
  if ((list?.length ?? 0) > MAX_ADDRESSES) throw new DragonflyError('bad-option', `more than ${MAX_ADDRESSES} addresses`)
  return list ?? []
}
