// A link between two peers that share one content: a control stream, and data streams while pieces flow.
import { DragonflyError } from '../core/errors.ts'
import { type ControlMessage, encodeControl } from '../wire/codec-control.ts'
import { encodeDataRequest } from '../wire/codec-data.ts'
import type { Hello } from '../wire/codec-hello.ts'
import { LIMITS } from '../wire/limits.ts'
import type { RefusalReason } from '../wire/refusal.ts'
import type { MessageChannel } from './channel.ts'
import { type LinkTotals, LinkUsage } from './link-usage.ts'
import type { MemoryBudget } from './memory-budget.ts'
import type { PayloadPace } from './payload-pace.ts'
import { PieceRequester, type RequesterListener } from './piece-requester.ts'
import type { PieceResponder } from './piece-responder.ts'

/** After a regular end the other side has this long to end its streams too; then they are cut. */
const CLOSE_TIMEOUT_MS = 5000
/** Whoever reads less than 768 KiB (half the queue, and a message) in this time, ms, is given up: some 4 KiB/s. */
const DELIVERY_MS = 180_000

/** What a link tells its owner. Calls come one after another; a rejected `message` ends the link. */
export interface LinkListener {
  message(message: ControlMessage): Promise<void>
  ask(piece: number, load: number, has: number | undefined): void
  withdraw(piece: number): void
  /** The other side took some of what we send, or our own limit held it back; told once a second at most. */
  sent?(): void
  buffer(size: number): Uint8Array
  /** What holds payload back, both ways. Default: nothing does. */
  readonly pace?: PayloadPace | undefined
  /** For so many milliseconds more, what came has waited for `pace`. */
  held?(ms: number): void
  progress(piece: number, bytes: number): void
  piece(piece: number, bytes: Uint8Array): void
  refused(piece: number, reason: RefusalReason): void
  /** Once, whoever ended it. `error` when a rule was broken or the connection failed. */
  closed(error: unknown): void
}

export interface LinkInit {
  peer: string
  topic: string
  /** Whether we opened it. */
  isDialer: boolean
  control: MessageChannel
  /** The first hello of the other side. */
  hello: Hello
  ourHello: Hello
  /** Counts what passes on this link, too. */
  totals?: LinkTotals
  /** For what the other side says and has not proved. */
  hearsay: MemoryBudget
  openData: () => Promise<{ channel: MessageChannel; stream: ConstructorParameters<typeof PieceRequester>[0] }>
}

export class Link {
  readonly peer: string
  readonly topic: string
  readonly isDialer: boolean
  readonly hello: Hello
  /** Ours, as it was said first. */
  readonly ourHello: Hello
  readonly usage: LinkUsage
  readonly #init: LinkInit
  #listener: LinkListener | undefined
  #requester: Promise<PieceRequester> | undefined
  #responder: PieceResponder | undefined
  #closed = false
  #farewell: RefusalReason | undefined

  constructor(init: LinkInit) {
    this.#init = init
    this.usage = new LinkUsage(init.totals)
    this.peer = init.peer
    this.topic = init.topic
    this.isDialer = init.isDialer
    this.hello = init.hello
    this.ourHello = init.ourHello
  }

  /** For what it says and has not proved. */
  get hearsay(): MemoryBudget {
    return this.#init.hearsay
  }

  get isClosed(): boolean {
    return this.#closed
  }

  /** Why either side ended it, where it was said. */
  get farewell(): RefusalReason | undefined {
    return this.#farewell
  }

