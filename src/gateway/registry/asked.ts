// One request to the registry mirror: who asks, which registry is meant, and how that is asked.
import { createHash } from 'node:crypto'
import type { Reading } from '../../daemon/registry-reads.ts'
import type { Upstream } from '../../origin/upstream.ts'
import type { Guest } from '../front/guest.ts'
import type { Target } from './routes.ts'
import type { Registry } from './settings.ts'

export interface Asked {
  guest: Guest
  target: Target
  registry: Registry
  upstream: Upstream
  /** What the registry is asked for. */
  url: URL
  /** What the guest shows to the registry; undefined: nothing, so that the gateway may ask for a token by itself. */
  authorization: string | undefined
  /** Tells credentials apart, without giving them away: what one was shown, another was not. Empty for none. */
  identity: string
  /** The guest has the gateway as its proxy, and knows it by no address that its requests could go to. */
  isProxied: boolean
  /** The account of where its time goes; undefined: it reads no content. */
  reading?: Reading | undefined
  /** The pseudonym of this gateway, for `Via`. */
  via: string
}

/** A blob at a registry. */
export interface BlobAsked extends Asked {
  /** Of the repository. */
  name: string
  /** `sha256:…` */
  digest: string
}

export function identityOf(authorization: string | undefined): string {
  return authorization === undefined ? '' : createHash('sha256').update(authorization).digest('base64url')
}

/** The guest's headers for the registry, raw, with ours in place of those of the same name. `undefined`: only taken away. */
export function headersFor(
  { guest, via, authorization }: Asked,
  replaced: Readonly<Record<string, string | undefined>> = {},
): string[] {
  const { rawHeaders } = guest.request
  const headers: string[] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = [rawHeaders[at], rawHeaders[at + 1]]
    if (name.toLowerCase() === 'authorization' && authorization === undefined) continue
    if (!Object.hasOwn(replaced, name.toLowerCase())) headers.push(name, value)
  }
  for (const [name, value] of Object.entries(replaced)) if (value !== undefined) headers.push(name, value)
  return [...headers, 'via', via]
}
