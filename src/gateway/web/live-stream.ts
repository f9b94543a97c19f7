// Sends the live status to every open page, once a second, as server-sent events. Without a page there is no timer.
import type { ServerResponse } from 'node:http'
import type { Service } from '../../daemon/service.ts'

/** Between two updates, ms. */
const EVERY_MS = 1000
/** Pages that are served at the same time. */
export const MAX_VIEWERS = 32
/** A page that has not taken an update for so long, ms, is hung up on. It gets the newest one when it asks again. */
const STALLED_MS = 60_000

const HEADERS = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' }

export class LiveStream {
  readonly #service: Pick<Service, 'live'>
  /** When each took an update last, by `performance.now()`. */
  readonly #viewers = new Map<ServerResponse, number>()
  #timer: NodeJS.Timeout | undefined

  constructor(service: Pick<Service, 'live'>) {
    this.#service = service
  }

  get viewers(): number {
    return this.#viewers.size
  }

  /** Whether it is working. */
  get isBusy(): boolean {
    return this.#timer !== undefined
  }

  /** One more page; false when there are too many. */
  add(response: ServerResponse): boolean {
    if (this.#viewers.size >= MAX_VIEWERS) return false
    response.writeHead(200, HEADERS)
    response.flushHeaders()
    this.#viewers.set(response, performance.now())
    response.once('close', () => this.#left(response))
    if (response.destroyed) this.#left(response)
    else if (this.#timer === undefined) this.#timer = setInterval(() => void this.#tell(), EVERY_MS)
    void this.#tell([response])
    return true
  }

  /** Hangs up on everybody. */
  stop(): void {
    for (const response of [...this.#viewers.keys()]) response.destroy()
    this.#viewers.clear()
    this.#rest()
  }

  #left(response: ServerResponse): void {
    this.#viewers.delete(response)
    if (this.#viewers.size === 0) this.#rest()
  }

  #rest(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** Whoever is behind is left out: what is kept for a page is one update at most. */
  async #tell(viewers: readonly ServerResponse[] = [...this.#viewers.keys()]): Promise<void> {
    const live = await this.#service.live().catch(() => undefined)
    // a disk that fails, say: the next look may see more, and the event is told elsewhere
    if (live === undefined) return
    const text = `data: ${JSON.stringify(live)}\n\n`
    const at = performance.now()
    for (const response of viewers) {
      if (response.destroyed) continue
      if (response.writableLength === 0) {
        response.write(text)
        this.#viewers.set(response, at)
      } else if (at - (this.#viewers.get(response) ?? at) > STALLED_MS) response.destroy()
    }
  }
}
