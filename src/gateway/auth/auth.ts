// Everything that the gateway has for the authentication of registries, over one upstream client.

import { Credentials } from '../../origin/registries/credentials.ts'
import { RegistryClient } from '../../origin/registries/registry-client.ts'
import { type TokenCounters, TokenServers } from '../../origin/registries/token-servers.ts'
import { Tokens } from '../../origin/registries/tokens.ts'
import type { Upstream } from '../../origin/upstream.ts'
import { TokenRelay } from './token-relay.ts'

export interface RegistryAuth {
  client: RegistryClient
  /** Another one that shares the tokens, over another upstream client. */
  clientOver(upstream: Upstream): RegistryClient
  relay: TokenRelay
  tokens: Tokens
}

/**
 * `credentialFiles`: as docker and podman write them. Default: none, so that the gateway asks registries anonymously and passes on what
 * engines show: whoever reaches it gets nothing by credentials that are somebody else's.
 */
export function openAuth(
  upstream: Upstream,
  credentialFiles: readonly string[] = [],
  env: NodeJS.ProcessEnv = process.env,
  counters?: TokenCounters,
): RegistryAuth {
  const servers = new TokenServers(upstream, counters)
  const tokens = new Tokens(servers)
  const credentials = credentialFiles.length > 0 && { credentials: new Credentials({ files: credentialFiles, env }) }
  const clientOver = (over: Upstream) => new RegistryClient(over, { tokens, ...credentials })
  return { client: clientOver(upstream), clientOver, relay: new TokenRelay(servers, tokens), tokens }
}
