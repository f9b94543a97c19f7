// Ways into a network as the user writes them: multiaddrs, or a DNS name that lists hosts.
import { lookup, resolveSrv } from 'node:dns/promises'
import { isIPv6 } from 'node:net'
import { DragonflyError } from '../core/errors.ts'

/** Where seeds and members of a fleet listen unless told otherwise. */
export const DEFAULT_PORT = 4801
const PREFIX = 'dns:'
/** A name may list more; so many are tried at a time. */
const MAX_ADDRESSES = 64
const MAX_PORT = 65_535

/** Whether a way is a name that is resolved anew whenever it is used: `dns:NAME` or `dns:NAME:PORT`. */
export function isName(way: string): boolean {
  return way.startsWith(PREFIX)
}

/** Throws `bad-multiaddr` for a malformed name. */
export function parseName(way: string): { name: string; port: number | undefined } {
  const [, name = '', digits] = /^dns:([A-Za-z0-9_.-]{1,253})(?::(\d{1,5}))?$/.exec(way) ?? []
  const port = digits === undefined ? undefined : Number(digits)
  if (name === '' || (port !== undefined && (port < 1 || port > MAX_PORT))) {
    throw new DragonflyError('bad-multiaddr', `not a name of hosts: ${JSON.stringify(way.slice(0, 200))}`, {
      hint: 'write it like dns:dragonfly.corp.example or dns:dragonfly.corp.example:4801',
    })
  }
  return { name, port }
}

/**
 * Multiaddrs of the hosts that a name lists, in an order of chance: what SRV records of `_dragonfly._tcp.NAME` say (RFC 2782), and the
 * A and AAAA records of the name with the port that the way gives, else 4801. None when it cannot be resolved.
 */
export async function addressesOfName(way: string): Promise<string[]> {
  const { name, port } = parseName(way)
  const services = port === undefined ? await resolveSrv(`_dragonfly._tcp.${name}`).catch(() => []) : []
  const named = await Promise.all(services.slice(0, MAX_ADDRESSES).map(srv => addressesOf(srv.name, srv.port)))
  const own = services.length > 0 ? [] : await addressesOf(name, port ?? DEFAULT_PORT)
  return shuffled([...named.flat(), ...own]).slice(0, MAX_ADDRESSES)
}

async function addressesOf(name: string, port: number): Promise<string[]> {
  const found = await lookup(name, { all: true }).catch(() => [])
  return found.map(({ address }) => `/${isIPv6(address) ? 'ip6' : 'ip4'}/${address}/tcp/${port}`)
}

/** So that a thousand hosts do not all begin at the first address. */
function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map(value => ({ value, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value)
}
