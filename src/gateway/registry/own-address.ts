// Tells requests that are for this gateway by its own address, and URLs that lead back to it.
import type { Guest } from '../front/guest.ts'
import { isLoopback } from './settings.ts'

/**
 * Whether a request means this host by an address or `localhost`: no name that somebody else can make point here. `0.0.0.0` leads here, too, but
 * only web pages use it: browsers do not tell whose page it is that asks for it.
 */
export function isLocalName(header: string | undefined): boolean {
  const host = header ?? ''
  if (/^(?:0(?:\.0){0,3}|\[[0:]*\])(?::\d+)?$/.test(host)) return false
  return isLoopback(host) || /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]+\])(?::\d+)?$/i.test(host)
}

/** A server at the gateway's own address. */
export function isSelf(url: URL, { request }: Guest): boolean {
  const { localAddress = '', localPort } = request.socket
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  return port === localPort && (host === localAddress || (isLoopback(localAddress.replace(/^::ffff:/, '')) && isLoopback(host)))
}
