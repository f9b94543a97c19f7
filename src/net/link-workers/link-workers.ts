// The link workers of a host: starts them, has each listen in the same places, and starts those again that end.
import type { PrivateKey } from '@libp2p/interface'
import { type Certificate, makeCertificate } from '../certificate.ts'
import { type AcceptListener, LinkWorker } from './link-worker.ts'
import type { ListenPlace } from './messages.ts'

/** Workers that end by themselves are replaced so often, all together; then the others go on without. */
const MAX_RESTARTS = 20
/** Nothing may come or go on a connection for so long, milliseconds; as libp2p's TCP has it. */
const IDLE_MS = 120_000

export interface Listening {
  readonly port: number
  readonly place: ListenPlace
  close(): void
}

export interface PlaceListener extends AcceptListener {
  /** No worker is left. */
  onNone(): void
}

export interface LinkWorkersOptions {
  count: number
  certificate: Promise<Certificate>
  /** Told when workers cannot be had: the main thread does their work. */
  onTrouble?: ((error: Error) => void) | undefined
}

/** What the options of a host say of it. */
interface Asked {
  linkWorkers?: number | undefined
  onNoLinkWorkers?: ((error: Error) => void) | undefined
}

export class LinkWorkers {
  readonly #options: LinkWorkersOptions
  readonly #workers = new Set<LinkWorker>()
  readonly #places = new Map<number, { place: ListenPlace; listener: PlaceListener }>()
  #nextPlace = 0
  #restarts = 0
  #hasStarted = false
  #hasToldTrouble = false
  #isStopped = false

  /** As a host's options say; undefined: it has none. */
  static of({ linkWorkers: count = 0, onNoLinkWorkers: onTrouble }: Asked, identity: PrivateKey): LinkWorkers | undefined {
    return count === 0 ? undefined : new LinkWorkers({ count, certificate: makeCertificate(identity), onTrouble })
  }

  constructor(options: LinkWorkersOptions) {
    this.#options = options
  }

  /** Those that run. */
  get all(): ReadonlySet<LinkWorker> {
    return this.#workers
  }

  /** Has every worker listen there: with port 0 on one that is free. Rejects with what the system says. */
  async listen(place: ListenPlace, listener: PlaceListener): Promise<Listening> {
    await this.#start()
    const id = this.#nextPlace++
    const close = () => {
      this.#places.delete(id)
      for (const worker of this.#workers) worker.unlisten(id)
    }
    try {
      const [first, ...others] = this.#workers
      if (first === undefined) throw new Error('no link worker is left')
      const port = await first.listen(id, place, listener)
      const taken = { ...place, port }
      await Promise.all(others.map(async worker => await worker.listen(id, taken, listener)))
      this.#places.set(id, { place: taken, listener })
      return { port, place: taken, close }
    } catch (error) {
      close()
      throw error
    }
  }

  /** What the main thread does because of this; told once. */
  cannot(error: Error): void {
    if (this.#hasToldTrouble) return
    this.#hasToldTrouble = true
    this.#options.onTrouble?.(error)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all([...this.#workers].map(async worker => await worker.stop()))
  }

  async #start(): Promise<void> {
    const certificate = await this.#options.certificate
    if (this.#hasStarted) return
    this.#hasStarted = true
    for (let i = 0; i < this.#options.count; i++) this.#startOne(certificate)
  }

  #startOne(certificate: Certificate): LinkWorker {
    const worker = new LinkWorker({ ...certificate, idleMs: IDLE_MS }, () => void this.#onEnd(worker))
    this.#workers.add(worker)
    return worker
  }

  async #onEnd(worker: LinkWorker): Promise<void> {
    this.#workers.delete(worker)
    const certificate = await this.#options.certificate
    if (this.#isStopped) return
    if (this.#restarts++ < MAX_RESTARTS) {
      const fresh = this.#startOne(certificate)
      for (const [id, { place, listener }] of this.#places) fresh.listen(id, place, listener).catch(() => fresh.stop())
      return
    }
    if (this.#workers.size > 0) return
    this.cannot(new Error('link workers ended too often'))
    for (const { listener } of this.#places.values()) listener.onNone()
    this.#places.clear()
  }
}
