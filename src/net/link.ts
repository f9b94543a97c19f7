// A link: two peers that share one content, over a control stream and, where pieces flow, data streams beside it.
import type { DragonflyError } from '../core/errors.ts'
import { type ControlMessage, encodeControl } from '../wire/codec-control.ts'
import { encodeDataRequest } from '../wire/codec-data.ts'
import type { Hello } from '../wire/codec-hello.ts'
import type { RefusalReason } from '../wire/refusal.ts'
import type { MessageChannel } from './channel.ts'
import { Downloads } from './downloads.ts'
import type { Uploads } from './uploads.ts'

/** What a link tells its owner. Calls come one after another; a rejected `message` ends the link. */
export interface LinkListener {
  message(message: ControlMessage): Promise<void>
  ask(piece: number): void
  withdraw(piece: number): void
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
  openData: () => Promise<{ channel: MessageChannel; stream: ConstructorParameters<typeof Downloads>[0] }>
}

export class Link {
  readonly peer: string
  readonly topic: string
  readonly isDialer: boolean
  readonly hello: Hello
  readonly #init: LinkInit
  #listener: LinkListener | undefined
  #downloads: Promise<Downloads> | undefined
  #uploads: Uploads | undefined
  #closed = false

  constructor(init: LinkInit) {
    this.#init = init
    this.peer = init.peer
    this.topic = init.topic
    this.isDialer = init.isDialer
    this.hello = init.hello
  }

  get isClosed(): boolean {
    return this.#closed
  }

  /** Gives every message to `listener` until the link ends. Resolves then, never rejects. */
  async run(listener: LinkListener, decode: (bytes: Uint8Array) => ControlMessage | undefined): Promise<void> {
    this.#listener = listener
    try {
      for await (const bytes of this.#init.control) {
        const message = decode(bytes)
        if (message !== undefined) await listener.message(message)
        if (this.#closed) break
      }
      this.close()
    } catch (error) {
      this.#end(error)
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

  ask(piece: number, size: number): void {
    this.#data(downloads => downloads.ask(piece, size))
  }

  cancel(piece: number): void {
    this.#data(downloads => downloads.cancel(piece))
  }

  /** Attaches the data stream on which the other side asks. */
  async serve(uploads: Uploads): Promise<void> {
    this.#uploads = uploads
    await uploads.run()
  }

  /** Rejects when the piece could not be given to the socket. */
  async give(piece: number, bytes: Uint8Array): Promise<void> {
    await this.#uploads?.send(piece, bytes)
  }

  refuse(piece: number, reason: RefusalReason): void {
    this.#uploads?.refuse(piece, reason).catch(() => {})
  }

  /** What an attached data stream tells us. */
  readonly asks = {
    ask: (piece: number) => this.#listener?.ask(piece),
    withdraw: (piece: number) => this.#listener?.withdraw(piece),
  }

  /** Ends the link; the other side is told why when there is a reason. Safe to call twice. */
  close(reason?: RefusalReason): void {
    if (this.#closed) return
    if (reason !== undefined) this.send({ type: 'refused', reason })
    this.#end(undefined)
  }

  abort(error: DragonflyError): void {
    this.#end(error)
  }

  #data(use: (downloads: Downloads) => void): void {
    if (this.#closed) return
    this.#downloads ??= this.#openDownloads()
    this.#downloads.then(use).catch(error => this.#end(error))
  }

  async #openDownloads(): Promise<Downloads> {
    const { channel, stream } = await this.#init.openData()
    channel.post(encodeDataRequest(this.#init.ourHello))
    const listener = this.#listener as LinkListener
    const downloads = new Downloads(stream, channel, listener)
    downloads.run().then(
      () => this.close(),
      error => this.#end(error),
    )
    return downloads
  }

  #end(error: unknown): void {
    if (this.#closed) return
    this.#closed = true
    this.#init.control.close().catch(() => {})
    this.#downloads?.then(d => d.close()).catch(() => {})
    this.#listener?.closed(error)
  }
}
