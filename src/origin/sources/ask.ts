// Asks a store about one content, or for a page of a list: its first answer, with a short text where it refuses.

import type { HeaderList } from '../../core/headers.ts'
import { AbortScopes } from '../abort-scope.ts'
import { bodyFailure, lies, statusError } from '../failures.ts'
import type { AnswerHeaders } from '../fields.ts'
import { HttpClient } from '../http-client.ts'
import { ONE_BYTE } from '../look.ts'
import { settings } from '../options.ts'
import { Patience } from '../patience.ts'
import { Proxies } from '../proxies.ts'
import { caFileOf } from '../trust.ts'
import type { SourceReach } from './source.ts'

/** Bytes of a refusal's text that are read. */
const MAX_TEXT_BYTES = 16 * 1024
/** Bytes of one page of a list: 1,000 keys of 1,024 bytes, each byte written as three, and what is said of them. */
const MAX_PAGE_BYTES = 8 * 1024 * 1024
/** Who asks has a person waiting. Milliseconds. */
const HEADERS_TIMEOUT_MS = 60_000
/** For one page: what comes drop by drop, and is never silent, ends, too. Milliseconds; 8 MiB take 14 KiB/s. */
const PAGE_MS = 600_000
/** Less than a read has: nothing is lost by asking again. */
const ATTEMPTS = 4

export interface StoreAnswer {
  status: number
  headers: AnswerHeaders
  /** Of a refusal, and of a page; empty otherwise. */
  text: string
}

export interface AskOptions {
  /** 429 is an answer, and not waited for. */
  takesBusy?: boolean
  /** The whole answer is wanted, and not one byte. */
  isPage?: boolean
}

/** Closes its connections when it is disposed of. */
export class StoreClient implements AsyncDisposable {
  readonly #settings
  readonly #client: HttpClient
  readonly #signal: AbortSignal | undefined

  constructor({ proxy, noProxy, ca, signal }: SourceReach) {
    const named = { ...(proxy !== undefined && { proxy }), ...(noProxy !== undefined && { noProxy }) }
    const how = { proxies: new Proxies(named, process.env), ca: caFileOf(ca, process.env) }
    this.#settings = settings({ ...how, headersTimeoutMs: HEADERS_TIMEOUT_MS, attempts: ATTEMPTS })
    this.#client = new HttpClient(this.#settings)
    this.#signal = signal
  }

  /**
   * One byte is asked for, or a page; a redirect is not followed. `url` is called for each try. Rejects with `origin-…` or the abort.
   */
  async ask(url: () => string, headers: HeaderList, options: AskOptions = {}): Promise<StoreAnswer> {
    const scope = new AbortScopes().begin(this.#signal)
    const patience = new Patience(this.#settings, false)
    try {
      return await patience.until(() => this.#once(url(), headers, options, scope.signal), scope.signal)
    } finally {
      scope.end()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.stop()
  }

  async #once(url: string, headers: HeaderList, options: AskOptions, signal: AbortSignal): Promise<StoreAnswer> {
    const { maxRetryAfterMs } = this.#settings
    const { takesBusy = false, isPage = false } = options
    const answer = await this.#client.get({ url, headers, staysHere: true }, isPage ? [] : ONE_BYTE, maxRetryAfterMs, signal)
    try {
      const { status, headers } = answer
      if ((status === 429 && !takesBusy) || status >= 500) throw statusError(status, headers, url)
      const text = status >= 300 ? await beginning(answer.chunks()) : isPage ? await wholePage(answer.chunks(), url) : ''
      return { status, headers, text }
    } finally {
      await answer.close()
    }
  }
}

/** What breaks off says as much as it says. */
async function beginning(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of chunks) {
      parts.push(chunk)
      bytes += chunk.length
      if (bytes >= MAX_TEXT_BYTES) break
    }
  } catch {}
  return Buffer.concat(parts).toString('utf8').slice(0, MAX_TEXT_BYTES)
}

/** Rejects with `origin-lies` for more than a page can have, or longer than it may take, and with `origin-truncated` for what breaks off. */
export async function wholePage(chunks: AsyncIterable<Uint8Array>, url: string, limitMs = PAGE_MS): Promise<string> {
  const begun = performance.now()
  const parts: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of chunks) {
      parts.push(chunk)
      bytes += chunk.length
      if (bytes > MAX_PAGE_BYTES || performance.now() - begun > limitMs) break
    }
  } catch (error) {
    throw bodyFailure(error, url, bytes, undefined)
  }
  if (performance.now() - begun > limitMs) throw lies(url, `sent one page for more than ${limitMs / 1000} s`)
  if (bytes > MAX_PAGE_BYTES) throw lies(url, `sent a page of more than ${MAX_PAGE_BYTES} bytes`)
  return Buffer.concat(parts).toString('utf8')
}
