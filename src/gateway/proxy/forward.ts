// The forward proxy: what becomes of one request in absolute form (RFC 9112 §3.2.2).
import type { IncomingMessage } from 'node:http'
import { MAX_URL_BYTES } from '../../core/task.ts'
import type { Upstream } from '../../origin/upstream.ts'
import type { Guest, Handler } from '../front/guest.ts'
import { ask, giveBack } from '../front/relay.ts'
import type { Access } from './access.ts'
import type { Hops } from './hops.ts'
import { answerRefusal, Refusal, refusalOf } from './refusals.ts'
import type { Decision, Rules } from './rules.ts'
import type { SharedAnswers } from './shared-answer.ts'

/** A blob or manifest of the OCI distribution specification. */
const REGISTRY_PATH = /^\/v2\/.+\/(blobs|manifests)\/[^/]+$/

export interface ForwardParts {
  rules: Rules
  hops: Hops
  access: Access
  shared: SharedAnswers
  /**
   * Answers a GET or HEAD of a registry's blob or manifest, asked for at this URL. Default: they are shared by URL, as any other.
   */
  registry?: ((guest: Guest, url: URL) => Promise<void>) | undefined
}

/** Answers every request; never rejects. */
export function forwardHandler(parts: ForwardParts): Handler {
  return async guest => {
    const { request, response } = guest
    let host = 'the origin'
    try {
      const url = targetOf(request)
      host = url.host
      const decision = admit(parts, request, url)
      if (isRead(request) && decision.action === 'swarm') await readShared(parts, guest, url, decision)
      else await relay(parts, guest, url)
    } catch (error) {
      if (!guest.gone.aborted) answerRefusal(response, refusalOf(error, host))
    }
  }
}

/** Throws a Refusal for what is no absolute URL of http or https. */
export function targetOf({ url: text = '' }: Pick<IncomingMessage, 'url'>): URL {
  // whoever evades a rule by length would be let through where it blocks
  if (Buffer.byteLength(text) > MAX_URL_BYTES) throw new Refusal(414, `the URL is longer than ${MAX_URL_BYTES} bytes`)
  const url = URL.parse(text)
  if (url === null || url.hostname === '') throw new Refusal(400, 'ask for a complete URL, as of a proxy')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new Refusal(501, `no proxy for ${url.protocol}//`)
  url.username = ''
  url.password = ''
  url.hash = ''
  return url
}

/** What the rules say. Throws a Refusal for what is blocked, or would come back here. */
export function admit({ rules, hops }: Pick<ForwardParts, 'rules' | 'hops'>, request: IncomingMessage, url: URL): Decision {
  if (hops.isLoop(request, url)) throw new Refusal(508, `${url.host} leads back to this gateway`)
  const decision = rules.decide(url.href)
  if (decision.action === 'block') throw new Refusal(403, `a rule blocks ${url.host}`)
  return decision
}

/** `no-store`: nothing of it may be kept (RFC 9111 §5.2.1.5). */
function isRead({ method, headers }: IncomingMessage): boolean {
  return (method === 'GET' || method === 'HEAD') && !/\bno-store\b/i.test(headers['cache-control'] ?? '')
}

async function readShared(parts: ForwardParts, guest: Guest, url: URL, { filter }: Decision): Promise<void> {
  const { shared, registry, access } = parts
  await access.check(guest.request, url)
  if (registry !== undefined && REGISTRY_PATH.test(url.pathname)) return await registry(guest, url)
  if (guest.request.method === 'GET') {
    if (!(await shared.give(guest, url.href, filter))) await relay(parts, guest, url)
    return
  }
  // the origin describes it best; the swarm only when that is gone
  await relay(parts, guest, url).catch(async error => {
    const fields = await shared.describe(guest, url.href, filter)
    if (fields === undefined) throw error
    guest.response.writeHead(200, fields).end()
  })
}

/** To the origin and back. Rejects before anything was sent. */
async function relay({ access, hops }: ForwardParts, guest: Guest, url: URL): Promise<void> {
  const { request } = guest
  const upstream: Upstream = access.upstreamFor(request)
  const answer = await ask(upstream, guest, url, [...withoutExpect(request), 'Via', hops.via(request.httpVersion)])
  await giveBack(guest, { ...answer, headers: [...answer.headers, 'Via', hops.via('1.1')] })
}

/** 100 Continue was sent here. */
function withoutExpect({ rawHeaders }: IncomingMessage): string[] {
  return rawHeaders.filter((_, i) => rawHeaders[i - (i % 2)]?.toLowerCase() !== 'expect')
}
