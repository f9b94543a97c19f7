// What a node does for others: it answers those who ask for a task, and has finished contents kept by other seeds, too.
import type { DiskStore } from '../store/disk-store.ts'
import type { Network, NodeContext } from './context/node-context.ts'
import { Replicator } from './preheat/replicator.ts'
import { ResolveService } from './seeding/resolve-service.ts'
import type { TaskRegistry } from './tasks/task-registry.ts'

/** It keeps what it reads; it must not take the whole disk for that. */
export const SEED_QUOTA = { share: 0.8 }

export class Duty {
  readonly #service: ResolveService
  readonly #replicator: Replicator

  private constructor(service: ResolveService, replicator: Replicator) {
    this.#service = service
    this.#replicator = replicator
  }

  /** Begins at once. `replicas`: on how many seeds a content is kept. Default 2 */
  static async start(
    ctx: NodeContext,
    { registry, network, disk }: { registry: TaskRegistry; network: Network; disk: DiskStore | undefined },
    replicas: number | undefined,
  ): Promise<Duty> {
    if (disk?.isLimited === false) await disk.limit(SEED_QUOTA)
    const replicator = new Replicator(ctx, network, replicas)
    const service = await ResolveService.start(ctx, registry, network, active => replicator.finished(active))
    return new Duty(service, replicator)
  }

  async stop(): Promise<void> {
    await this.#replicator.stop()
    await this.#service.stop()
  }
}
