// Peers that have the same bytes under another URL: answers who asks for them, and passes on those that are named.
import type { PeerAddress } from '../../wire/codec-peers.ts'
import { type Joinable, joinedRoot } from '../content/joined-root.ts'
import { type NodeContext, now } from '../context/node-context.ts'
import type { PeerLink, RootPeersListener } from '../peers/peer-link.ts'
import type { PeerLinks } from '../peers/peer-links.ts'

/** Named in one answer. */
const MAX_NAMED = 8
/** A link is answered at most once in so many ms. */
const ANSWER_MS = 500

interface RootPeersOwner extends Joinable {
  readonly links: Pick<PeerLinks, 'keeper'>
}

export class RootPeers implements RootPeersListener {
  readonly #ctx: Pick<NodeContext, 'sameContents'>
  readonly #owner: RootPeersOwner
  readonly #answeredAt = new WeakMap<PeerLink, number>()

  constructor(ctx: Pick<NodeContext, 'sameContents'>, owner: RootPeersOwner) {
    this.#ctx = ctx
    this.#owner = owner
  }

  onRootPeers(from: PeerLink, peers: readonly PeerAddress[]): void {
    const root = joinedRoot(this.#owner)
    if (root === undefined) return
    if (peers.length > 0) return this.#owner.links.keeper?.heard(from.peer, peers, true)
    if (now() < (this.#answeredAt.get(from) ?? -Infinity) + ANSWER_MS) return
    this.#answeredAt.set(from, now())
    const named = this.#ctx.sameContents.peersFor(root, from.peer, MAX_NAMED)
    if (named.length > 0) from.link.send({ type: 'root-peers', peers: named })
  }
}
