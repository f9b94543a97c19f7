// The clients of one gateway: one for everything, and one for each registry with certificate authorities of its own.
import { Upstream, type UpstreamSettings } from '../../origin/upstream.ts'
import type { Registry } from './settings.ts'

export class Upstreams {
  /** For registries without authorities of their own, and for all storage hosts. Not ours to stop. */
  readonly usual: Upstream
  readonly #settings: UpstreamSettings
  readonly #own = new Map<string, Upstream>()

  constructor(usual: Upstream, settings: UpstreamSettings) {
    this.usual = usual
    this.#settings = settings
  }

  of({ ca }: Registry): Upstream {
    if (ca === undefined) return this.usual
    const own = this.#own.get(ca) ?? new Upstream({ ...this.#settings, ca: { path: ca, source: 'gateway.registries' } })
    this.#own.set(ca, own)
    return own
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#own.values()].map(each => each.stop()))
  }
}
