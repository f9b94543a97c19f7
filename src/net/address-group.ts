// What an address has in common with those beside it: the first guess at who is near, before anything is measured.
import { multiaddr } from '@multiformats/multiaddr'

const IP4 = 0x04
const IP6 = 0x29
/** ::ffff:0:0/96, an IPv4 address in IPv6 clothes. */
const MAPPED = '00000000000000000000ffff'

/**
 * The IPv4 /24 or IPv6 /64 of a multiaddr, as hex; undefined where that says nothing: a name, a loopback or link-local
 * address (every host has those), or no address at all.
 */
export function groupOfAddress(address: string): string | undefined {
  const ip = ipOf(address)
  if (ip === undefined) return undefined
  return ip.length === 8 ? groupOfIp4(ip) : groupOfIp6(ip)
}

/** The IP at the beginning of a multiaddr, as hex of 4 or 16 bytes; undefined where there is none. */
export function ipOf(address: string): string | undefined {
  try {
    const { bytes } = multiaddr(address)
    const hex = Buffer.from(bytes.subarray(1, bytes[0] === IP4 ? 5 : 17)).toString('hex')
    if (bytes[0] === IP6 && hex.startsWith(MAPPED)) return hex.slice(MAPPED.length)
    return bytes[0] === IP4 || bytes[0] === IP6 ? hex : undefined
  } catch {
    return undefined
  }
}

function groupOfIp4(ip: string): string | undefined {
  const isLocal = ip.startsWith('7f') || ip.startsWith('a9fe') || ip.startsWith('00')
  return isLocal ? undefined : ip.slice(0, 6)
}

function groupOfIp6(ip: string): string | undefined {
  const isLocal = ip.startsWith('fe8') || ip.startsWith('0'.repeat(28))
  return isLocal ? undefined : ip.slice(0, 16)
}
