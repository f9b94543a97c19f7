// Networks that an operator names: quotas per address do not count for the hosts in them.
import { BlockList, isIP } from 'node:net'
import { DragonflyError } from '../core/errors.ts'
import { ipTextOf } from './address-group.ts'

/** Address bits of each family. */
const BITS = { ipv4: 32, ipv6: 128 }

export class TrustedNetworks {
  readonly #list = new BlockList()

  /** Ranges such as `10.0.0.0/8` and `2001:db8::/32`, or single addresses. Throws `bad-option`. */
  constructor(networks: readonly string[] = []) {
    for (const network of networks) this.#add(network)
  }

  /** Whether a multiaddr begins with an address of one of them. */
  has(address: string): boolean {
    if (this.#list.rules.length === 0) return false
    const ip = ipTextOf(address)
    return ip !== undefined && this.#list.check(ip, familyOf(ip))
  }

  #add(network: string): void {
    const [ip = '', bits, ...rest] = network.split('/')
    const family = familyOf(ip)
    const prefix = bits === undefined ? BITS[family] : Number(bits)
    const isGood =
      isIP(ip) !== 0 && !ip.includes('%') && rest.length === 0 && /^\d{1,3}$/.test(bits ?? '0') && prefix <= BITS[family]
    if (!isGood) {
      throw new DragonflyError(
        'bad-option',
        `connections.trustedNetworks: not a network: ${JSON.stringify(network.slice(0, 100))}`,
        {
          hint: 'write a range such as 10.0.0.0/8 or 2001:db8::/32, or one address',
        },
      )
    }
    this.#list.addSubnet(ip, prefix, family)
  }
}

function familyOf(ip: string): 'ipv4' | 'ipv6' {
  return isIP(ip) === 6 ? 'ipv6' : 'ipv4'
}