  /** Gives every message to `listener` until the link ends. Resolves then, never rejects. */
  async run(listener: LinkListener, decode: (bytes: Uint8Array) => ControlMessage | undefined): Promise<void> {
    this.#listener = listener
    const unfinished = this.hearsay.hold(this.peer, () => {
      this.#end(new DragonflyError('peer-refused', 'too many unfinished messages', { retryable: true }))
    })
    this.#init.control.onHeld = bytes => unfinished.resize(bytes)
    try {
      for await (const bytes of this.#init.control) {
        const message = decode(bytes)
        if (message !== undefined) await listener.message(message)
        if (this.#closed) break
      }
      this.close()
    } catch (error) {
      this.#end(error)
    } finally {
      unfinished.release()
    }
  }

  send(message: ControlMessage): void {
    if (this.#closed) return
    try {
      this.#init.control.post(encodeControl(message))
    } catch (error) {
      this.#end(error)
    }
  }

  /**
   * For what is long: undefined when the other side keeps up, else resolves when it has read enough, or the link has ended. It
   * ends when that takes too long.
   */
  deliver(message: ControlMessage): Promise<void> | undefined {
    const { control } = this.#init
    // the other half is for messages that do not wait
    if (control.queued <= LIMITS.sendQueue / 2) return void this.send(message)
    if (this.#closed) return undefined
    return control.send(encodeControl(message), AbortSignal.timeout(DELIVERY_MS)).catch(error => this.#end(error))
  }

  /** `size`: bytes of the piece; `load`: pieces under way to us, from everybody; `has`: those that we have. */
  ask(piece: number, size: number, load: number, has?: number): void {
    this.usage.asked(piece)
    this.#data(requester => requester.ask(piece, size, load, has))
  }

  cancel(piece: number): void {
    this.usage.failed(piece)
    this.#data(requester => requester.cancel(piece))
  }

  /** Attaches the data stream on which the other side asks. Resolves when that has ended; rejects with `protocol`. */
  async serve(responder: PieceResponder): Promise<void> {
    if (this.#responder !== undefined) throw new DragonflyError('protocol', 'a second data stream on one link')
    this.#responder = responder
    await responder.run()
  }

  /** Resolves to whether the other side says that it has all of it. Rejects when the piece could not be given to the socket. */
  async give(piece: number, bytes: Uint8Array): Promise<boolean> {
    try {
      const isThere = await this.#responder?.send(piece, bytes)
      this.usage.answered(piece, bytes.byteLength)
      return isThere === true
    } finally {
      this.usage.answered(piece, 0)
    }
  }

  refuse(piece: number, reason: RefusalReason): void {
    this.usage.answered(piece, 0)
    this.#responder?.refuse(piece, reason).catch(() => {})
  }

  /** What an attached data stream tells us. */
  readonly asks = {
    pace: () => this.#listener?.pace,
    ask: (piece: number, load: number, has: number | undefined) => {
      if (this.#closed) return
      this.usage.wanted(piece)
      this.#listener?.ask(piece, load, has)
    },
    sent: () => {
      if (!this.#closed) this.#listener?.sent?.()
    },
    withdraw: (piece: number) => {
      this.usage.answered(piece, 0)
      if (!this.#closed) this.#listener?.withdraw(piece)
    },
  }

  /** Ends the link; the other side is told why when there is a reason. Safe to call twice. */
  close(reason?: RefusalReason): void {
    if (this.#closed) return
    this.#farewell = reason
    if (reason !== undefined) this.send({ type: 'refused', reason, peers: [] })
    this.#end(undefined)
  }

  /** The other side has said that it ends the link, and why. */
  left(reason: RefusalReason): void {
    if (this.#closed) return
    this.#farewell = reason
    this.#end(undefined)
  }

  abort(error: DragonflyError): void {
    this.#end(error)
  }

  #data(use: (requester: PieceRequester) => void): void {
    if (this.#closed) return
    this.#requester ??= this.#openDownloads()
    this.#requester.then(use).catch(error => this.#end(error))
  }

  async #openDownloads(): Promise<PieceRequester> {
    const { channel, stream } = await this.#init.openData()
    channel.post(encodeDataRequest(this.#init.ourHello))
    const requester = new PieceRequester(stream, channel, this.#counted(this.#listener as LinkListener))
    requester.run().then(
      () => this.close(),
      error => this.#end(error),
    )
    return requester
  }

  #counted(listener: LinkListener): RequesterListener {
    const { usage } = this
    return {
      buffer: size => listener.buffer(size),
      get pace() {
        return listener.pace
      },
      held: ms => listener.held?.(ms),
      progress: (piece, bytes) => {
        usage.came(bytes)
        listener.progress(piece, bytes)
      },
      piece: (piece, bytes) => {
        usage.done(piece)
        listener.piece(piece, bytes)
      },
      refused: (piece, reason) => {
        usage.failed(piece)
        listener.refused(piece, reason)
      },
    }
  }

  #end(error: unknown): void {
    if (this.#closed) return
    this.#closed = true
    if (error === undefined) this.#part()
    else this.#cut(error as Error)
    this.#listener?.closed(error)
  }

  /** Ends what we say; what the other side still sends is heard for a while, so that no farewell is lost. */
  #part(): void {
    this.#init.control.close(AbortSignal.timeout(CLOSE_TIMEOUT_MS)).catch(() => {})
    this.#requester?.then(d => d.close()).catch(() => {})
    setTimeout(() => this.#cut(new Error('the other side did not end its streams')), CLOSE_TIMEOUT_MS).unref()
  }

  /** Holds nothing more for a peer that broke the rules, does not read, or does not end. */
  #cut(error: Error): void {
    this.#init.control.abort(error)
    this.#responder?.abort(error)
    this.#requester?.then(d => d.abort(error)).catch(() => {})
  }
}
