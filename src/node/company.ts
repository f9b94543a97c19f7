// What keeps a node in touch with others: its fleet, its seeds and bootstrap peers, the local network.

import type { LanDiscovery, LanOwner } from './lan-discovery.ts'
import type { Membership } from './membership.ts'
import type { StartedNetwork } from './network.ts'

export class Company {
  readonly #fleet: StartedNetwork['fleet']
  readonly #lan: LanDiscovery | undefined
  readonly #membership: Membership | undefined

  private constructor(fleet: StartedNetwork['fleet'], lan?: LanDiscovery, membership?: Membership) {
    this.#fleet = fleet
    this.#lan = lan
    this.#membership = membership
  }

  /** Begins at once. */
  static async start(
    { network, seeds, fleet, isOnLan }: StartedNetwork,
    owner: LanOwner & { isLongLived: boolean; bootstrap: readonly string[] },
  ): Promise<Company> {
    const lan = isOnLan ? new (await import('./lan-discovery.ts')).LanDiscovery(network.host, owner) : undefined
    if (!owner.isLongLived) return new Company(fleet, lan)
    const { Membership } = await import('./membership.ts')
    return new Company(fleet, lan, new Membership(network, [...seeds.map(s => s.address), ...owner.bootstrap]))
  }

  /** Peers of the local network that are connected; undefined: none are looked for. */
  get lanPeers(): readonly string[] | undefined {
    return this.#lan?.peers
  }

  async stop(): Promise<void> {
    await this.#fleet?.stop()
    await this.#lan?.stop()
    await this.#membership?.stop()
  }
}
