// Reads cookies from a file in Netscape format, as browsers' add-ons, curl and wget write it.
import { linesOf } from './lines.ts'

const MAX_LINE = 8 * 1024
const MAX_COOKIES = 10_000

interface FileCookie {
  domain: string
  /** Whether hosts below the domain get it too. */
  isForSubdomains: boolean
  path: string
  isSecure: boolean
  /** Seconds since 1970; 0: it ends with the browser. */
  expires: number
  pair: string
}

/** Rejects with a UsageError when the file cannot be read. Lines of another shape are passed over, as curl does. */
export async function readCookies(file: string): Promise<FileCookie[]> {
  const cookies: FileCookie[] = []
  for await (const line of linesOf(file, MAX_LINE)) {
    const fields = line.replace(/^#HttpOnly_/, '').split('\t')
    const [domain = '', subdomains, path = '', secure, expires, name = '', value = ''] = fields
    if (line.startsWith('#') && !line.startsWith('#HttpOnly_')) continue
    if (fields.length < 6 || domain === '' || name === '' || cookies.length >= MAX_COOKIES) continue
    cookies.push({
      domain: domain.replace(/^\./, '').toLowerCase(),
      isForSubdomains: subdomains === 'TRUE' || domain.startsWith('.'),
      path,
      isSecure: secure === 'TRUE',
      expires: Number(expires) || 0,
      pair: `${name}=${value}`,
    })
  }
  return cookies
}

/** `name=value` of those that a browser would send to this URL at `now`, milliseconds since 1970. */
export function cookiesFor(cookies: readonly FileCookie[], { protocol, hostname, pathname }: URL, now: number): string[] {
  const host = hostname.toLowerCase()
  const fits = ({ domain, isForSubdomains, path, isSecure, expires }: FileCookie): boolean => {
    const isHost = host === domain || (isForSubdomains && host.endsWith(`.${domain}`))
    const isPath = pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`)
    return isHost && isPath && (!isSecure || protocol === 'https:') && (expires === 0 || expires * 1000 > now)
  }
  return cookies.filter(fits).map(({ pair }) => pair)
}
