// Connections to members of a large fleet: only the last few are kept, since whom we ask next is drawn by lot.
import type { Host } from '../../net/host.ts'

/** Beyond so many members nobody is connected to all of them. */
const MAX_ALL_CONNECTED = 64
/** So many are, then: news needs some ways to spread. */
const MAX_PARTNERS = 8

export class Partners {
  readonly #host: Host
  readonly #peers: string[] = []

  constructor(host: Host) {
    this.#host = host
  }

  /** We have connected to one of so many members: those before it are left, unless something else is under way with them. */
  async add(peer: string, members: number): Promise<void> {
    this.#peers.push(peer)
    while (this.#peers.length > MAX_PARTNERS && members > MAX_ALL_CONNECTED) {
      await this.#host.leaveIdle(this.#peers.shift() as string)
    }
  }
}
