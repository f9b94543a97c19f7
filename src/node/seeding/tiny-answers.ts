// Whole answers for tiny contents, said again as they are: nothing is opened, read, or signed for them.
import { LRUCache } from 'lru-cache'
import type { Freshness } from '../../core/freshness.ts'
import type { Task } from '../../core/task.ts'
import type { Resolved } from '../../wire/codec-resolve.ts'
import type { NodeContext } from '../context/node-context.ts'
import type { ActiveTask } from '../session/active-task.ts'
import type { CacheRules } from '../sources/cached.ts'

/** Of all answers together, bytes: 3,800 contents of the largest size, or 12,000 of 4 KiB. */
const MAX_BYTES = 64 * 1024 * 1024
/** What an answer takes besides its content. */
const OVERHEAD_BYTES = 1024

interface TinyAnswer {
  answer: Resolved
  freshness: Freshness | undefined
  /** Of its store entry: what was removed there is not given out. */
  key: string
}

type Context = Pick<NodeContext, 'store' | 'pacing' | 'counters' | 'network'>

export class TinyAnswers {
  readonly #ctx: Context
  readonly #current: (task: string) => ActiveTask | undefined
  /** By task. */
  readonly #answers = new LRUCache<string, TinyAnswer>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ answer }) => OVERHEAD_BYTES + (answer.inline?.payload.byteLength ?? 0),
  })

  /** `current`: the newest active task of a task. */
  constructor(ctx: Context, current: (task: string) => ActiveTask | undefined) {
    this.#ctx = ctx
    this.#current = current
  }

  /** An answer was given: it may be given again to anybody, unless the content is private or not to be kept. */
  given(active: ActiveTask, answer: Resolved): void {
    const { task, entryKey, isTransient, grants } = active
    if (answer.inline === undefined || answer.grant !== undefined || entryKey === undefined) return
    if (task.isPrivate || isTransient || grants !== undefined) return
    this.#answers.set(task.id, { answer, freshness: active.originFreshness.freshness, key: entryKey })
  }

  /** What is given again under these rules; undefined: the request has to be looked at. */
  async again({ id }: Task, rules: CacheRules | undefined): Promise<Resolved | undefined> {
    const found = this.#answers.get(id)
    if (found === undefined || rules?.isFresh(found.freshness) !== true || this.#isLimited) return undefined
    const newest = this.#current(id)?.manifest?.info.version
    const isNewest = newest === undefined || newest === found.answer.version
    if (!isNewest || !(await this.#ctx.store.has(found.key))) {
      this.#answers.delete(id)
      return undefined
    }
    this.#ctx.counters.count('dragonfly_resolve_hits_total')
    this.#ctx.counters.count('dragonfly_sent_pieces_total')
    return found.answer
  }

  /** What goes out has to wait for its turn. */
  get #isLimited(): boolean {
    const { up, total } = this.#ctx.pacing.limits
    return up !== undefined || total !== undefined
  }
}
