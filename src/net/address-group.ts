// Groups addresses by network, as a first guess at which peers are near.
import { multiaddr } from '@multiformats/multiaddr'
import ipaddr from 'ipaddr.js'
import { LRUCache } from 'lru-cache'

type Address = ReturnType<typeof ipaddr.process>

/** Every host has these: they say nothing about where a peer is. */
const LOCAL: ReadonlySet<string> = new Set(['loopback', 'linkLocal', 'unspecified'])
/** Bytes of an IPv4 /24 and of an IPv6 /64. */
const GROUP_BYTES = { ipv4: 3, ipv6: 8 }

/**
 * The IPv4 /24 or IPv6 /64 of a multiaddr, as hex; undefined where that says nothing: a name, a loopback or link-local
 * address, or no address at all.
 */
export function groupOfAddress(address: string): string | undefined {
  const ip = addressIn(address)
  return ip === undefined || LOCAL.has(ip.range()) ? undefined : hexOf(ip, GROUP_BYTES[ip.kind()])
}

/** The IP at the beginning of a multiaddr, as hex of 4 or 16 bytes; undefined where there is none. */
export function ipOf(address: string): string | undefined {
  const ip = addressIn(address)
  return ip === undefined ? undefined : hexOf(ip)
}

/** The IPv4 address or IPv6 /64 at the beginning of a multiaddr, loopback too: one host, or what one customer of a network has. */
export function placeOfAddress(address: string): string | undefined {
  return ipOf(address)?.slice(0, 2 * GROUP_BYTES.ipv6)
}

/** The same as text; an IPv4-mapped one as IPv4. */
export function ipTextOf(address: string): string | undefined {
  return addressIn(address)?.toString()
}

/** Addresses that are kept as read, and what has none: it is asked several times about each client that comes. */
const KEPT_ADDRESSES = 2048
const kept = new LRUCache<string, { ip: Address | undefined }>({ max: KEPT_ADDRESSES })

/** An IPv4-mapped IPv6 address counts as the IPv4 address inside. */
function addressIn(address: string): Address | undefined {
  const known = kept.get(address)
  if (known !== undefined) return known.ip
  const ip = read(address)
  kept.set(address, { ip })
  return ip
}

function read(address: string): Address | undefined {
  try {
    const first = multiaddr(address)
      .getComponents()
      .find(({ name }) => name !== 'ip6zone')
    return first?.name === 'ip4' || first?.name === 'ip6' ? ipaddr.process(first.value ?? '') : undefined
  } catch {
    return undefined
  }
}

function hexOf(ip: Address, bytes?: number): string {
  return Buffer.from(ip.toByteArray().slice(0, bytes)).toString('hex')
}
