// Asks a registry directly, and follows its redirects to storage hosts.
import { pairsOf } from '../../origin/raw-headers.ts'
import type { RegistryAnswer, RegistryRequest } from './registry-access.ts'
import type { Upstreams } from './upstreams.ts'

const REDIRECTS = new Set([301, 302, 303, 307, 308])
const MAX_REDIRECTS = 5

/** Who asks the registry itself. */
export interface Sender {
  send(request: RegistryRequest): Promise<RegistryAnswer>
}

/**
 * The first answer that is no redirect. Credentials go to the registry's own origin only: storage hosts have theirs in the URL.
 * Rejects with undici's errors or the abort.
 */
export async function readRegistry(
  upstreams: Pick<Upstreams, 'usual'>,
  first: Sender,
  request: RegistryRequest,
): Promise<RegistryAnswer> {
  let { url } = request
  let { method } = request
  let headers = [...request.headers]
  for (let hop = 0; ; hop++) {
    const sender: Sender = url.origin === request.url.origin ? first : upstreams.usual
    const answer = await sender.send({ method, url, headers, signal: request.signal })
    // what may be read with GET alone is asked for with GET: signed URLs are for one method
    if (hop > 0 && method === 'HEAD' && [403, 405, 501].includes(answer.status)) {
      discard(answer)
      method = 'GET'
      continue
    }
    const location = headerOf(answer.headers, 'location')
    if (!REDIRECTS.has(answer.status) || location === undefined || hop >= MAX_REDIRECTS) return answer
    const next = URL.parse(location, url.href)
    if (next === null || !/^https?:$/.test(next.protocol)) return answer
    discard(answer)
    if (next.origin !== url.origin) headers = withoutCredentials(headers)
    url = next
  }
}

/** Ends an answer that nobody reads. */
export function discard({ body }: Pick<RegistryAnswer, 'body'>): void {
  body.on('error', () => {}).destroy()
}

/** Of the first header of that name, in lower case. */
export function headerOf(headers: readonly string[], name: string): string | undefined {
  return pairsOf(headers).find(([each]) => each.toLowerCase() === name)?.[1]
}

function withoutCredentials(headers: readonly string[]): string[] {
  return pairsOf(headers)
    .filter(([name]) => !['authorization', 'cookie'].includes(name.toLowerCase()))
    .flat()
}
