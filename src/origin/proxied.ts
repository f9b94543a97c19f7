// Connections through HTTP proxies: a tunnel by CONNECT for https (RFC 9110 §9.3.6), the proxy itself for http.
import type { Socket } from 'node:net'
import { type buildConnector, Client } from 'undici'
import { portOf } from './endpoint.ts'
import { MAX_HEAD_BYTES } from './head.ts'
import type { HttpProxy } from './proxy.ts'
import { proxyFailure, proxyRefusal } from './proxy-failures.ts'
import { Securer } from './secure.ts'
import type { CaFile } from './trust.ts'

export interface ProxiedSettings {
  /** Until the connection to the proxy stands; once more until it answers CONNECT, and until the origin's TLS stands. Milliseconds. */
  timeoutMs: number
  ca: CaFile | undefined
  /** Connects to proxies; certificates of https proxies are checked. */
  dial: buildConnector.connector
  userAgent: string
}

/**
 * undici's ProxyAgent is not used: its connections to the proxy are its own (no Happy Eyeballs, no authorities of ours), equal
 * headers of a request are lost in it, and what a proxy refuses it tells without status. Its Client makes each tunnel.
 */
export class Proxied {
  readonly #settings: ProxiedSettings
  readonly #securer: Securer

  constructor(settings: ProxiedSettings) {
    this.#settings = settings
    this.#securer = new Securer(settings.timeoutMs, settings.ca)
  }

  /** As undici's connectors. Over a connection for http, requests have to be in absolute form (RFC 9112 §3.2.2). */
  connect(proxy: HttpProxy, place: buildConnector.Options, callback: buildConnector.Callback): void {
    const told: buildConnector.Callback = (...result) => {
      if (result[0] === null) callback(...result)
      else callback(proxyFailure(result[0], proxy), null)
    }
    if (place.protocol !== 'https:') return this.#settings.dial(endpointOf(proxy), told)
    const carrier = (done: buildConnector.Callback): void => {
      this.tunnel(proxy, place).then(
        socket => done(null, socket),
        error => done(error, null),
      )
    }
    this.#securer.secure(place, carrier, callback)
  }

  /** A connection through the proxy that carries whatever is sent. */
  async tunnel(proxy: HttpProxy, place: buildConnector.Options): Promise<Socket> {
    try {
      return await this.#tunnel(proxy, place)
    } catch (error) {
      throw proxyFailure(error as Error, proxy)
    }
  }

  async #tunnel(proxy: HttpProxy, place: buildConnector.Options): Promise<Socket> {
    const { dial, timeoutMs, userAgent } = this.#settings
    const to = `${place.hostname}:${portOf(place)}`
    const client = new Client(proxy.url.origin, {
      allowH2: false,
      headersTimeout: timeoutMs,
      maxHeaderSize: MAX_HEAD_BYTES,
      connect: (_, callback) => dial(endpointOf(proxy), callback),
    })
    try {
      const authorization = proxy.authorization === undefined ? {} : { 'proxy-authorization': proxy.authorization }
      const headers = { host: to, 'user-agent': userAgent, ...authorization }
      const { statusCode, headers: answered, socket } = await client.connect({ path: to, headers })
      if (statusCode >= 200 && statusCode < 300) return socket as Socket
      socket.on('error', () => {}).destroy()
      throw proxyRefusal(proxy, to, statusCode, answered)
    } finally {
      // the tunnel is not the client's any more
      await client.destroy()
    }
  }
}

function endpointOf({ url }: HttpProxy): buildConnector.Options {
  return { hostname: url.hostname, host: url.host, protocol: url.protocol, port: url.port }
}
