// Puts the forward proxy together.
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { DragonflyNode } from '../../node/api/dragonfly-node.ts'
import { AllowedOrigins } from '../../origin/allowed-origins.ts'
import type { Upstream, UpstreamSettings } from '../../origin/upstream.ts'
import type { Handler } from '../front/guest.ts'
import { Access } from './access.ts'
import { type ForwardParts, forwardHandler } from './forward.ts'
import { Hops } from './hops.ts'
import { HostPatterns, Interception } from './interception.ts'
import { type RuleEntry, Rules } from './rules.ts'
import { SharedAnswers } from './shared-answer.ts'
import { Tunnels } from './tunnel.ts'

/** Every one may be left out. */
export interface ProxyOptions {
  /** The first that matches a URL decides. Default none: everything passes straight. */
  rules?: readonly RuleEntry[] | undefined
  /** Hosts whose TLS is ended here: `reg.example.org`, `*.example.org`. Default none. */
  intercept?: readonly string[] | undefined
  /** Where the certificate authority is kept; needed for `intercept`. */
  home?: string | undefined
  /** Private addresses that programs of other hosts may be led to: patterns as for `--allow-origin`. Default none. */
  allowOrigins?: readonly string[] | undefined
  /** A tunnel without a byte in either direction ends after so many milliseconds. Default an hour. */
  tunnelIdleMs?: number | undefined
}

export interface ProxySetup {
  node: Pick<DragonflyNode, 'get' | 'head'>
  /** For requests of this host. Not stopped here. */
  upstream: Upstream
  upstreamSettings: UpstreamSettings
  /** See ForwardParts. */
  registry?: ForwardParts['registry']
  options: ProxyOptions
}

export interface Proxy {
  forward: Handler
  tunnel(request: IncomingMessage, socket: Duplex, head: Buffer): void
  stop(): Promise<void>
}

/** Rejects with `bad-option`. */
export async function makeProxy({ node, upstream, upstreamSettings, registry, options }: ProxySetup): Promise<Proxy> {
  const { rules = [], intercept = [], home = '', allowOrigins = [], tunnelIdleMs } = options
  const access = new Access(upstreamSettings, upstream, new AllowedOrigins(allowOrigins))
  const common = { rules: new Rules(rules), hops: new Hops(), access }
  const forward = forwardHandler({ ...common, shared: new SharedAnswers({ node, ...common }), registry })
  const patterns = new HostPatterns(intercept)
  let interception: Interception | undefined
  if (intercept.length > 0) {
    const { Authority } = await import('./authority.ts')
    interception = new Interception(patterns, await Authority.read(home), forward)
  }
  const tunnels = new Tunnels({ ...common, interception, idleMs: tunnelIdleMs })
  const stop = async () => {
    tunnels.stop()
    interception?.stop()
    await access.stop()
  }
  return { forward, tunnel: tunnels.take, stop }
}
