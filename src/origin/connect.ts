// Makes the connections of one client: directly or through a proxy, and for others only to where they may go.
import type { buildConnector } from 'undici'
import { dialer } from './dial.ts'
import type { OriginSettings } from './options.ts'
import { Proxied } from './proxied.ts'
import type { HttpProxy } from './proxy.ts'

type Settings = Pick<OriginSettings, 'connectTimeoutMs' | 'guard' | 'proxies' | 'ca'>

/**
 * As undici's connectors. The same place has the same proxy throughout, so that connections that are kept open need no second
 * check: undici keeps them by scheme, host and port of the origin.
 */
export function connectorOf(
  { connectTimeoutMs: timeoutMs, guard, proxies, ca }: Settings,
  userAgent: string,
): buildConnector.connector {
  const direct = guard === undefined ? dialer({ timeoutMs, ca }) : guard.connector(timeoutMs, ca)
  if (proxies === undefined) return direct
  // whoever runs this node has named the proxy: its address needs no permission
  const proxied = new Proxied({ timeoutMs, ca, dial: dialer({ timeoutMs, ca }), userAgent })
  return (place, callback) => {
    let proxy: HttpProxy | undefined
    try {
      proxy = proxies.for(place)
    } catch (error) {
      return queueMicrotask(() => callback(error as Error, null))
    }
    if (proxy === undefined) return direct(place, callback)
    const through = proxy
    const checked = guard?.checkProxied(place, timeoutMs) ?? Promise.resolve()
    checked.then(
      () => proxied.connect(through, place, callback),
      error => callback(error, null),
    )
  }
}
