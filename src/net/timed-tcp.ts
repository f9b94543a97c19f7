// TCP as libp2p has it, with a limit of its own for the time until a connection stands.
import type { Socket } from 'node:net'
import type { Transport } from '@libp2p/interface'
import { type TCPComponents, type TCPDialOptions, tcp } from '@libp2p/tcp'
import type { Multiaddr } from '@multiformats/multiaddr'
import { BACKLOG } from './backlog.ts'

/** What libp2p's transport does first in `dial`; its types leave it out. */
interface Connecting extends Transport {
  _connect(address: Multiaddr, options: TCPDialOptions): Promise<Socket>
}

/**
 * libp2p's limit for one address covers the handshake too: a busy host that accepted the connection may take long for that,
 * while an address where nobody is must not keep the next one waiting.
 */
export function timedTcp(connectMs: number): (components: TCPComponents) => Transport {
  const make = tcp({ backlog: BACKLOG })
  return components => {
    const transport = make(components) as Connecting
    const connect = transport._connect.bind(transport)
    transport._connect = async (address, options) => {
      const limit = new AbortController()
      // Node destroys the socket whenever its signal is given, also long after it is connected
      const timer = setTimeout(() => limit.abort(), connectMs)
      const signal = AbortSignal.any([options.signal, limit.signal])
      return await connect(address, { ...options, signal }).finally(() => clearTimeout(timer))
    }
    return transport
  }
}
