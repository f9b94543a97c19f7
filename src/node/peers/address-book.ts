// Addresses of the peers of one neighbourhood, from themselves and from others.
import type { Host } from '../../net/host.ts'
import type { PeerAddress } from '../../wire/codec-peers.ts'
import { LIMITS } from '../../wire/limits.ts'

/** Entries that are kept without asking whether anybody needs them. */
const ROOM = 512

export class AddressBook {
  readonly #addresses = new Map<string, readonly string[]>()

  has(peer: string): boolean {
    return this.#addresses.has(peer)
  }

  /** Empty: the network may know more. */
  of(peer: string): readonly string[] {
    return this.#addresses.get(peer) ?? []
  }

  note(peer: string, addresses: readonly string[]): void {
    if (addresses.length > 0) this.#addresses.set(peer, addresses.slice(0, LIMITS.addresses))
  }

  /** Takes what a connected peer said itself, once it has. */
  async learn(host: Host, peer: string): Promise<void> {
    this.note(peer, await host.addressesOf(peer, LIMITS.addresses))
  }

  /** As it is told to others; without those that could not be dialled. */
  named(peers: readonly string[]): PeerAddress[] {
    return peers.filter(peer => this.has(peer)).map(id => ({ id, addresses: [...this.of(id)] }))
  }

  /** Forgets those that are not needed any more, when there are many. */
  prune(isNeeded: (peer: string) => boolean): void {
    if (this.#addresses.size <= ROOM) return
    for (const peer of [...this.#addresses.keys()]) if (!isNeeded(peer)) this.#addresses.delete(peer)
  }
}
