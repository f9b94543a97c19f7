// How origins are reached, in one word: a download through a daemon must not take another way than the user's own.
import { createHash } from 'node:crypto'
import type { ProxySettings } from './proxy-flags.ts'

/** Variables that say how origins are reached; both cases of the first ones count. */
const VARIABLES = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'].flatMap(name => [name, name.toUpperCase()])
const AUTHORITIES = ['CURL_CA_BUNDLE', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS']

/** Empty: nobody said anything. Else a digest, since a proxy may have a password. */
export function routeOf({ proxy, noProxy, ca }: ProxySettings, env: NodeJS.ProcessEnv): string {
  const said = [proxy, noProxy, ca, ...[...VARIABLES, ...AUTHORITIES].map(name => env[name] || undefined)]
  if (said.every(value => value === undefined)) return ''
  return createHash('sha256').update(JSON.stringify(said)).digest('base64url')
}
