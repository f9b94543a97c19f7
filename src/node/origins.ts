// The origin clients of a node: one for its own user, one for others, with common limits per host.
import type { DragonflyError } from '../core/errors.ts'
import type { AllowedOrigins } from '../origin/allowed-origins.ts'
import { portOf } from '../origin/endpoint.ts'
import type { Gates } from '../origin/gates.ts'
import type { OriginOptions } from '../origin/options.ts'
import type { Origin } from '../origin/origin.ts'
import { causeOf } from './api/events.ts'
import type { NodeOptions } from './api/node-options.ts'
import { type NodeContext, now, type Reader } from './context/node-context.ts'
import { RareLines } from './context/rare-lines.ts'
import { originLimits } from './origin-limits.ts'

export class Origins {
  readonly #options: NodeOptions
  readonly #ctx: Pick<NodeContext, 'emit' | 'counters'>
  readonly #made = new Map<Reader, Promise<Origin>>()
  readonly #refusals = new RareLines()
  #gates: Promise<Gates> | undefined

  constructor(options: NodeOptions, ctx: Pick<NodeContext, 'emit' | 'counters'>) {
    this.#options = options
    this.#ctx = ctx
  }

  /** Rejects with `bad-option`. */
  async check(): Promise<void> {
    if (this.#options.allowOrigins !== undefined) await this.#allowed()
    const { proxy, noProxy, ca } = this.#options
    if (proxy !== undefined || noProxy !== undefined) await this.#connections()
    if (this.#options.ipfsGateways !== undefined) {
      const { gatewayUrls } = await import('../origin/ipfs/gateway-urls.ts')
      gatewayUrls(this.#options.ipfsGateways, process.env)
    }
    if (ca !== undefined) {
      const { fileTrust } = await import('../origin/trust.ts')
      fileTrust({ path: ca, source: 'ca' })
    }
  }

  /** One for each kind of reader: they share no connection. */
  async of(reader: Reader): Promise<Origin> {
    const origin = this.#made.get(reader) ?? this.#make(reader)
    this.#made.set(reader, origin)
    return await origin
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#made.values()].map(async origin => (await origin).stop()))
  }

  async #make(reader: Reader): Promise<Origin> {
    const { Origin } = await import('../origin/origin.ts')
    this.#gates ??= this.#makeGates()
    const onRequest = () => this.#ctx.counters.count('dragonfly_origin_requests_total')
    const limits = { ...originLimits(this.#options), gates: await this.#gates }
    const common = { ...limits, ...(await this.#connections()), onRequest, onRetry: this.#onRetry }
    const { gatewayUrls } = await import('../origin/ipfs/gateway-urls.ts')
    const urls = () => gatewayUrls(this.#options.ipfsGateways, process.env)
    if (reader === 'self') return new Origin({ ...common, ipfs: () => ({ urls: urls() }) })
    const [{ Guard }, { AllowedOrigins }] = await Promise.all([
      import('../origin/guard.ts'),
      import('../origin/allowed-origins.ts'),
    ])
    const guard = new Guard(await this.#allowed(), { onRefused: this.#onRefused })
    // whoever runs this node has named the gateways; what others name is another matter
    const ofGateways = () => new Guard(new AllowedOrigins(urls().map(url => placeOf(new URL(url)))))
    return new Origin({ ...common, guard, ipfs: () => ({ urls: urls(), guard: ofGateways() }), forOthers: true })
  }

  async #makeGates(): Promise<Gates> {
    const [{ Gates }, { settings }] = await Promise.all([import('../origin/gates.ts'), import('../origin/options.ts')])
    return new Gates(settings(originLimits(this.#options)))
  }

  /** How connections are made: the options, else what the environment says. */
  async #connections(): Promise<Pick<OriginOptions, 'proxies' | 'ca'>> {
    const [{ Proxies }, { caFileOf }] = await Promise.all([import('../origin/proxies.ts'), import('../origin/trust.ts')])
    const { proxy, noProxy, ca } = this.#options
    const named = { ...(proxy !== undefined && { proxy }), ...(noProxy !== undefined && { noProxy }) }
    return { proxies: new Proxies(named, process.env), ca: caFileOf(ca, process.env) }
  }

  async #allowed(): Promise<AllowedOrigins> {
    const { AllowedOrigins } = await import('../origin/allowed-origins.ts')
    const { allowOrigins = [], fleet } = this.#options
    // what a fleet gets most is its own: registries and stores with private addresses
    return new AllowedOrigins(fleet === undefined ? allowOrigins : [...allowOrigins, 'private'])
  }

  readonly #onRetry = (error: Error, ms: number): void => {
    this.#ctx.counters.count('dragonfly_origin_retries_total')
    this.#ctx.emit({ code: 'origin-retry', waitMs: Math.round(ms), ...causeOf(error) })
  }

  readonly #onRefused = (host: string, { message: reason, hint }: DragonflyError): void => {
    this.#ctx.counters.count('dragonfly_origin_refusals_total')
    if (this.#refusals.isDue(host, now())) this.#ctx.emit({ code: 'origin-refused', host, reason, hint })
  }
}

/** As a pattern of AllowedOrigins. */
function placeOf(url: URL): string {
  return `${url.hostname}:${portOf(url)}`
}
