// The threads that hold sockets: starts them, has each listen in the same places, and starts those again that end.
import type { ListenPlace, ThreadInit } from './messages.ts'
import { type AcceptListener, SocketThread } from './socket-thread.ts'

/** Threads that end by themselves are replaced so often, all together; then the others go on without. */
const MAX_RESTARTS = 20

interface Listening {
  place: ListenPlace
  listener: AcceptListener
  /** No thread is left that listens. */
  onNone: () => void
}

export class SocketThreads {
  readonly count: number
  readonly #certificate: Promise<{ cert: string; key: string }>
  readonly #threads = new Set<SocketThread>()
  readonly #listening = new Map<number, Listening>()
  #nextListener = 0
  #restarts = 0
  #isStopped = false

  constructor(count: number, certificate: Promise<{ cert: string; key: string }>) {
    this.count = count
    this.#certificate = certificate
  }

  /** Connections by thread. */
  get connections(): number[] {
    return [...this.#threads].map(thread => thread.connections)
  }

  /** Has every thread listen there; resolves to the port, and what ends it. Rejects with what the system says. */
  async listen(place: ListenPlace, listener: AcceptListener, onNone: () => void): Promise<{ port: number; close(): void }> {
    await this.#start()
    const id = this.#nextListener++
    const close = () => {
      this.#listening.delete(id)
      for (const thread of this.#threads) thread.unlisten(id)
    }
    try {
      const [first, ...others] = this.#threads
      if (first === undefined) throw new Error('no thread')
      const port = await first.listen(id, place, listener)
      await Promise.all(others.map(async thread => await thread.listen(id, { ...place, port }, listener)))
      this.#listening.set(id, { place: { ...place, port }, listener, onNone })
      return { port, close }
    } catch (error) {
      close()
      throw error
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all([...this.#threads].map(async thread => await thread.stop()))
  }

  async #start(): Promise<void> {
    const certificate = await this.#certificate
    while (this.#threads.size < this.count && this.#restarts === 0 && !this.#isStopped) this.#startOne(certificate)
  }

  #startOne(certificate: { cert: string; key: string }): SocketThread {
    const init: Omit<ThreadInit, 'inbox'> = { ...certificate, idleMs: 120_000 }
    const thread = new SocketThread(init, ended => void this.#onEnd(ended))
    this.#threads.add(thread)
    return thread
  }

  async #onEnd(thread: SocketThread): Promise<void> {
    this.#threads.delete(thread)
    if (this.#isStopped) return
    if (this.#restarts < MAX_RESTARTS) {
      this.#restarts++
      const fresh = this.#startOne(await this.#certificate)
      for (const [id, { place, listener }] of this.#listening) fresh.listen(id, place, listener).catch(() => {})
    } else if (this.#threads.size === 0) {
      for (const { onNone } of this.#listening.values()) onNone()
    }
  }
}
