// What a node does for others: it answers those who ask for a task, and has finished contents kept by other seeds, too.
import { DragonflyError } from '../core/errors.ts'
import { serveStatus, unserveStatus } from '../net/status-stream.ts'
import type { DiskStore } from '../store/disk-store.ts'
import type { FleetReport } from './api/fleet-report.ts'
import type { Network, NodeContext } from './context/node-context.ts'
import type { Fleet } from './fleet/fleet.ts'
import { askAllMembers } from './fleet/status-round.ts'
import { OwnStatus, type OwnStatusSource } from './own-status.ts'
import { Replicator } from './preheat/replicator.ts'
import { ResolveService } from './seeding/resolve-service.ts'
import { TreeService } from './seeding/tree-service.ts'
import type { TaskRegistry } from './tasks/task-registry.ts'

/** It keeps what it reads; it must not take the whole disk for that. */
export const SEED_QUOTA = { share: 0.8 }

/** For whom the duties are. */
export type DutyContext = NodeContext & OwnStatusSource & { readonly fleet: Fleet | undefined }

export class Duty {
  readonly #service: ResolveService
  readonly #trees: TreeService
  readonly #replicator: Replicator
  readonly #network: Network
  readonly #fleet: Fleet | undefined
  readonly #status: OwnStatus

  private constructor({ service, trees, replicator }: Services, { ctx, network, registry }: Part) {
    this.#service = service
    this.#trees = trees
    this.#replicator = replicator
    this.#network = network
    this.#fleet = ctx.fleet
    this.#status = new OwnStatus(ctx, registry)
  }

  /** Begins at once. `replicas`: on how many seeds a content is kept. Default 2 */
  static async start(
    ctx: DutyContext,
    { registry, network, disk }: { registry: TaskRegistry; network: Network; disk: DiskStore | undefined },
    replicas: number | undefined,
  ): Promise<Duty> {
    if (disk?.isLimited === false) await disk.limit(SEED_QUOTA)
    const replicator = new Replicator(ctx, network, replicas)
    const service = await ResolveService.start(ctx, registry, network, active => replicator.finished(active))
    const trees = await TreeService.start(ctx, registry, network)
    const duty = new Duty({ service, trees, replicator }, { ctx, network, registry })
    await duty.#tellFleet()
    return duty
  }

  /** Asks every member of the fleet how it is doing. Resolves to undefined where there is none. */
  async fleetStatus(): Promise<FleetReport | undefined> {
    if (this.#fleet === undefined) return undefined
    return await askAllMembers({ host: this.#network.host, fleet: this.#fleet, own: () => this.#status.look() })
  }

  async stop(): Promise<void> {
    if (this.#fleet !== undefined) await unserveStatus(this.#network.host)
    await this.#replicator.stop()
    await this.#trees.stop()
    await this.#service.stop()
  }

  /** Members may ask how this host is doing. */
  async #tellFleet(): Promise<void> {
    const fleet = this.#fleet
    if (fleet === undefined) return
    await serveStatus(this.#network.host, {
      admits: peer => fleet.hasProved(peer),
      answer: async ({ downloads }) => {
        const status = await this.#status.look()
        return { ...status, slowest: status.slowest.slice(0, downloads) }
      },
    })
  }
}

interface Services {
  service: ResolveService
  trees: TreeService
  replicator: Replicator
}

interface Part {
  ctx: DutyContext
  network: Network
  registry: TaskRegistry
}

/** Rejects with `bad-fleet` where there is no fleet, or no duty. */
export async function askFleet(duty: Duty | undefined): Promise<FleetReport> {
  const report = await duty?.fleetStatus()
  if (report !== undefined) return report
  throw new DragonflyError('bad-fleet', 'the daemon of this host is in no fleet', {
    hint: 'df fleet init makes a fleet file; or copy the one of another host. Then restart the daemon',
  })
}
