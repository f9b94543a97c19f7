// Keeps the origin's latest freshness information for the version of one active task.
import type PQueue from 'p-queue'
import type { Freshness } from '../../core/freshness.ts'
import type { CachedHeaders } from '../../origin/cached-headers.ts'
import { OUTDATED } from '../../origin/freshness.ts'
import { causeOf } from '../api/events.ts'
import type { StoredVersion } from '../content/stored-version.ts'
import { type NodeContext, now } from '../context/node-context.ts'

/** What it needs of its active task. */
export interface OriginFreshnessOwner {
  readonly isClosed: boolean
}

export class OriginFreshness {
  /** Where the origin states the digest that the whole content, read here, was found to have: a header's name, or `the URL`. */
  digestStatedBy: string | undefined
  readonly #ctx: Pick<NodeContext, 'emit'>
  readonly #owner: OriginFreshnessOwner
  /** The active task's: what is written of the content is written one by one. */
  readonly #work: PQueue
  #content: StoredVersion | undefined
  #vouchedAt: number | undefined
  #lastModified: string | undefined
  #type: string | undefined

  constructor(ctx: Pick<NodeContext, 'emit'>, owner: OriginFreshnessOwner, work: PQueue) {
    this.#ctx = ctx
    this.#owner = owner
    this.#work = work
  }

  /** Undefined when this node never asked. */
  get freshness(): Freshness | undefined {
    return this.#content?.freshness
  }

  /** When the origin has last said that this version is the current one, on the clock of `now()`; undefined: not to this active task. */
  get vouchedAt(): number | undefined {
    return this.#vouchedAt
  }

  /** Last-Modified in the origin's latest answer to this node that had one, or in what is known from before. */
  get lastModified(): string | undefined {
    return this.#lastModified ?? this.freshness?.answers.at(-1)?.fields['last-modified']
  }

  /** Content-Type, as `lastModified`. */
  get type(): string | undefined {
    return this.#type ?? this.freshness?.answers.at(-1)?.fields['content-type']
  }

  /** The origin has answered, whoever it counts for. */
  heard({ answers }: CachedHeaders): void {
    const { 'last-modified': lastModified, 'content-type': type } = answers.at(-1)?.fields ?? {}
    this.#lastModified = lastModified ?? this.#lastModified
    this.#type = type ?? this.#type
  }

  /** The version is known from now on; `vouched`: by what the origin has just said. */
  begin(content: StoredVersion, vouched: Freshness | undefined): void {
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
      .add(async () => {
        if (!this.#owner.isClosed) await content.keepFreshness()
      })
      .catch(error => this.#ctx.emit({ code: 'freshness-not-saved', ...causeOf(error) }))
  }
}
