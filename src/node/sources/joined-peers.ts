// Looks for peers that have the same bytes under another URL, once the root of the content is known.
import { DEFAULT_NEIGHBOURHOOD_POLICY } from '../../swarm/neighbourhood-events.ts'
import { joinedRoot, MIN_JOINED_PIECES } from '../content/joined-root.ts'
import type { NodeContext } from '../context/node-context.ts'
import { pause } from '../context/waiting.ts'
import type { NeighbourhoodDriver } from '../peers/neighbourhood-driver.ts'
import type { PeerLink } from '../peers/peer-link.ts'
import type { ActiveTask } from '../session/active-task.ts'

/** What is complete so soon after its root is known needs nobody else, ms; the pause between two questions doubles. */
const FIRST_MS = 1000
const MAX_PAUSE_MS = 30_000
/** Neighbours that are asked at a time. */
const ASKED_AT_ONCE = 3

export class JoinedPeers {
  readonly #ctx: Pick<NodeContext, 'sameContents'>
  readonly #active: ActiveTask
  readonly #neighbours: NeighbourhoodDriver

  constructor(ctx: Pick<NodeContext, 'sameContents'>, active: ActiveTask, neighbours: NeighbourhoodDriver) {
    this.#ctx = ctx
    this.#active = active
    this.#neighbours = neighbours
  }

  /** Lets equal contents of this node name its peers until `end`, and asks neighbours for theirs until `complete`. Never rejects. */
  async follow(complete: AbortSignal, end: AbortSignal): Promise<void> {
    const { task } = this.#active
    if (task.isPrivate || task.root !== undefined) return
    const leave = await this.#enter(end).catch(() => undefined)
    if (leave === undefined) return
    if (end.aborted) return leave()
    end.addEventListener('abort', leave, { once: true })
    for (let ms = FIRST_MS; !this.#active.isComplete; ms = Math.min(2 * ms, MAX_PAUSE_MS)) {
      await pause(ms, complete)
      if (complete.aborted) return
      if (this.#neighbours.degree < DEFAULT_NEIGHBOURHOOD_POLICY.lowLinks) this.#ask()
    }
  }

  async #enter(end: AbortSignal): Promise<(() => void) | undefined> {
    let root = joinedRoot(this.#active)
    while (root === undefined) {
      const { manifest } = this.#active
      if (manifest?.seal !== undefined && manifest.count < MIN_JOINED_PIECES) return undefined
      await this.#active.changed(end)
      root = joinedRoot(this.#active)
    }
    // it may not be kept any more when it is asked
    const peersFor = (peer: string) => (joinedRoot(this.#active) === undefined ? [] : this.#neighbours.peersFor(peer))
    return this.#ctx.sameContents.enter(root, { peersFor })
  }

  /** Seeds first: they know the most. */
  #ask(): void {
    const { links, roles } = this.#active
    const all = [...links.values()]
    const isSeed = ({ peer }: PeerLink) => roles.isSeed(peer)
    const others = all.filter(link => !isSeed(link))
    const first = Math.floor(Math.random() * others.length)
    const inTurn = [...all.filter(isSeed), ...others.slice(first), ...others.slice(0, first)]
    for (const { link } of inTurn.slice(0, ASKED_AT_ONCE)) link.send({ type: 'root-peers', peers: [] })
  }
}
