// Marks what the proxy forwards with Via (RFC 9110 §7.6.3), and sees a request that comes back to it.
import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { type Endpoint, hostOf, portOf } from '../../origin/endpoint.ts'

export class Hops {
  /** One for each gateway: several may stand in a row. */
  readonly #name = `dragonfly-${randomBytes(6).toString('hex')}`

  /** The value of Via for a message that came with this version of HTTP. */
  via(httpVersion: string): string {
    return `${httpVersion} ${this.#name}`
  }

  /** Whether it would lead, or has led, to this gateway itself. */
  isLoop({ headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>, target: Endpoint): boolean {
    return headers.via?.includes(this.#name) === true || isOwnAddress(socket, target)
  }
}

/** The address that the guest itself has connected to, or another one of loopback with the same port. */
function isOwnAddress({ localAddress = '', localPort }: Socket, target: Endpoint): boolean {
  if (portOf(target) !== localPort) return false
  const host = hostOf(target).replace(/\.$/, '')
  return host === withoutPrefix(localAddress) || host === localAddress || isLoopback(host)
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(host)
}

/** IPv4 on a socket for both families. */
function withoutPrefix(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, '')
}
