// What the origin has said last of the version of one session, and when.
import type { Freshness } from '../core/freshness.ts'
import { OUTDATED } from '../origin/freshness.ts'
import type { Content } from './content.ts'
import { type NodeContext, now } from './context.ts'
import type { OneByOne } from './one-by-one.ts'

/** What it needs of its session. */
export interface OriginWordOwner {
  readonly isClosed: boolean
}

export class OriginWord {
  readonly #ctx: Pick<NodeContext, 'warn'>
  readonly #owner: OriginWordOwner
  /** The session's: what is written of the content is written one by one. */
  readonly #work: OneByOne
  #content: Content | undefined
  #vouchedAt: number | undefined

  constructor(ctx: Pick<NodeContext, 'warn'>, owner: OriginWordOwner, work: OneByOne) {
    this.#ctx = ctx
    this.#owner = owner
    this.#work = work
  }

  /** Undefined when this node never asked. */
  get freshness(): Freshness | undefined {
    return this.#content?.freshness
  }

  /** When the origin has last said that this version is the current one, on the clock of `now()`; undefined: not to this session. */
  get vouchedAt(): number | undefined {
    return this.#vouchedAt
  }

  /** The version is known from now on; `vouched`: by what the origin has just said. */
  begin(content: Content, vouched: Freshness | undefined): void {
    this.#content = content
    if (vouched === undefined) return
    content.freshness = vouched
    this.#vouchedAt = now()
  }

  /** The origin has said that this version is the current one. */
  async vouch(freshness: Freshness): Promise<void> {
    this.#vouchedAt = now()
    await this.#note(freshness)
  }

  /** The origin has another version now: whoever finds this one later has to ask. */
  async disown(): Promise<void> {
    this.#vouchedAt = undefined
    await this.#note(OUTDATED)
  }

  async #note(freshness: Freshness): Promise<void> {
    const content = this.#content
    if (content === undefined || this.#owner.isClosed) return
    content.freshness = freshness
    // what cannot be written down is asked for after a restart
    await this.#work
      .run(async () => {
        if (!this.#owner.isClosed) await content.keepFreshness()
      })
      .catch(error => this.#ctx.warn((error as Error).message))
  }
}
