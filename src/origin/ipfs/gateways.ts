// Fetches blocks of IPFS from trustless gateways: the next one where one does not have a block, is slow, or gives something else.
import type { CID } from 'multiformats/cid'
import { abortError, DragonflyError } from '../../core/errors.ts'
import type { Answer } from '../answer.ts'
import { contentLength } from '../content-range.ts'
import { bodyFailure, lies, statusError } from '../failures.ts'
import type { HttpClient } from '../http-client.ts'
import { isBlock, MAX_BLOCK_BYTES } from './verify-block.ts'

/** For one block from one gateway, waits and all: what comes drop by drop, and is never silent, ends, too. Milliseconds. */
export const BLOCK_MS = 60_000
/** So long a gateway comes last that gave wrong bytes, or was in trouble. Milliseconds. */
const WRONG_MS = 600_000
const TROUBLE_MS = 30_000
const HEADERS = [['accept', 'application/vnd.ipld.raw']] as const

export interface GatewaysOptions {
  /** As `gatewayUrls` gives them; at least one. */
  urls: readonly string[]
  client: Pick<HttpClient, 'get'>
  /** See BLOCK_MS. */
  blockMs?: number
  /** Others hear what went wrong, and not where the gateways are. Default false. */
  forOthers?: boolean
}

interface Gateway {
  url: string
  /** On the clock of `performance.now`. */
  lastUntil: number
}

export class Gateways {
  readonly #client: Pick<HttpClient, 'get'>
  readonly #blockMs: number
  readonly #forOthers: boolean
  readonly #all: Gateway[]
  /** It had what was asked for last, and is like to have the rest of it. */
  #recent: Gateway | undefined

  constructor({ urls, client, blockMs = BLOCK_MS, forOthers = false }: GatewaysOptions) {
    this.#forOthers = forOthers
    this.#client = client
    this.#blockMs = blockMs
    this.#all = urls.map(url => ({ url, lastUntil: 0 }))
  }

  /** A block that is what its CID says. Each gateway is asked once. Rejects with `origin-…` or the abort. */
  async fetch(cid: CID, signal: AbortSignal): Promise<Uint8Array> {
    const failures: DragonflyError[] = []
    for (const gateway of this.#inOrder()) {
      try {
        const bytes = await this.#from(gateway, cid, signal)
        this.#recent = gateway
        return bytes
      } catch (error) {
        if (signal.aborted) throw abortError(signal)
        if (!(error instanceof DragonflyError)) throw error
        if (error.code !== 'origin-not-found') gateway.lastUntil = performance.now() + troubleMs(error)
        failures.push(error)
      }
    }
    throw failureOfAll(cid, failures, this.#forOthers)
  }

  #inOrder(): Gateway[] {
    const now = performance.now()
    const rank = (gateway: Gateway) => (gateway.lastUntil > now ? 2 : gateway === this.#recent ? 0 : 1)
    return this.#all.toSorted((a, b) => rank(a) - rank(b))
  }

  /** A redirect is no block: it is not followed, wherever it leads. */
  async #from({ url }: Gateway, cid: CID, signal: AbortSignal): Promise<Uint8Array> {
    const place = `${url}/ipfs/${cid}?format=raw`
    const clock = AbortSignal.timeout(this.#blockMs)
    const within = AbortSignal.any([signal, clock])
    try {
      const answer = await this.#client.get({ url: place, headers: HEADERS, staysHere: true }, [], 0, within)
      try {
        if (answer.status !== 200) throw statusError(answer.status, answer.headers, place)
        const bytes = await blockIn(answer)
        if (!isBlock(cid, bytes)) throw lies(place, 'sent wrong bytes')
        return bytes
      } finally {
        await answer.close()
      }
    } catch (error) {
      if (!clock.aborted || signal.aborted) throw error
      const what = `gateway ${new URL(url).host} did not give block ${cid} within ${this.#blockMs / 1000} s`
      throw new DragonflyError('origin-timeout', what, { retryable: true, cause: error })
    }
  }
}

/** Throws `origin-lies` for more than a block can be. */
async function blockIn(answer: Answer): Promise<Uint8Array> {
  const { headers, url } = answer
  const tooLong = () => lies(url, `sent more than the ${MAX_BLOCK_BYTES} bytes of a block`)
  if ((contentLength(headers, url) ?? 0) > MAX_BLOCK_BYTES) throw tooLong()
  const parts: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of answer.chunks()) {
      bytes += chunk.length
      if (bytes > MAX_BLOCK_BYTES) throw tooLong()
      parts.push(chunk)
    }
  } catch (error) {
    throw error instanceof DragonflyError ? error : bodyFailure(error, url, bytes, undefined)
  }
  return Buffer.concat(parts)
}

function troubleMs({ code, retryAfter = 0 }: DragonflyError): number {
  return code === 'origin-lies' ? WRONG_MS : Math.max(TROUBLE_MS, Math.min(retryAfter, WRONG_MS))
}

/** The worst that was heard; to be tried again where a gateway may do better then. */
function failureOfAll(cid: CID, failures: readonly DragonflyError[], forOthers: boolean): DragonflyError {
  const isMissing = ({ code }: DragonflyError) => code === 'origin-not-found'
  if (failures.every(isMissing)) {
    const hint = 'name a gateway that has it with --ipfs-gateway URL'
    return new DragonflyError('origin-not-found', `no IPFS gateway has block ${cid}`, { status: 404, hint })
  }
  const again = failures.find(({ retryable }) => retryable)
  const told = failures.find(({ code }) => code === 'origin-lies') ?? again ?? failures.find(error => !isMissing(error))
  const { code = 'origin-error', message = '', status, hint = 'name other gateways with --ipfs-gateway URL', cause } = told ?? {}
  return new DragonflyError(code, `no IPFS gateway gave block ${cid}: ${forOthers ? inGeneral(code) : message}`, {
    ...(status !== undefined && { status }),
    ...{ retryable: again !== undefined, cause, hint },
    ...(again?.retryAfter !== undefined && { retryAfter: again.retryAfter }),
  })
}

function inGeneral(code: string): string {
  if (code === 'origin-lies') return 'wrong bytes'
  return code === 'origin-timeout' ? 'no answer in time' : 'the gateways are in trouble'
}
