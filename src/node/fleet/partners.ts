// Members that stay connected although nothing is going on with them.
import type { Host } from '../../net/host.ts'

/** Up to so many members, everybody is connected to everybody. */
const MAX_ALL_CONNECTED = 64
/** Beyond that so many are kept, those that were asked last: who is asked is drawn by lot, and news needs some ways to spread. */
const MAX_PARTNERS = 8

export class Partners {
  readonly #host: Host
  readonly #peers: string[] = []

  constructor(host: Host) {
    this.#host = host
  }

  /** We have connected to a member to ask it something. `members`: how many there are. */
  async met(peer: string, members: number): Promise<void> {
    this.#peers.push(peer)
    while (this.#peers.length > MAX_PARTNERS && members > MAX_ALL_CONNECTED) {
      await this.#host.leaveIdle(this.#peers.shift() as string)
    }
    if (this.#peers.length > MAX_ALL_CONNECTED) this.#peers.shift()
  }
}
