// The address of one HTTP proxy, its password apart from everything that is shown.
import { DragonflyError } from '../core/errors.ts'

export interface HttpProxy {
  /** http: or https:, without user and password. */
  readonly url: URL
  /** For messages: `http://p:3128`. */
  readonly shown: string
  /** Value of Proxy-Authorization; undefined when the URL has no user. Never shown. */
  readonly authorization: string | undefined
  /** Where it was named: a variable, or `proxy` for the option. */
  readonly source: string
}

/**
 * Takes a proxy as curl does: a URL, or `HOST:PORT` for http://. The default port is the scheme's.
 * Throws `bad-option`, which names the source and never the text, as it may have a password.
 */
export function parseProxy(text: string, source = 'proxy'): HttpProxy {
  const url = URL.parse(/^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`)
  if (url === null || url.hostname === '') throw bad(source, 'not the URL of a proxy')
  if (/^socks/.test(url.protocol)) throw bad(source, `SOCKS proxies (${url.protocol}//) are not supported`)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw bad(source, `no proxy speaks ${url.protocol}//`)
  const { username, password, protocol, host } = url
  const authorization = username === '' && password === '' ? undefined : basic(username, password)
  return { url: new URL(`${protocol}//${host}`), shown: `${protocol}//${host}`, authorization, source }
}

/** Throws what `parseProxy` throws. */
export function checkProxy(text: string, source: string): void {
  parseProxy(text, source)
}

/** The value of an Authorization header for what a URL holds, which is percent-encoded. */
export function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}`
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function bad(source: string, what: string): DragonflyError {
  return new DragonflyError('bad-option', `${source}: ${what}`, { hint: 'write http://HOST:PORT or https://HOST:PORT' })
}
