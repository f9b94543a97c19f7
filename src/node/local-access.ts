// Whether a caller of this node may have a private content that its digest names, for which no credentials are part of the task.
import { raceSignal } from 'race-signal'
import type { NodeContext } from './context/node-context.ts'
import type { Job } from './download-job.ts'
import type { OriginAuthorizer } from './seeding/origin-authorizer.ts'

export class LocalAccess {
  readonly #ctx: NodeContext
  #readers: Promise<OriginAuthorizer> | undefined

  constructor(ctx: NodeContext) {
    this.#ctx = ctx
  }

  /** Resolves once the server of the URL has shown the content to the caller's own credentials. Rejects with what it says. */
  async check({ task, options: { signal } }: Pick<Job, 'task' | 'options'>): Promise<void> {
    if (task.digest === undefined || !task.isPrivate) return
    this.#readers ??= this.#make()
    const shown = (await this.#readers).recent(task)
    await (signal === undefined ? shown : raceSignal(shown, signal))
  }

  async #make(): Promise<OriginAuthorizer> {
    const [{ OriginAuthorizer }, { NegativeCache }] = await Promise.all([
      import('./seeding/origin-authorizer.ts'),
      import('./seeding/negative-cache.ts'),
    ])
    return new OriginAuthorizer(this.#ctx, new NegativeCache(), { reader: 'self' })
  }
}
