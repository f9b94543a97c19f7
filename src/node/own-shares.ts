// What a node shares of its own, loaded when it is first needed; and who answers for the names of its folders where it is no seed.
import type { ActiveShare, SharedContent, ShareOptions } from './api/shared-content.ts'
import type { NodeContext } from './context/node-context.ts'
import type { TreeService } from './seeding/tree-service.ts'
import type { Shares } from './sharing/shares.ts'
import type { TaskRegistry } from './tasks/task-registry.ts'

export class OwnShares {
  readonly #ctx: NodeContext
  readonly #registry: TaskRegistry
  #shares: Promise<Shares> | undefined
  #names: Promise<TreeService | undefined> | undefined
  /** Whether its duties as a seed answer for the names. */
  #isOnDuty = false

  constructor(ctx: NodeContext, registry: TaskRegistry) {
    this.#ctx = ctx
    this.#registry = registry
  }

  readonly share = async (file: string, options: ShareOptions = {}): Promise<SharedContent> => {
    const shares = await this.#loaded()
    if (options.watch === true && !this.#isOnDuty) {
      this.#names ??= this.#answer()
      await this.#names
    }
    return await shares.share(file, options)
  }

  readonly list = async (): Promise<ActiveShare[]> => (await this.#shares)?.list() ?? []
  readonly end = async (pathOrUrl: string): Promise<ActiveShare> => await (await this.#loaded()).end(pathOrUrl)

  /** Before the node takes on its duties. */
  async leaveNamesToDuty(): Promise<void> {
    this.#isOnDuty = true
    await (await this.#names)?.stop()
  }

  async stop(): Promise<void> {
    await (await this.#names)?.stop()
    await (await this.#shares)?.stop()
  }

  async #loaded(): Promise<Shares> {
    this.#shares ??= import('./sharing/shares.ts').then(({ Shares }) => new Shares(this.#ctx, this.#registry))
    return await this.#shares
  }

  async #answer(): Promise<TreeService | undefined> {
    const network = await this.#ctx.networkUp()
    if (network === undefined) return undefined
    const { TreeService } = await import('./seeding/tree-service.ts')
    return await TreeService.start(this.#ctx, this.#registry, network)
  }
}
