// Chooses the proxy of each connection: the one that was named, else the environment's, by curl's rules.
import type { Endpoint } from './endpoint.ts'
import { NoProxy } from './no-proxy.ts'
import { type HttpProxy, parseProxy } from './proxy.ts'

export interface ProxyOptions {
  /** For every origin, whatever the environment says; empty: none for any. Default: the environment's. */
  proxy?: string
  /** Takes the place of `no_proxy`. */
  noProxy?: string
}

/**
 * `https_proxy` or `http_proxy` by the scheme of the origin, else `all_proxy`; lower case wins over upper case. `HTTP_PROXY` does
 * not count in a CGI process (REQUEST_METHOD is set), where a client's header `Proxy:` sets it; curl never takes it, Go's programs
 * take it by this rule. `no_proxy` counts for a named proxy too. Loopback is no exception unless `no_proxy` names it.
 */
export class Proxies {
  readonly #named: HttpProxy | undefined
  readonly #isOff: boolean
  readonly #env: NodeJS.ProcessEnv
  readonly #direct: NoProxy

  /** Throws `bad-option` for a named proxy that is none. */
  constructor({ proxy, noProxy }: ProxyOptions, env: NodeJS.ProcessEnv) {
    this.#isOff = proxy === ''
    this.#named = proxy ? parseProxy(proxy) : undefined
    this.#env = env
    this.#direct = new NoProxy(noProxy ?? env.no_proxy ?? env.NO_PROXY ?? '')
  }

  /** Undefined: a direct connection. Throws `bad-option` when a variable names no proxy. */
  for(endpoint: Endpoint): HttpProxy | undefined {
    if (this.#isOff) return undefined
    const [source, text] = this.#named === undefined ? this.#ofEnv(endpoint.protocol) : []
    if ((this.#named === undefined && text === undefined) || this.#direct.covers(endpoint)) return undefined
    return this.#named ?? parseProxy(text as string, source)
  }

  /** A variable that is set to nothing is as good as unset. */
  #ofEnv(protocol: string): [source: string, text: string] | [] {
    const isCgi = this.#env.REQUEST_METHOD !== undefined
    const names = protocol === 'https:' ? ['https_proxy', 'HTTPS_PROXY'] : ['http_proxy', ...(isCgi ? [] : ['HTTP_PROXY'])]
    for (const name of [...names, 'all_proxy', 'ALL_PROXY']) {
      const text = this.#env[name]
      if (text) return [name, text]
    }
    return []
  }
}
