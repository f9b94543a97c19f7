// A listener of libp2p whose connections are accepted by threads that hold the sockets.
import { createServer } from 'node:net'
import { once } from 'node:events'
import type { ComponentLogger, Listener, ListenerEvents, Logger, Upgrader } from '@libp2p/interface'
import { TypedEventEmitter } from '@libp2p/interface'
import { getNetConfig, getThinWaistAddresses, ipPortToMultiaddr } from '@libp2p/utils'
import type { Multiaddr } from '@multiformats/multiaddr'
import { HeldConnection } from './held-connection.ts'
import type { ListenPlace } from './messages.ts'
import type { SocketListener, SocketThread } from './socket-thread.ts'
import type { SocketThreads } from './socket-threads.ts'

export interface HeldListenerInit {
  threads: SocketThreads
  upgrader: Upgrader
  logger: ComponentLogger
  /** Of a listener in this thread, which takes over where threads cannot listen. */
  plain(): Listener
}

export class HeldListener extends TypedEventEmitter<ListenerEvents> implements Listener {
  readonly #init: HeldListenerInit
  readonly #log: Logger
  readonly #stopped = new AbortController()
  readonly #connections = new Set<HeldConnection>()
  #address: Multiaddr | undefined
  #held: { port: number; close(): void } | undefined
  #plain: Listener | undefined

  constructor(init: HeldListenerInit) {
    super()
    this.#init = init
    this.#log = init.logger.forComponent('dragonfly:held-listener')
  }

  async listen(address: Multiaddr): Promise<void> {
    const place = placeOf(address)
    await checkFree(place)
    this.#address = address
    this.#held = await this.#init.threads.listen(place, { accept: this.#accept }, () => {})
    this.safeDispatchEvent('listening')
  }

  getAddrs(): Multiaddr[] {
    if (this.#plain !== undefined) return this.#plain.getAddrs()
    if (this.#held === undefined || this.#address === undefined) return []
    return getThinWaistAddresses(this.#address, this.#held.port)
  }

  updateAnnounceAddrs(): void {}

  async close(): Promise<void> {
    this.#held?.close()
    this.#held = undefined
    this.#stopped.abort()
    for (const connection of this.#connections) connection.abort(new Error('the listener closes'))
    await this.#plain?.close()
    this.safeDispatchEvent('close')
  }

  readonly #accept = (thread: SocketThread, id: number, address: string, port: number): SocketListener => {
    const connection = new HeldConnection({
      thread,
      id,
      remoteAddr: ipPortToMultiaddr(address, port),
      log: this.#init.logger.forComponent('libp2p:tcp:connection'),
    })
    this.#connections.add(connection)
    connection.addEventListener('close', () => this.#connections.delete(connection), { once: true })
    this.#init.upgrader.upgradeInbound(connection, { signal: this.#stopped.signal }).catch(error => {
      this.#log('inbound connection failed - %e', error)
      connection.abort(error)
    })
    return connection
  }
}

function placeOf(address: Multiaddr): ListenPlace {
  const { host, port, type } = getNetConfig(address)
  return { host, port: port ?? 0, ipv6Only: type === 'ip6' }
}

/** Where sockets may share a port, another program of this user that shares it would get half of the connections. Rejects as `listen` does. */
async function checkFree(place: ListenPlace): Promise<void> {
  if (place.port === 0) return
  const server = createServer()
  server.listen(place)
  await once(server, 'listening')
  server.close()
  await once(server, 'close')
}
