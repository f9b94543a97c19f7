// A listener of libp2p whose connections are accepted by link workers.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { type ComponentLogger, type Listener, type ListenerEvents, TypedEventEmitter, type Upgrader } from '@libp2p/interface'
import { getNetConfig, getThinWaistAddresses, ipPortToMultiaddr } from '@libp2p/utils'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { HeldConnection } from './held-connection.ts'
import type { LinkWorker, SocketListener } from './link-worker.ts'
import type { LinkWorkers, Listening } from './link-workers.ts'
import type { ListenPlace } from './messages.ts'

export interface HeldListenerInit {
  workers: LinkWorkers
  upgrader: Upgrader
  logger: ComponentLogger
  /** A listener of the main thread, for where workers cannot listen. */
  plain(): Listener
}

/** What keeps anybody from listening, in whichever thread. */
const FAULTS_OF_PLACE = new Set(['EADDRINUSE', 'EADDRNOTAVAIL', 'EACCES', 'EPERM', 'EAFNOSUPPORT', 'EINVAL'])

export class HeldListener extends TypedEventEmitter<ListenerEvents> implements Listener {
  readonly #init: HeldListenerInit
  readonly #stopped = new AbortController()
  readonly #connections = new Set<HeldConnection>()
  #address: Multiaddr | undefined
  #held: Listening | undefined
  #plain: Listener | undefined

  constructor(init: HeldListenerInit) {
    super()
    this.#init = init
  }

  async listen(address: Multiaddr): Promise<void> {
    this.#address = address
    const place = placeOf(address)
    if (place === undefined) return await this.#listenPlainly(address)
    await checkFree(place)
    try {
      this.#held = await this.#init.workers.listen(place, { accept: this.#accept, onNone: this.#onNone })
    } catch (error) {
      if (FAULTS_OF_PLACE.has((error as NodeJS.ErrnoException).code ?? '')) throw error
      this.#init.workers.cannot(error as Error)
      return await this.#listenPlainly(address)
    }
    this.safeDispatchEvent('listening')
  }

  getAddrs(): Multiaddr[] {
    if (this.#plain !== undefined) return this.#plain.getAddrs()
    if (this.#held === undefined || this.#address === undefined) return []
    return getThinWaistAddresses(this.#address, this.#held.port)
  }

  updateAnnounceAddrs(): void {
    // they are computed when they are asked for
  }

  async close(): Promise<void> {
    this.#held?.close()
    this.#held = undefined
    this.#stopped.abort()
    for (const connection of this.#connections) connection.abort(new Error('the listener closes'))
    await this.#plain?.close()
    this.safeDispatchEvent('close')
  }

  async #listenPlainly(address: Multiaddr): Promise<void> {
    const plain = this.#init.plain()
    await plain.listen(address)
    this.#plain = plain
    this.safeDispatchEvent('listening')
  }

  /** No worker is left: the main thread goes on alone, on the same port. */
  readonly #onNone = (): void => {
    const { host, port } = this.#held?.place ?? {}
    this.#held = undefined
    if (host === undefined || this.#stopped.signal.aborted) return
    const address = multiaddr(`/${host.includes(':') ? 'ip6' : 'ip4'}/${host}/tcp/${port}`)
    this.#listenPlainly(address).catch(error => this.safeDispatchEvent('error', { detail: error }))
  }

  readonly #accept = (worker: LinkWorker, id: number, address: string, port: number): SocketListener | undefined => {
    const remoteAddr = multiaddrOf(address, port)
    if (remoteAddr === undefined) return undefined
    const connection = new HeldConnection({
      worker,
      id,
      remoteAddr,
      log: this.#init.logger.forComponent('libp2p:tcp:connection'),
    })
    this.#connections.add(connection)
    connection.addEventListener('close', () => this.#connections.delete(connection), { once: true })
    this.#init.upgrader.upgradeInbound(connection, { signal: this.#stopped.signal }).catch(error => connection.abort(error))
    return connection
  }
}

/** Undefined for what no multiaddr can be made of: a link-local address, which the system gives with its zone. */
function multiaddrOf(address: string, port: number): Multiaddr | undefined {
  try {
    return ipPortToMultiaddr(address, port)
  } catch {
    return undefined
  }
}

/** Undefined for what is no IP address with a TCP port. */
function placeOf(address: Multiaddr): ListenPlace | undefined {
  const [first, second, ...more] = address.getComponents()
  if ((first?.name !== 'ip4' && first?.name !== 'ip6') || second?.name !== 'tcp' || more.length > 0) return undefined
  const { host, port = 0 } = getNetConfig(address)
  return { host, port, ipv6Only: first.name === 'ip6' }
}

/**
 * Workers share a port, which another node of this user could share too: each would get a part of the connections. Rejects as `listen` does
 * where somebody listens already.
 */
async function checkFree(place: ListenPlace): Promise<void> {
  if (place.port === 0) return
  const server = createServer()
  server.listen({ ...place, exclusive: true })
  await once(server, 'listening')
  server.close()
  await once(server, 'close')
}
