// Asks for a URL by its scheme: over HTTP, or for blocks of IPFS, which are answered in the same way.
import { isIpfsUrl } from '../core/ipfs-url.ts'
import type { Answer } from './answer.ts'
import { HttpClient } from './http-client.ts'
import type { IpfsClient } from './ipfs/ipfs-client.ts'
import type { OriginRequest, OriginSettings } from './options.ts'
import type { Condition } from './validators.ts'

export class OriginClient {
  readonly #settings: OriginSettings
  readonly #http: HttpClient
  /** Few need it, and what it loads takes time. */
  #ipfs: Promise<IpfsClient> | undefined

  constructor(settings: OriginSettings) {
    this.#settings = settings
    this.#http = new HttpClient(settings)
  }

  /** As `HttpClient.get`. */
  async get(request: OriginRequest, conditions: readonly Condition[], patienceMs: number, signal: AbortSignal): Promise<Answer> {
    if (!isIpfsUrl(request.url)) return await this.#http.get(request, conditions, patienceMs, signal)
    this.#ipfs ??= import('./ipfs/ipfs-client.ts').then(({ IpfsClient }) => new IpfsClient(this.#settings))
    return await (await this.#ipfs).get(request, conditions, signal)
  }

  async stop(): Promise<void> {
    await Promise.all([this.#http.stop(), this.#ipfs?.then(client => client.stop()).catch(() => {})])
  }
}
