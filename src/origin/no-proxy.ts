// Hosts that are reached without a proxy, by curl's rules for no_proxy.
import { BlockList, isIP } from 'node:net'
import { type Endpoint, hostOf, portOf } from './endpoint.ts'

type Matches = (host: string, port: number) => boolean

/**
 * Entries are separated by commas or white space. `example.org` and `.example.org` cover the name and all names below it, an IP
 * address or a range (`10.0.0.0/8`) the addresses in URLs, `*` everything. No name is resolved. Beyond curl: an entry may end in
 * `:PORT`, and `*.example.org` covers the names below it only.
 */
export class NoProxy {
  readonly #entries: readonly Matches[]

  constructor(list: string) {
    this.#entries = list.split(/[\s,]+/).flatMap(entry => (entry === '' ? [] : [matcher(entry.toLowerCase())]))
  }

  covers(endpoint: Endpoint): boolean {
    const host = withoutDot(hostOf(endpoint).toLowerCase())
    const port = portOf(endpoint)
    return this.#entries.some(matches => matches(host, port))
  }
}

function matcher(entry: string): Matches {
  const inBrackets = /^\[(.+)\](?::(\d+))?$/.exec(entry)
  const withPort = /^([^:]+):(\d+)$/.exec(entry)
  const name = inBrackets?.[1] ?? withPort?.[1] ?? entry
  const port = inBrackets?.[2] ?? withPort?.[2]
  const isNamed = ofAddresses(name) ?? ofNames(name)
  return (host, asked) => (port === undefined || Number(port) === asked) && isNamed(host)
}

function ofAddresses(name: string): ((host: string) => boolean) | undefined {
  const [, base = name, digits] = /^([^/]*)\/(\d{1,3})$/.exec(name) ?? []
  const family = isIP(base)
  if (family === 0) return undefined
  const bits = family === 4 ? 32 : 128
  const prefix = Math.min(Number(digits ?? bits), bits)
  const list = new BlockList()
  list.addSubnet(base, prefix, familyName(family))
  return host => isIP(host) !== 0 && list.check(host, familyName(isIP(host)))
}

function ofNames(name: string): (host: string) => boolean {
  if (name === '*') return () => true
  const end = withoutDot(name.replace(/^\*?\./, ''))
  const isBelowOnly = name.startsWith('*.')
  return host => (host === end && !isBelowOnly) || host.endsWith(`.${end}`)
}

function familyName(family: number): 'ipv4' | 'ipv6' {
  return family === 4 ? 'ipv4' : 'ipv6'
}

function withoutDot(host: string): string {
  return host.replace(/\.$/, '')
}
