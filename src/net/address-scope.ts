// From where an address can be reached, and which endpoint it names.
import type { Multiaddr } from '@multiformats/multiaddr'
import ipaddr from 'ipaddr.js'

/**
 * `host`: only from that host itself (loopback). `link`: only from its own network segment (link-local). `network`: from
 * elsewhere. `name`: as its resolution says. `none`: nothing that a peer could listen at: unspecified, multicast or broadcast
 * addresses, port 0, local sockets, other transports than TCP.
 */
export type Scope = 'host' | 'link' | 'network' | 'name' | 'none'

const NAMES: ReadonlySet<string> = new Set(['dns', 'dns4', 'dns6'])
/** Ranges of ipaddr.js in which no single host is, and those that a gateway translates to any IPv4 address. */
const NOBODYS: ReadonlySet<string> = new Set(['unspecified', 'multicast', 'broadcast', 'rfc6145', 'rfc6052'])

export interface Endpoint {
  scope: Exclude<Scope, 'none'>
  /** An IP in its canonical form (IPv4 inside IPv6 is IPv4), or a name. */
  host: string
  port: number
}

/** As they were read: each address is looked at for what it is, and where it leads, in turn. */
const endpoints = new WeakMap<Multiaddr, { of: Endpoint | undefined }>()

/** Of a TCP multiaddr; undefined when its scope is `none`. */
export function endpointOf(address: Multiaddr): Endpoint | undefined {
  const known = endpoints.get(address)
  if (known !== undefined) return known.of
  const endpoint = readEndpoint(address)
  endpoints.set(address, { of: endpoint })
  return endpoint
}

function readEndpoint(address: Multiaddr): Endpoint | undefined {
  const [first, second, third] = address.getComponents().filter(({ name }) => name !== 'ip6zone')
  const port = second?.name === 'tcp' ? Number(second.value) : 0
  if (port === 0 || (third !== undefined && third.name !== 'p2p')) return undefined
  const value = first?.value ?? ''
  if (first?.name === 'ip4' || first?.name === 'ip6') return endpointAt(value, port)
  if (first === undefined || !NAMES.has(first.name)) return undefined
  const host = value.toLowerCase().replace(/\.$/, '')
  return { scope: host === 'localhost' || host.endsWith('.localhost') ? 'host' : 'name', host, port }
}

function endpointAt(ip: string, port: number): Endpoint | undefined {
  const scope = scopeOfIp(ip)
  return scope === 'none' ? undefined : { scope, host: ipaddr.process(ip).toString(), port }
}

/** `none` for what is no IP, too. */
export function scopeOfIp(ip: string): Exclude<Scope, 'name'> {
  if (!ipaddr.isValid(ip)) return 'none'
  const range = ipaddr.process(ip).range()
  if (range === 'loopback') return 'host'
  if (range === 'linkLocal') return 'link'
  return NOBODYS.has(range) ? 'none' : 'network'
}
