// One request to the hub of the gateway, and how the hub is asked in its name.
import { createHash } from 'node:crypto'
import { pairsOf } from '../../origin/raw-headers.ts'
import type { Upstream, UpstreamAnswer } from '../../origin/upstream.ts'
import type { Guest } from '../front/guest.ts'
import { ask, endToEnd } from '../front/relay.ts'
import { discard, headerOf } from '../registry/registry-read.ts'
import type { FileRoute, HubTarget } from './routes.ts'

/** A repository that was renamed redirects to its new name at the same hub. */
const MAX_HOPS = 5
const OF_ONE_REQUEST = new Set(['host', 'content-length', 'expect'])

export interface HubAsked {
  guest: Guest
  target: HubTarget
  /** URL of the hub, without a slash at the end. */
  hub: string
  upstream: Upstream
  /** The gateway as the client names it: scheme and host. */
  base: string
  /** The pseudonym of this gateway, for `Via`. */
  via: string
}

export interface FileAsked extends HubAsked {
  file: FileRoute
}

/** What the client shows to the hub: nothing else opens a private repository, and nothing of the gateway's own. */
export function authorizationOf({ guest }: HubAsked): string | undefined {
  return guest.request.headers.authorization || undefined
}

/** Tells credentials apart without giving them away. */
export function identityOf(authorization: string | undefined): string {
  return authorization === undefined ? '' : createHash('sha256').update(authorization).digest('base64url')
}

/**
 * Sends the client's request; redirects within the hub are followed for what only reads. `replaced`: in place of its headers of these
 * names, in lower case; undefined takes one away. Rejects with undici's errors or the abort.
 */
export async function askHub(
  asked: HubAsked,
  method = asked.guest.request.method ?? 'GET',
  replaced: Readonly<Record<string, string | undefined>> = {},
): Promise<UpstreamAnswer & { commit: string | undefined }> {
  const { guest, hub, upstream, via } = asked
  const { rawHeaders } = guest.request
  const others = rawHeaders.filter((_, i) => !Object.hasOwn(replaced, rawHeaders[i - (i % 2)]?.toLowerCase() ?? ''))
  const own = Object.entries(replaced).flatMap(([name, value]) => (value === undefined ? [] : [name, value]))
  const headers = [...others, ...own, 'via', via]
  const isRead = method === 'GET' || method === 'HEAD'
  let url = new URL(hub + asked.target.path)
  let commit: string | undefined
  for (let hop = 0; ; hop++) {
    const answer = await send(upstream, guest, { method, url, headers })
    commit ??= headerOf(answer.headers, 'x-repo-commit')
    const next = URL.parse(headerOf(answer.headers, 'location') ?? '', url.href)
    const isMoved = answer.status >= 300 && answer.status < 400 && headerOf(answer.headers, 'x-linked-etag') === undefined
    if (!isRead || !isMoved || next?.origin !== url.origin || hop === MAX_HOPS) return { ...answer, commit }
    discard(answer)
    url = next
  }
}

async function send(
  upstream: Upstream,
  guest: Guest,
  { method, url, headers }: { method: string; url: URL; headers: string[] },
): Promise<UpstreamAnswer> {
  if (method === guest.request.method) return await ask(upstream, guest, url, headers)
  const own = pairsOf(endToEnd(headers)).filter(([name]) => !OF_ONE_REQUEST.has(name.toLowerCase()))
  return await upstream.send({ method, url, headers: own.flat(), signal: guest.gone })
}
