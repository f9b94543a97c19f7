// Addresses of the peers of one neighbourhood, from themselves and from others.
import type { Host } from '../../net/host.ts'
import type { PeerAddress } from '../../wire/codec-peers.ts'
import { LIMITS } from '../../wire/limits.ts'

/** Entries that are kept without asking whether anybody needs them. */
const ROOM = 512
/** So many may name one peer; what the first of them say is kept. */
const NAMERS = 4

interface Entry {
  /** As the peer has signed them; undefined: it was not connected. */
  own: readonly string[] | undefined
  heard: Map<string, readonly string[]>
  /** How it was linked last: that it has the content under another task is a fact. */
  wasByRoot: boolean | undefined
  /** How others named it. Nobody's word takes away what another one said. */
  namedByTask: boolean
  namedByRoot: boolean
}

/** What a peer says of itself and what others say of it are kept apart; nobody can overwrite what another one said. */
export class AddressBook {
  readonly #entries = new Map<string, Entry>()

  /** Whether the peer itself has said where it can be reached. */
  has(peer: string): boolean {
    return this.#entries.get(peer)?.own !== undefined
  }

  /** Where to try: its own word first, then one of each who named it in turn. Empty: the network may know more. */
  of(peer: string): readonly string[] {
    const { own = [], heard = new Map<string, readonly string[]>() } = this.#entries.get(peer) ?? {}
    const lists = [...heard.values()]
    const turns = Array.from({ length: LIMITS.addresses }, (_, i) => lists.map(list => list[i]))
    const all = new Set([...own, ...turns.flat().filter(address => address !== undefined)])
    return [...all].slice(0, LIMITS.addresses)
  }

  /** Whether it has the content under another task, as far as is known: by our own task where somebody says so. */
  isByRoot(peer: string): boolean {
    const { wasByRoot, namedByTask = false, namedByRoot = false } = this.#entries.get(peer) ?? {}
    return wasByRoot ?? (namedByRoot && !namedByTask)
  }

  /** Whether somebody named it as one to be dialled by the root. */
  isNamedByRoot(peer: string): boolean {
    return this.#entries.get(peer)?.namedByRoot === true
  }

  /** It was named as one to be dialled by the root, or by our task. */
  noteWay(peer: string, isByRoot: boolean): void {
    this.#entry(peer)[isByRoot ? 'namedByRoot' : 'namedByTask'] = true
  }

  /** There is a link to it. */
  linked(peer: string, isByRoot: boolean): void {
    this.#entry(peer).wasByRoot = isByRoot
  }

  /** Hearsay of `namer`, in place of what it said before. */
  note(peer: string, addresses: readonly string[], namer: string): void {
    if (addresses.length === 0) return
    const { heard } = this.#entry(peer)
    if (heard.has(namer) || heard.size < NAMERS) heard.set(namer, addresses.slice(0, LIMITS.addresses))
  }

  /** Takes what a connected peer said itself, once it has. */
  async learn(host: Host, peer: string): Promise<void> {
    const own = await host.addressesOf(peer, LIMITS.addresses)
    if (own.length > 0) this.#entry(peer).own = own
  }

  /** As it is told to others: those who were met, by their own word alone. */
  named(peers: readonly string[]): PeerAddress[] {
    return peers.filter(peer => this.has(peer)).map(id => ({ id, addresses: [...(this.#entries.get(id)?.own ?? [])] }))
  }

  /** Forgets those that are not needed any more, when there are many. */
  prune(isNeeded: (peer: string) => boolean): void {
    if (this.#entries.size <= ROOM) return
    for (const peer of [...this.#entries.keys()]) if (!isNeeded(peer)) this.#entries.delete(peer)
  }

  #entry(peer: string): Entry {
    const known = this.#entries.get(peer)
    if (known !== undefined) return known
    const entry = { own: undefined, heard: new Map(), wasByRoot: undefined, namedByTask: false, namedByRoot: false }
    this.#entries.set(peer, entry)
    return entry
  }
}
