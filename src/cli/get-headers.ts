// The headers that the flags of df get mean for a URL: -H, -A, -e, -b, -u and the netrc file.
import { existsSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { HeaderList } from '../index.ts'
import { UsageError } from './errors.ts'
import type { GetFlags } from './get-flags.ts'
import { headerLines } from './header-lines.ts'
import type { Login, Netrc } from './netrc.ts'

type Header = HeaderList[number]

export interface HeadersOf {
  /** For the first try. */
  of(url: string): HeaderList
  /** With the login of the netrc file, once the origin has asked who we are; undefined: there is none for its host. */
  withLogin(url: string): Promise<HeaderList | undefined>
}

/** Reads the files and asks for the password, once for all URLs. Rejects with a UsageError or `bad-header`. */
export async function makeHeaders(flags: GetFlags, signal: AbortSignal): Promise<HeadersOf> {
  const { parseHeader } = await import('../client/index.ts')
  const given: Header[] = (await headerLines(flags)).map(parseHeader)
  if (flags.userAgent !== undefined) given.push(parseHeader(`user-agent: ${flags.userAgent}`))
  if (flags.referer !== undefined) given.push(parseHeader(`referer: ${flags.referer}`))
  if (flags.user !== undefined) given.push(basic(await loginOf(flags.user, flags, signal)))
  const cookies = await cookieSource(flags.cookie ?? [])
  const needsNoLogin = (url: string) => given.some(([name]) => name === 'authorization') || hasUser(url)
  let netrc: Promise<Netrc> | undefined
  const early = wantsEarly(flags) ? await readLogins(flags) : undefined
  const plain = (url: string): Header[] => {
    const pairs = cookies(url)
    return [...given, ...(pairs.length > 0 ? [parseHeader(`cookie: ${pairs.join('; ')}`)] : [])]
  }
  return {
    of: url => {
      const login = early && !needsNoLogin(url) ? find(early, url, true) : undefined
      return [...plain(url), ...(login ? [basic(login)] : [])]
    },
    withLogin: async url => {
      if (early !== undefined || flags.netrc === false || needsNoLogin(url)) return undefined
      netrc ??= readLogins(flags)
      const login = find(await netrc, url, false)
      return login && [...plain(url), basic(login)]
    },
  }
}

/** As curl does with -n; wget waits until it is asked, so that what is public stays public. */
function wantsEarly({ netrc, netrcFile }: GetFlags): boolean {
  return netrc === true || netrcFile !== undefined
}

async function readLogins({ netrc, netrcFile }: GetFlags): Promise<Netrc> {
  const { readNetrc } = await import('./netrc.ts')
  const file = netrcFile ?? process.env.NETRC ?? path.join(os.homedir(), '.netrc')
  return await readNetrc(file, netrcFile !== undefined || netrc === true)
}

/** `default` would tell every host who we are: only for who asked for the file. */
function find(netrc: Netrc, url: string, isAsked: boolean): Login | undefined {
  const host = URL.parse(url)?.hostname.toLowerCase()
  return (host === undefined ? undefined : netrc.machines.get(host)) ?? (isAsked ? netrc.default : undefined)
}

function basic({ user, password }: Login): Header {
  return ['authorization', `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`]
}

function hasUser(url: string): boolean {
  const parsed = URL.parse(url)
  return parsed !== null && (parsed.username !== '' || parsed.password !== '')
}

async function loginOf(text: string, flags: GetFlags, signal: AbortSignal): Promise<Login> {
  const colon = text.indexOf(':')
  const user = colon < 0 ? text : text.slice(0, colon)
  if (user === '') throw new UsageError('-u: no user', 'write -u USER:PASSWORD')
  if (colon >= 0) return { user, password: text.slice(colon + 1) }
  if (flags.password !== undefined) return { user, password: flags.password }
  const { askPassword } = await import('./ask-password.ts')
  return { user, password: await askPassword(`Password of ${user}: `, signal) }
}

/** As curl tells them apart: what has a `=` is cookies, everything else a file with some. */
async function cookieSource(given: readonly string[]): Promise<(url: string) => string[]> {
  const pairs = given.filter(text => text.includes('=') && !existsSync(text))
  const files = given.filter(text => !pairs.includes(text))
  if (files.length === 0) return () => pairs
  const { cookiesFor, readCookies } = await import('./cookie-file.ts')
  const found = (await Promise.all(files.map(readCookies))).flat()
  return url => {
    const parsed = URL.parse(url)
    return parsed === null ? pairs : [...pairs, ...cookiesFor(found, parsed, Date.now())]
  }
}
