// Parses WWW-Authenticate of registries (RFC 9110 §11.6.1, the token authentication of the distribution project). Nothing is believed
// that a hostile registry could use: sizes are limited, and a registry that is read over https names no token server over http.
import { pairsOf } from '../raw-headers.ts'

/** One challenge; the names of its parameters are in lower case. */
export interface Challenge {
  /** In lower case. */
  scheme: string
  params: ReadonlyMap<string, string>
}

/** Where tokens of a registry are to be had. */
export interface BearerChallenge {
  realm: URL
  service: string | undefined
  /** As the registry wrote it: scopes with spaces between them. */
  scope: string | undefined
}

/** All values of the field together, characters. */
const MAX_FIELD = 8192
const MAX_CHALLENGES = 8
const MAX_PARAMS = 16
const MAX_REALM = 2048

const SPACE = /[ \t]*/y
const SEPARATORS = /[ \t,]*/y
const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y
const QUOTED = /"((?:[^"\\]|\\.)*)"/y
/** Not part of RFC 9110's token, yet sent without quotes by some: `realm=https://…`. */
const UNQUOTED = /[^\s",]+/y
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y

/** The challenges of raw headers, in order. What cannot be read ends the list: those before it count. */
export function challengesOf(headers: readonly string[]): Challenge[] {
  const values = pairsOf(headers).flatMap(([name, value]) => (name.toLowerCase() === 'www-authenticate' ? [value] : []))
  if (values.reduce((sum, value) => sum + value.length, 0) > MAX_FIELD) return []
  return values.flatMap(parseChallenges).slice(0, MAX_CHALLENGES)
}

/** Several challenges may share a field; commas part both challenges and parameters. */
export function parseChallenges(text: string): Challenge[] {
  const input = new Input(text)
  const found: Challenge[] = []
  while (found.length < MAX_CHALLENGES) {
    input.take(SEPARATORS)
    const scheme = input.take(TOKEN)
    if (scheme === undefined) break
    const params = paramsOf(input)
    if (params === undefined) break
    found.push({ scheme: scheme.toLowerCase(), params })
  }
  return found
}

/** Where the first Bearer challenge sends us; undefined: to no place that we would go to. */
export function bearerOf(challenges: readonly Challenge[], registry: URL): BearerChallenge | undefined {
  const params = challenges.find(({ scheme }) => scheme === 'bearer')?.params
  const realm = realmOf(params?.get('realm'), registry)
  return realm && { realm, service: params?.get('service'), scope: params?.get('scope') }
}

export function isBasic(challenges: readonly Challenge[]): boolean {
  return challenges.some(({ scheme }) => scheme === 'basic')
}

/** Token servers are often other hosts than their registries. */
function realmOf(text: string | undefined, registry: URL): URL | undefined {
  if (text === undefined || text.length > MAX_REALM) return undefined
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return undefined
  if (url.protocol === 'http:' && registry.protocol === 'https:') return undefined
  if (url.username !== '' || url.password !== '') return undefined
  url.hash = ''
  return url
}

/** Undefined: malformed. */
function paramsOf(input: Input): Map<string, string> | undefined {
  const params = new Map<string, string>()
  input.take(SPACE)
  // credentials in one word, as `Negotiate abc==` has them, are of no use here
  if (input.take(TOKEN68) !== undefined) return params
  for (;;) {
    const start = input.at
    input.take(SEPARATORS)
    const name = input.take(TOKEN)
    input.take(SPACE)
    if (name === undefined || !input.skip('=')) {
      // the next challenge, or the end
      input.at = start
      return params
    }
    input.take(SPACE)
    const value = input.quoted() ?? input.take(UNQUOTED)
    const key = name.toLowerCase()
    if (value === undefined || params.has(key) || params.size === MAX_PARAMS) return undefined
    params.set(key, value)
  }
}

class Input {
  at = 0
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  take(sticky: RegExp): string | undefined {
    return this.#match(sticky)?.[0]
  }

  quoted(): string | undefined {
    return this.#match(QUOTED)?.[1]?.replace(/\\(.)/g, '$1')
  }

  skip(character: string): boolean {
    if (this.#text[this.at] !== character) return false
    this.at++
    return true
  }

  #match(sticky: RegExp): RegExpExecArray | undefined {
    sticky.lastIndex = this.at
    const match = sticky.exec(this.#text)
    if (match === null) return undefined
    this.at += match[0].length
    return match
  }
}
