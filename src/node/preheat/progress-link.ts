// A link that wants nothing: it hears a seed's manifest and which pieces it has, and asks for none of them.
import type { ManifestHead } from '../../core/manifest.ts'
import type { Exchange } from '../../net/exchange.ts'
import type { Link, LinkListener } from '../../net/link.ts'
import type { ControlMessage } from '../../wire/codec-control.ts'
import { openHead } from '../../wire/envelope.ts'
import { HeldPieces } from './held-pieces.ts'

/** As many neighbours as nobody lacks: whoever says so is not introduced to others. */
const NO_LINKS_NEEDED = 1000

export interface Topic {
  topic: Uint8Array
  proof: Uint8Array
  /** For a private content. */
  grant?: Uint8Array
  /** Empty: whichever the other side has. */
  version: string
}

/** Who is told what was heard. */
export interface ProgressListener {
  /** Whether the head counts. Throws when it makes the errand hopeless. */
  believes(head: ManifestHead, signer: string): boolean
  /** Something is different now. */
  onChange(): void
  onHopeless(error: unknown): void
}

export class ProgressLink implements LinkListener {
  readonly holding = new HeldPieces()
  readonly #link: Link
  readonly #ears: ProgressListener
  #version: string
  #manifestCount = 0
  #isOver = false

  private constructor(link: Link, ears: ProgressListener) {
    this.#link = link
    this.#ears = ears
    this.#version = link.hello.version
  }

  /** Rejects with `LinkRefused` when the other side does not want it. */
  static async dial(exchange: Exchange, peer: string, about: Topic, ears: ProgressListener, signal: AbortSignal) {
    const hello = { type: 'hello', ...about, manifestCount: 0, links: NO_LINKS_NEEDED } as const
    let watching: ProgressLink | undefined
    const attach = (link: Link) => {
      watching = new ProgressLink(link, ears)
      return watching
    }
    await exchange.dial(peer, hello, attach, signal)
    const dialled = watching as unknown as ProgressLink
    if (about.version === '') dialled.#followVersion()
    return dialled
  }

  /** The version that the other side is at; empty while it knows none. */
  get version(): string {
    return this.#version
  }

  get isOver(): boolean {
    return this.#isOver
  }

  close(): void {
    this.#link.close()
  }

  // ---- LinkListener

  async message(message: ControlMessage): Promise<void> {
    switch (message.type) {
      case 'hello':
        this.#version = message.version
        this.#followVersion()
        break
      case 'refused':
        return this.#link.left(message.reason)
      case 'part':
        // what the digests are does not matter to who takes no pieces
        this.#manifestCount = Math.max(this.#manifestCount, message.from + message.digests.length)
        return
      case 'head':
        await this.#onHead(message.envelope)
        break
      case 'pieces':
        this.holding.has(message.have)
        break
      case 'have':
        this.holding.has(message.pieces)
        break
      case 'peers':
        return
    }
    this.#ears.onChange()
  }

  ask(piece: number): void {
    this.#link.refuse(piece, 'no-such-piece')
  }

  withdraw(): void {}

  buffer(size: number): Uint8Array {
    return new Uint8Array(size)
  }

  progress(): void {}
  piece(): void {}
  refused(): void {}

  closed(): void {
    this.#isOver = true
    this.#ears.onChange()
  }

  // ---- inside

  /** Only neighbours at its own version are told what the other side has. */
  #followVersion(): void {
    const { ourHello } = this.#link
    if (this.#version === '') return
    this.#link.send({ ...ourHello, version: this.#version, manifestCount: this.#manifestCount })
  }

  async #onHead(envelope: Uint8Array): Promise<void> {
    const { head, signer } = await openHead(envelope)
    if (head.version !== this.#version) return
    try {
      if (this.#ears.believes(head, signer)) this.holding.believe(head)
    } catch (error) {
      this.#ears.onHopeless(error)
    }
  }
}
