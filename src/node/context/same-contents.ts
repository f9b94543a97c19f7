// The public contents of this node by their root: those of several URLs with the same bytes name their peers to one another's.
import type { PeerAddress } from '../../wire/codec-peers.ts'

export interface SameContent {
  /** Whom to tell `peer` of. */
  peersFor(peer: string): PeerAddress[]
}

export class SameContents {
  readonly #byRoot = new Map<string, Set<SameContent>>()

  /** Until what is returned is called. */
  enter(root: string, content: SameContent): () => void {
    const all = this.#byRoot.get(root) ?? new Set()
    this.#byRoot.set(root, all.add(content))
    return () => {
      all.delete(content)
      if (all.size === 0 && this.#byRoot.get(root) === all) this.#byRoot.delete(root)
    }
  }

  /** Peers of all contents with this root, for `peer`; at most `count`, some of each content. */
  peersFor(root: string, peer: string, count: number): PeerAddress[] {
    const lists = [...(this.#byRoot.get(root) ?? [])].map(content => content.peersFor(peer))
    const longest = Math.max(0, ...lists.map(list => list.length))
    const inTurn = Array.from({ length: longest }, (_, i) => lists.map(list => list[i])).flat()
    const named = new Map(inTurn.filter(one => one !== undefined).map(one => [one.id, one]))
    return [...named.values()].slice(0, count)
  }
}
