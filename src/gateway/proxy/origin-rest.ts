// The rest of an answer that has begun, from its origin: only of the very same version.
import { setTimeout as sleep } from 'node:timers/promises'
import type { ByteRange } from '../../core/range.ts'
import { pairsOf } from '../../origin/raw-headers.ts'
import type { Upstream } from '../../origin/upstream.ts'
import type { Guest } from '../front/guest.ts'
import { endToEnd } from '../front/relay.ts'
import type { RegistryAnswer } from '../registry/registry-access.ts'
import { discard, headerOf, readRegistry } from '../registry/registry-read.ts'

/** Requests in a row that bring nothing. */
const MAX_FAILURES = 3
const PAUSE_MS = 200

/** Fields of the guest's request that this one has its own of. */
const OWN = /^(range|if-.*|accept-encoding|expect|host)$/i

export interface RestWanted {
  guest: Guest
  url: string
  /** For this guest. Its redirects are followed, with credentials for the first server only. */
  upstream: Upstream
  /** Strong. */
  etag: string
  /** Of the whole. */
  length: number
  via: string
}

/** Bytes of `range`. Throws when the origin has another version, or does not give all of them. */
export async function* originRest(wanted: RestWanted, { start, end }: ByteRange): AsyncGenerator<Uint8Array> {
  let at = start
  for (let failures = 0; at < end; ) {
    const before = at
    try {
      for await (const bytes of await partOf(wanted, { start: at, end })) {
        const part = bytes.subarray(0, end - at)
        at += part.byteLength
        yield part
        if (at === end) return
      }
    } catch (error) {
      if (error instanceof AnotherVersion || wanted.guest.gone.aborted) throw error
    }
    failures = at > before ? 0 : failures + 1
    if (failures === MAX_FAILURES) throw new Error('the origin does not give the rest')
    if (failures > 0) await sleep(PAUSE_MS * 2 ** failures, undefined, { signal: wanted.guest.gone })
  }
}

/** Nothing can be put together with what was given. */
class AnotherVersion extends Error {}

async function partOf(wanted: RestWanted, range: ByteRange): Promise<AsyncIterable<Uint8Array>> {
  const { guest, url, upstream, etag, via } = wanted
  const own = pairsOf(endToEnd(guest.request.rawHeaders)).filter(([name]) => !OWN.test(name))
  const asked = ['Range', `bytes=${range.start}-${range.end - 1}`, 'If-Range', etag, 'Accept-Encoding', 'identity', 'Via', via]
  const request = { method: 'GET', url: new URL(url), headers: [...own.flat(), ...asked], signal: guest.gone } as const
  const answer = await readRegistry({ usual: upstream }, upstream, request)
  if (isRest(answer, wanted, range)) return answer.body
  discard(answer)
  throw answer.status < 500 ? new AnotherVersion('it is another version') : new Error(`the origin answers ${answer.status}`)
}

function isRest({ status, headers }: RegistryAnswer, { etag, length }: RestWanted, { start, end }: ByteRange): boolean {
  if (status !== 206 || (headerOf(headers, 'etag') ?? etag) !== etag) return false
  return (
    headerOf(headers, 'content-encoding') === undefined &&
    headerOf(headers, 'content-range') === `bytes ${start}-${end - 1}/${length}`
  )
}
