// Classifies IP addresses by the special-purpose registries of IANA (RFC 6890) and known cloud metadata addresses.
import { BlockList, isIP } from 'node:net'

/**
 * `metadata`: a service beside the host that gives its credentials to whoever can connect; all link-local addresses count
 * as such, clouds put these services anywhere among them. `reserved`: whatever else no public web server can have.
 */
export type AddressClass = 'public' | 'private' | 'loopback' | 'metadata' | 'reserved'

const SPECIAL: Record<Exclude<AddressClass, 'public'>, readonly string[]> = {
  metadata: [
    '169.254.0.0/16', // link-local, RFC 3927; AWS, Azure, Google, ECS, EKS, OpenStack, Tencent …
    '100.100.100.200/32', // Alibaba
    '168.63.129.16/32', // Azure WireServer
    '192.0.0.192/32', // Oracle
    'fe80::/10', // link-local, RFC 4291
    'fd00:ec2::/32', // AWS
    'fd20:ce::254/128', // Google
    'fd00:42::42/128', // Scaleway
  ],
  loopback: ['127.0.0.0/8', '::1/128'],
  private: [
    '10.0.0.0/8', // RFC 1918, this and the next two
    '172.16.0.0/12',
    '192.168.0.0/16',
    '100.64.0.0/10', // shared by carriers, RFC 6598
    'fc00::/7', // RFC 4193
    'fec0::/10', // site-local, RFC 3879
  ],
  reserved: [
    '0.0.0.0/8', // this network, RFC 791; 0.0.0.0 is this host
    '192.0.0.0/24', // RFC 6890
    '192.0.2.0/24', // documentation, RFC 5737, and two more below
    '192.88.99.0/24', // relays of 6to4, RFC 7526
    '198.18.0.0/15', // benchmarks, RFC 2544
    '198.51.100.0/24',
    '203.0.113.0/24',
    '224.0.0.0/4', // multicast, RFC 5771
    '240.0.0.0/4', // RFC 1112, broadcast
    '2001::/23', // protocols, RFC 2928: Teredo and others that hold another address
    '2001:db8::/32', // documentation, RFC 3849
    '2002::/16', // 6to4, RFC 7526: holds an IPv4 address
    '3fff::/20', // documentation, RFC 9637
  ],
}

/** Where public addresses are: all IPv4, what IANA gives out of IPv6 (RFC 4291 §2.4), IPv4 behind NAT64 (RFC 6052). */
const WORLD = blockList(['0.0.0.0/0', '2000::/3', '64:ff9b::/96'])

/** Prefixes of 96 bits that an IPv4 address is translated with (RFC 6052, RFC 2765); BlockList knows ::ffff:0:0/96 by itself. */
const TRANSLATED = ['64:ff9b::', '::ffff:0:']

const CLASSES = Object.entries(SPECIAL).map(
  ([name, ranges]) => [name as AddressClass, blockList([...ranges, ...ranges.flatMap(translated)])] as const,
)

/** The class of an IP address as text, with or without a zone. IPv4 in IPv6 clothes counts as the address inside. */
export function classOf(address: string): AddressClass {
  const family = familyOf(address)
  if (family === undefined) return 'reserved'
  const special = CLASSES.find(([, list]) => list.check(withoutZone(address), family))
  if (special !== undefined) return special[0]
  return WORLD.check(withoutZone(address), family) ? 'public' : 'reserved'
}

/** As BlockList names it; undefined: not an IP address. */
export function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  return ({ 4: 'ipv4', 6: 'ipv6' } as const)[isIP(address)]
}

export function withoutZone(address: string): string {
  return address.replace(/%.*$/s, '')
}

function translated(range: string): string[] {
  const [base = '', prefix] = range.split('/')
  return isV6(base) ? [] : TRANSLATED.map(before => `${before}${base}/${96 + Number(prefix)}`)
}

/** Of an address in the tables above: the expression that checks any text takes 3 ms to compile. */
function isV6(address: string): boolean {
  return address.includes(':')
}

function blockList(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [base = '', prefix] = range.split('/')
    list.addSubnet(base, Number(prefix), isV6(base) ? 'ipv6' : 'ipv4')
  }
  return list
}
