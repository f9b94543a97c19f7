// A link worker, as the main thread sees it: a thread that accepts connections, holds their sockets, and encrypts.
import { Worker } from 'node:worker_threads'
import { HandshakeTurns } from '../handshake-turns.ts'
import { AcceptRoom, makeAcceptCount } from './accept-room.ts'
import { InboxReader, makeInbox } from './inbox.ts'
import type { Fact, ListenPlace, Order, WorkerInit } from './messages.ts'
import { type Growing, Outgoing } from './outgoing.ts'

/** A worker that answers none of so many pings in a row is taken for hung, and ended. */
const MAX_UNANSWERED = 3
const PING_EVERY_MS = 10_000

/** Hears what becomes of one connection. */
export interface SocketListener {
  onRaw(bytes: Uint8Array): void
  onSecured(certificate: Uint8Array, muxer: string): void
  /** The bytes are overwritten when it has returned. */
  onDecrypted(bytes: Uint8Array): void
  onWritten(): void
  onIdle(): void
  onBroken(code: string, message: string): void
  onClosed(): void
  /** The worker has ended, and the socket with it. */
  onWorkerEnd(): void
}

/** Hears what becomes of one place to listen on. */
export interface AcceptListener {
  /** Of a connection from this address. */
  accept(worker: LinkWorker, id: number, address: string, port: number): SocketListener | undefined
}

export class LinkWorker {
  readonly turns = new HandshakeTurns()
  readonly #worker: Worker
  readonly #inbox: InboxReader
  readonly #accepts: AcceptRoom
  readonly #orders: Outgoing<Order>
  readonly #sockets = new Map<number, SocketListener>()
  readonly #places = new Map<number, { listener: AcceptListener; begun: PromiseWithResolvers<number> }>()
  readonly #heart: NodeJS.Timeout
  /** Pings since anything was heard. */
  #unanswered = 0
  #hasEnded = false

  /** `onEnd`: told once when the worker has ended, whatever the cause. */
  constructor(init: Omit<WorkerInit, 'inbox' | 'accepts'>, onEnd: () => void) {
    const [inbox, accepts] = [makeInbox(), makeAcceptCount()]
    this.#accepts = new AcceptRoom(accepts)
    this.#inbox = new InboxReader(inbox)
    this.#worker = new Worker(workerFile(), { workerData: { ...init, inbox, accepts } satisfies WorkerInit })
    this.#orders = new Outgoing(list => this.#worker.postMessage(list))
    this.#worker.on('message', (facts: Fact[]) => this.#onFacts(facts))
    // 'exit' follows
    this.#worker.on('error', () => {})
    this.#worker.on('exit', () => this.#end(onEnd))
    this.#heart = setInterval(() => this.#beat(), PING_EVERY_MS)
    this.#heart.unref()
  }

  get connections(): number {
    return this.#sockets.size
  }

  /** Resolves to the port. Rejects with what the system says, or when the worker ends before. */
  async listen(id: number, place: ListenPlace, listener: AcceptListener): Promise<number> {
    const begun = Promise.withResolvers<number>()
    if (this.#hasEnded) throw ended()
    this.#places.set(id, { listener, begun })
    this.say(['listen', id, place])
    return await begun.promise
  }

  unlisten(id: number): void {
    if (this.#places.delete(id)) this.say(['unlisten', id])
  }

  say(order: Order | Growing<Order>): void {
    if (!this.#hasEnded) this.#orders.say(order)
  }

  async stop(): Promise<void> {
    clearInterval(this.#heart)
    await this.#worker.terminate()
  }

  #beat(): void {
    if (this.#unanswered++ >= MAX_UNANSWERED) void this.#worker.terminate()
    else this.say(['ping'])
  }

  #end(onEnd: () => void): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    clearInterval(this.#heart)
    for (const { begun } of this.#places.values()) begun.reject(ended())
    this.#places.clear()
    const sockets = [...this.#sockets.values()]
    this.#sockets.clear()
    for (const socket of sockets) socket.onWorkerEnd()
    onEnd()
  }

  #onFacts(facts: Fact[]): void {
    this.#unanswered = 0
    for (const fact of facts) this.#onFact(fact)
  }

  #onFact(fact: Fact): void {
    const [what, id] = fact
    if (what === 'data') return this.#onData(fact[1], fact[2], fact[3], fact[4])
    if (what === 'opened') return this.#onOpened(fact[1], fact[2], fact[3], fact[4])
    if (what === 'listening') return this.#places.get(fact[1])?.begun.resolve(fact[2])
    if (what === 'refused') return this.#places.get(fact[1])?.begun.reject(systemError(fact[2], fact[3]))
    if (id === undefined) return
    const socket = this.#sockets.get(id)
    if (what === 'closed') this.#sockets.delete(id)
    if (socket !== undefined) tell(socket, fact)
  }

  #onData(id: number, offset: number, length: number, end: number): void {
    this.#sockets.get(id)?.onDecrypted(this.#inbox.at(offset, length))
    if (this.#inbox.done(end)) this.say(['room'])
  }

  #onOpened(id: number, place: number, address: string, port: number): void {
    this.#accepts.known()
    const socket = this.#places.get(place)?.listener.accept(this, id, address, port)
    if (socket === undefined) this.say(['reset', id])
    else this.#sockets.set(id, socket)
  }
}

function tell(socket: SocketListener, fact: Fact): void {
  if (fact[0] === 'raw') socket.onRaw(fact[2])
  else if (fact[0] === 'secured') socket.onSecured(fact[2], fact[3])
  else if (fact[0] === 'written') socket.onWritten()
  else if (fact[0] === 'idle') socket.onIdle()
  else if (fact[0] === 'broken') socket.onBroken(fact[2], fact[3])
  else if (fact[0] === 'closed') socket.onClosed()
}

/** Built, it is one file beside this one. */
function workerFile(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './link-worker.cjs', import.meta.url)
}

function ended(): Error {
  return new Error('the link worker has ended')
}

function systemError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
