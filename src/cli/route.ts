// How origins are reached, in one word: a download through a daemon must not take another way than the user's own.
import { createHash } from 'node:crypto'
import type { ProxySettings } from './proxy-flags.ts'

/** Variables that say how origins are reached; both cases of the first ones count. */
const VARIABLES = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'].flatMap(name => [name, name.toUpperCase()])
const AUTHORITIES = ['CURL_CA_BUNDLE', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS']

/** Empty: nobody said anything. A proxy may have a password: it is told as a digest. */
export function routeOf({ proxy, noProxy, ca }: ProxySettings, env: NodeJS.ProcessEnv): string {
  const proxies = [proxy, noProxy, ...VARIABLES.map(name => env[name] || undefined)]
  const authorities = [ca, ...AUTHORITIES.map(name => env[name] || undefined)]
  if ([...proxies, ...authorities].every(value => value === undefined)) return ''
  const isProxied = proxies.some(value => value !== undefined)
  const digest = isProxied ? createHash('sha256').update(JSON.stringify(proxies)).digest('base64url') : ''
  return JSON.stringify([digest, ...authorities])
}
