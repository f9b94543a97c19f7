// Which origins a node reads for others: public addresses, and what its operator allows.
import { BlockList } from 'node:net'
import { DragonflyError } from '../core/errors.ts'
import { type AddressClass, classOf, familyOf, withoutZone } from './address-class.ts'

/** Why an address is refused. `metadata`: only its own address as a pattern would allow it. */
export type Refusal = 'metadata' | 'not-public'

/** A connection to be made. */
export interface Target {
  /** As in the URL, an IPv6 address without brackets. */
  host: string
  port: number
  /** The IP address that `host` stands for now. */
  address: string
}

interface Pattern {
  /** Undefined: any. */
  port: number | undefined
  covers(target: Target, kind: AddressClass | 'unknown'): boolean
}

export const MAX_PATTERNS = 256
const MAX_PORT = 65_535

/**
 * Patterns, each with an optional `:PORT`: a host name (`registry.corp.example`), all names below one (`*.corp.example`), an
 * IP address (IPv6 with a port in brackets), a range (`10.0.0.0/8`), `private` (RFC 1918, RFC 4193, 100.64.0.0/10), `any`.
 * A name is allowed whatever it resolves to; but link-local and metadata addresses only by their own address.
 */
export class AllowedOrigins {
  readonly #patterns: readonly Pattern[]

  /** Throws `bad-option` for what is no pattern, and for more than 256. */
  constructor(patterns: readonly string[]) {
    if (patterns.length > MAX_PATTERNS) throw new DragonflyError('bad-option', `more than ${MAX_PATTERNS} allowed origins`)
    this.#patterns = patterns.map(parsePattern)
  }

  /** Why others may not have it read; undefined: they may. */
  refusal(target: Target): Refusal | undefined {
    const kind = classOf(target.address)
    if (kind === 'public' || this.#patterns.some(pattern => matches(pattern, target, kind))) return undefined
    return kind === 'metadata' ? 'metadata' : 'not-public'
  }

  /** Whether a pattern covers the host by its name, or `any` does: whatever address it may have, except metadata services. */
  names(host: string, port: number): boolean {
    return this.#patterns.some(pattern => matches(pattern, { host, port, address: '' }, 'unknown'))
  }
}

function matches({ port, covers }: Pattern, target: Target, kind: AddressClass | 'unknown'): boolean {
  return (port === undefined || port === target.port) && covers(target, kind)
}

function parsePattern(text: string): Pattern {
  const { name, port } = splitPort(text)
  return { port, covers: namesAddresses(name) ?? namesHosts(name) ?? malformed(text) }
}

function splitPort(text: string): { name: string; port: number | undefined } {
  const inBrackets = /^\[([^\]]*)\](\/\d+)?(?::(\d+))?$/.exec(text)
  const other = /^([^:]*):(\d+)$/.exec(text)
  const digits = inBrackets?.[3] ?? other?.[2]
  const port = digits === undefined ? undefined : Number(digits)
  if (port !== undefined && (port < 1 || port > MAX_PORT)) malformed(text)
  if (inBrackets !== null && familyOf(inBrackets[1] ?? '') !== 'ipv6') malformed(text)
  const name = inBrackets === null ? (other?.[1] ?? text) : `${inBrackets[1]}${inBrackets[2] ?? ''}`
  return { name: name.toLowerCase(), port }
}

function namesAddresses(name: string): Pattern['covers'] | undefined {
  if (name === 'any') return (_, kind) => kind !== 'metadata'
  if (name === 'private') return (_, kind) => kind === 'private'
  const [, base = name, digits] = /^([^/]*)\/(\d{1,3})$/.exec(name) ?? []
  const family = familyOf(base)
  if (family === undefined) return undefined
  const bits = family === 'ipv4' ? 32 : 128
  const prefix = digits === undefined ? bits : Number(digits)
  if (prefix > bits) return undefined
  const list = new BlockList()
  list.addSubnet(withoutZone(base), prefix, family)
  const isOne = prefix === bits
  if (!isOne && classOf(base) === 'metadata') throw onlyOneByOne(name)
  return ({ address }, kind) =>
    kind !== 'unknown' && (isOne || kind !== 'metadata') && list.check(withoutZone(address), familyOf(address))
}

function namesHosts(name: string): Pattern['covers'] | undefined {
  const isBelow = name.startsWith('*.')
  const host = hostOf(isBelow ? name.slice(2) : name)
  if (host === undefined) return undefined
  // 0x7f.1 and its like: a URL takes them for an address too
  if (familyOf(host) !== undefined) return isBelow ? undefined : namesAddresses(host)
  const isNamed = (asked: string) => (isBelow ? asked.endsWith(`.${host}`) : asked === host)
  return (target, kind) => kind !== 'metadata' && isNamed(withoutDot(target.host.toLowerCase()))
}

/** As a URL would show it. */
function hostOf(name: string): string | undefined {
  if (name === '' || /[\s/?#@:\\%*]/.test(name)) return undefined
  const url = URL.parse(`http://${name}/`)
  return url === null || url.hostname === '' ? undefined : withoutDot(url.hostname)
}

/** `localhost.` is `localhost`. */
function withoutDot(host: string): string {
  return host.replace(/\.$/, '')
}

function malformed(text: string): never {
  throw new DragonflyError('bad-option', `not an origin pattern: ${JSON.stringify(text.slice(0, 100))}`, {
    hint: 'write a host name, *.NAME, an IP address, a range such as 10.0.0.0/8, private or any; each may end in :PORT',
  })
}

function onlyOneByOne(range: string): DragonflyError {
  return new DragonflyError('bad-option', `the range ${range} cannot be allowed: it contains cloud metadata services`, {
    hint: 'allow single addresses instead',
  })
}
