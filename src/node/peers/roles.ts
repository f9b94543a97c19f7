// Who relies on whom for one content: a seed, or the member of a fleet that reads it for the others.
import type { NodeContext } from '../context/node-context.ts'

export class Roles {
  readonly #ctx: Pick<NodeContext, 'trusted'>
  readonly #readers = new Set<string>()
  #serves: boolean

  constructor(ctx: Pick<NodeContext, 'trusted' | 'isSeed'>) {
    this.#ctx = ctx
    this.#serves = ctx.isSeed
  }

  /** Whether others rely on this host: it takes as many links as it can bear, and signs what it passes on. */
  get serves(): boolean {
    return this.#serves
  }

  serve(): void {
    this.#serves = true
  }

  /** A member of our fleet answered for this content: it reads the origin, or has it from who does. */
  readBy(peer: string): void {
    this.#readers.add(peer)
  }

  /** Whether a peer is one of those that serve: no limit on links holds for it. */
  isSeed(peer: string): boolean {
    return this.#ctx.trusted.has(peer) || this.#readers.has(peer)
  }
}
