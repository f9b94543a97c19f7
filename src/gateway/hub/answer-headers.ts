// Headers of a hub's answer for a client that has the gateway in place of the hub.
import { pairsOf } from '../../origin/raw-headers.ts'
import { HUB_PREFIX } from './routes.ts'

/** `<URL>; rel="…"` in a Link header (RFC 8288); a comma may stand in the URL. */
const LINK = /<([^>]*)>((?:\s*;\s*[\w*-]+\s*=\s*(?:"[^"]*"|[^\s",;]+))*)/g

/**
 * Links and redirects to the hub lead here, and nothing offers Xet, a protocol that goes past the gateway. `base`: the gateway as the
 * client names it.
 */
export function headersForClient(headers: readonly string[], hub: string, base: string): string[] {
  return pairsOf(headers).flatMap(([name, value]) => {
    const lower = name.toLowerCase()
    if (lower.startsWith('x-xet-')) return []
    if (lower === 'location') return [name, toGateway(value, hub, base)]
    if (lower !== 'link') return [name, value]
    const links = linksForClient(value, hub, base)
    return links === '' ? [] : [name, links]
  })
}

function linksForClient(value: string, hub: string, base: string): string {
  const links = [...value.matchAll(LINK)].filter(([, , about = '']) => !/\brel\s*=\s*"?[^"]*\bxet-/i.test(about))
  return links.map(([, url = '', about = '']) => `<${toGateway(url, hub, base)}>${about}`).join(', ')
}

/** A URL below the hub's, or a path of it; any other as it is. */
function toGateway(url: string, hub: string, base: string): string {
  const { pathname } = new URL(hub)
  const below = pathname === '/' ? '' : pathname
  if (url.startsWith('/') && !url.startsWith('//'))
    return HUB_PREFIX + (url.startsWith(`${below}/`) ? url.slice(below.length) : url)
  return url === hub || url.startsWith(`${hub}/`) ? base + HUB_PREFIX + url.slice(hub.length) : url
}
