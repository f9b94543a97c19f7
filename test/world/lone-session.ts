// An active task without a node around it, over a real network, store and origin: for what no option of a node brings about.
import { join } from 'node:path'
import { ACCESS_TIMES } from '../../src/core/grant.ts'
import { makeTask, type Task } from '../../src/core/task.ts'
import { type EventFacts, eventOf } from '../../src/node/api/events.ts'
import { ChunkLists } from '../../src/node/context/chunk-lists.ts'
import { Counters } from '../../src/node/context/counters.ts'
import type { BudgetUser, Network, NodeContext } from '../../src/node/context/node-context.ts'
import { OriginTroubles } from '../../src/node/context/origin-troubles.ts'
import { Pacing } from '../../src/node/context/pacing.ts'
import { SameContents } from '../../src/node/context/same-contents.ts'
import { SilentSeeds } from '../../src/node/context/silent-seeds.ts'
import { startNetwork } from '../../src/node/network.ts'
import { Isolation } from '../../src/node/peers/isolation.ts'
import { ActiveTask } from '../../src/node/session/active-task.ts'
import { Origin } from '../../src/origin/origin.ts'
import { openMemoryStore } from '../../src/store/memory.ts'
import type { Store } from '../../src/store/store.ts'
import { Budget } from '../../src/swarm/budget.ts'
import { LOOPBACK } from './loopback.ts'
import type { World } from './world.ts'

export class LoneSession implements NodeContext {
  readonly store: Store
  readonly trusted: ReadonlySet<string>
  readonly bootstrap: readonly string[] = []
  readonly lanPeers = undefined
  readonly isSeed = false
  readonly servesOthers = false
  readonly fleet = undefined
  readonly isInFleet = false
  readonly otherSeeds = []
  readonly expire = undefined
  readonly counters = new Counters()
  readonly budget = new Budget<BudgetUser>()
  readonly pacing = new Pacing()
  readonly originTroubles = new OriginTroubles()
  readonly silentSeeds = new SilentSeeds()
  readonly chunkLists = new ChunkLists()
  readonly sameContents = new SameContents()
  readonly access = ACCESS_TIMES
  readonly isLongLived = false
  readonly isolation = new Isolation(this)
  readonly network: Network
  readonly active: ActiveTask
  /** What an operator was told. */
  readonly said: string[] = []
  readonly #origin = new Origin()
  readonly #banned = new Set<string>()

  private constructor(network: Network, trust: readonly string[], store: Store, task: Task, wanted?: Uint8Array) {
    this.network = network
    this.trusted = new Set([network.host.id, ...trust])
    this.store = store
    this.active = new ActiveTask(this, task, wanted)
  }

  /** Lets in whoever says hello. Ends with the world. */
  static async start(
    world: World,
    url: string,
    trust: readonly string[],
    store = openMemoryStore(),
    wanted?: Uint8Array,
  ): Promise<LoneSession> {
    const task = makeTask({ url })
    const options = { listen: [LOOPBACK], dhtServer: false }
    const { network, release } = await startNetwork(
      options,
      join(world.dir, 'lone'),
      (peer, hello) => {
        const { links } = lone.active
        return links.refusal(peer, hello) ?? { hello: links.hello(peer), attach: link => links.attach(link) }
      },
      facts => lone.emit(facts),
    )
    const lone = new LoneSession(network, trust, store, task, wanted)
    world.atEnd(async () => {
      await lone.active.close(true)
      await network.exchange.stop()
      await lone.#origin.stop()
      await network.host.stop()
      await store.stop()
      await release()
    })
    return lone
  }

  get address(): string {
    return this.network.host.addresses[0] as string
  }

  // ---- NodeContext

  seedsAbove(): [] {
    return []
  }

  async networkUp(): Promise<Network> {
    return this.network
  }

  async origin(): Promise<Origin> {
    return this.#origin
  }

  isTrusted(peer: string): boolean {
    return this.trusted.has(peer)
  }

  isBanned(peer: string): boolean {
    return this.#banned.has(peer)
  }

  ban(peer: string, proof: string): void {
    this.#banned.add(peer)
    this.emit({ code: 'peer-banned', peer, proof, hours: 1 })
  }

  emit(facts: EventFacts): void {
    this.said.push(eventOf(facts).message)
  }
}
