// Passes one request on and its answer back, unchanged but for what belongs to a single connection (RFC 9110 §7.6.1).
import { channel } from 'node:diagnostics_channel'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { isTracing, traceHeaders } from '../../core/tracing.ts'
import { pairsOf } from '../../origin/raw-headers.ts'
import type { Upstream, UpstreamAnswer } from '../../origin/upstream.ts'
import type { Guest } from './guest.ts'

const TRACE_HEADERS = new Set(['traceparent', 'tracestate'])
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * Names and values in turn, without those of this connection alone: the usual ones, and those that `connection` names. Node writes a
 * Content-Disposition that is not plain ASCII only where it stands before the length.
 */
export function endToEnd(headers: readonly string[]): string[] {
  const pairs = pairsOf(headers)
  const named = pairs.filter(([name]) => name.toLowerCase() === 'connection').flatMap(([, value]) => value.split(','))
  const drop = new Set([...HOP_BY_HOP, ...named.map(name => name.trim().toLowerCase())])
  const kept = pairs.filter(([name]) => !drop.has(name.toLowerCase()))
  return [...kept.filter(isDisposition), ...kept.filter(pair => !isDisposition(pair))].flat()
}

function isDisposition([name]: readonly [string, string]): boolean {
  return name.toLowerCase() === 'content-disposition'
}

/** The request of the guest, sent to `url`. `headers`: in place of the guest's own. Rejects with undici's errors. */
export async function ask(
  upstream: Upstream,
  { request, gone }: Guest,
  url: URL,
  headers = request.rawHeaders,
): Promise<UpstreamAnswer> {
  const passed = pairsOf(endToEnd(headers)).filter(([name]) => name.toLowerCase() !== 'host')
  const sent = isTracing() ? await inOwnSpan(passed) : passed
  const method = request.method ?? 'GET'
  const hasBody = request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined
  return await upstream.send({ method, url, headers: sent.flat(), signal: gone, ...(hasBody && { body: request }) })
}

/**
 * What names the guest's span names the gateway's own from here on (W3C Trace Context §3.4), if it named one. Where the SDK instruments
 * undici, that adds the headers by itself.
 */
async function inOwnSpan(pairs: readonly [string, string][]): Promise<[string, string][]> {
  const others = pairs.filter(([name]) => !TRACE_HEADERS.has(name.toLowerCase()))
  if (others.length === pairs.length || channel('undici:request:create').hasSubscribers) return others
  return [...others, ...Object.entries(await traceHeaders())]
}

/** The answer, as it came. An answer that breaks off breaks the guest's connection off. Never rejects. */
export async function giveBack(
  { response }: Guest,
  answer: Pick<UpstreamAnswer, 'status' | 'headers'> & { body: Readable },
): Promise<void> {
  try {
    response.writeHead(answer.status, endToEnd(answer.headers))
    await pipeline(answer.body, response)
  } catch {
    response.destroy()
    // without a listener, the end of what nobody reads would end the process
    answer.body.on('error', () => {}).destroy()
  }
}
