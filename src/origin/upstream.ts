// Sends single requests to registries and other servers, through the proxies and with the authorities that the node uses.
import { Agent, type Dispatcher } from 'undici'
import { connectorOf } from './connect.ts'
import type { Guard } from './guard.ts'
import { USER_AGENT } from './http-client.ts'
import type { Proxies } from './proxies.ts'
import type { CaFile } from './trust.ts'

/** How connections are made. */
export interface UpstreamSettings {
  proxies?: Proxies | undefined
  ca?: CaFile | undefined
  /** Where connections may not go. Default: they may go anywhere. */
  guard?: Guard | undefined
  /** Until the connection stands, and again until it is secure. Milliseconds, default 5,000. */
  connectTimeoutMs?: number
  /** Until the answer's headers are there. Milliseconds, default 60,000. */
  headersTimeoutMs?: number
  /** Without any byte of the body. Milliseconds, default 120,000. */
  bodyTimeoutMs?: number
}

export interface UpstreamRequest {
  method: string
  url: URL
  /** Names and values in turn, as Node's `rawHeaders`. */
  headers: readonly string[]
  body?: Dispatcher.DispatchOptions['body']
  signal: AbortSignal
}

/** An answer with its headers as they came, names and values in turn. */
export interface UpstreamAnswer {
  status: number
  headers: readonly string[]
  body: Dispatcher.ResponseData['body']
}

/** Follows no redirect, tries once, changes nothing. */
export class Upstream {
  readonly #agent: Agent
  readonly #proxies: Proxies | undefined

  constructor({
    proxies,
    ca,
    guard,
    connectTimeoutMs = 5000,
    headersTimeoutMs = 60_000,
    bodyTimeoutMs = 120_000,
  }: UpstreamSettings) {
    this.#proxies = proxies
    this.#agent = new Agent({
      allowH2: false,
      connections: 64,
      headersTimeout: headersTimeoutMs,
      bodyTimeout: bodyTimeoutMs,
      connect: connectorOf({ connectTimeoutMs, guard, proxies, ca }, USER_AGENT),
    })
  }

  /** Rejects with undici's errors or the abort. */
  async send({ method, url, headers, body, signal }: UpstreamRequest): Promise<UpstreamAnswer> {
    const path = url.pathname + url.search
    // over a connection to a proxy, http is asked for in absolute form; https is in a tunnel
    const proxy = url.protocol === 'http:' ? this.#proxies?.for(url) : undefined
    const authorization = proxy?.authorization === undefined ? [] : ['proxy-authorization', proxy.authorization]
    const answer = await this.#agent.request({
      origin: url.origin,
      path: proxy === undefined ? path : url.origin + path,
      method: method as Dispatcher.HttpMethod,
      headers: [...headers, ...authorization],
      body: body ?? null,
      signal,
      responseHeaders: 'raw',
    })
    // with `raw`, undici gives the names and values in turn
    return { status: answer.statusCode, headers: answer.headers as unknown as string[], body: answer.body }
  }

  async stop(): Promise<void> {
    await this.#agent.destroy()
  }
}
