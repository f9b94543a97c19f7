// Which trustless gateways are asked for blocks of IPFS.
import { DragonflyError } from '../../core/errors.ts'

/** Public ones that give single blocks (https://specs.ipfs.tech/http-gateways/trustless-gateway/). */
export const PUBLIC_GATEWAYS: readonly string[] = ['https://trustless-gateway.link', 'https://ipfs.io']
export const MAX_GATEWAYS = 16

/**
 * Those that are named, else what `IPFS_GATEWAY` says, as curl and others have it, else public ones; in order, without a slash at the end.
 * Throws `bad-option`.
 */
export function gatewayUrls(named: readonly string[] | undefined, env: NodeJS.ProcessEnv): string[] {
  if (named !== undefined && named.length > 0) return checked(named, 'ipfsGateways')
  const fromEnv = (env.IPFS_GATEWAY ?? '').split(/[\s,]+/).filter(text => text !== '')
  return fromEnv.length > 0 ? checked(fromEnv, 'IPFS_GATEWAY') : [...PUBLIC_GATEWAYS]
}

function checked(texts: readonly string[], source: string): string[] {
  if (texts.length > MAX_GATEWAYS) throw new DragonflyError('bad-option', `${source}: more than ${MAX_GATEWAYS} gateways`)
  return [...new Set(texts.map(text => gatewayUrl(text, source)))]
}

/** Some write it with the /ipfs/ that is in every request. */
function gatewayUrl(text: string, source: string): string {
  const url = URL.parse(text)
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:'
  if (url === null || !isHttp || url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '') {
    const hint = 'write its URL without user, password and query, such as http://127.0.0.1:8080'
    throw new DragonflyError('bad-option', `${source}: not the URL of an IPFS gateway`, { hint })
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '').replace(/\/ipfs$/, '')}`
}
