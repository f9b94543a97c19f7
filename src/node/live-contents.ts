// The contents of a live status: which are shown, and what is known of each and of its neighbours.
import { cleanFileName, fileNameFromUrl, NAMELESS } from '../core/file-name.ts'
import { pieceCountOf } from '../core/piece.ts'
import { shownToOthers } from '../core/task.ts'
import { PieceAccount } from './account/piece-account.ts'
import { densityCells, ownCells } from './account/piece-cells.ts'
import { RatePair } from './account/rate-pair.ts'
import { LIVE_BOUNDS, type LiveContentStatus, type LiveLink, type LiveState } from './api/live.ts'
import type { NodeContext } from './context/node-context.ts'
import type { ActiveTask } from './session/active-task.ts'
import { ORIGIN } from './session/swarm-driver.ts'
import type { LiveContent, TaskRegistry } from './tasks/task-registry.ts'

/** What is remembered of one content from one look to the next. */
interface Looked {
  account: PieceAccount
  rates: RatePair
  /** By neighbour. */
  links: Map<string, RatePair>
}

const ORDER: Record<LiveState, number> = { downloading: 0, searching: 1, failed: 3, complete: 4 }
/** One that is complete, and being served. */
const SERVING = 2

export class LiveContents {
  readonly #ctx: Pick<NodeContext, 'network'>
  readonly #registry: Pick<TaskRegistry, 'all'>
  readonly #looked = new WeakMap<ActiveTask, Looked>()

  constructor(ctx: Pick<NodeContext, 'network'>, registry: Pick<TaskRegistry, 'all'>) {
    this.#ctx = ctx
    this.#registry = registry
  }

  /** `at`: milliseconds, by `now()`. */
  status(at: number): { contents: LiveContentStatus[]; contentCount: number } {
    const all = this.#registry.all()
    const shown = all.toSorted((a, b) => rankOf(a) - rankOf(b)).slice(0, LIVE_BOUNDS.contents)
    return { contents: shown.map(content => this.#content(content, at)), contentCount: all.length }
  }

  #content({ active, users, isReading }: LiveContent, at: number): LiveContentStatus {
    const looked = this.#look(active, at)
    const { counts, manifest, have, task } = active
    const size = manifest?.pieceLength ?? 0
    const { length } = manifest ?? {}
    const known = Math.max(manifest?.count ?? 0, have?.size ?? 0)
    const all = length === undefined || size === 0 ? known : Math.max(known, pieceCountOf(length, size))
    const { account } = looked
    const name = cleanFileName(manifest?.info.fileName ?? '') || fileNameFromUrl(task.url) || NAMELESS
    return {
      id: task.id,
      url: shownToOthers(task).slice(0, LIVE_BOUNDS.text),
      name: name.slice(0, LIVE_BOUNDS.text),
      state: stateOf(active),
      isReading,
      users,
      length,
      bytes: counts.fromOrigin + counts.fromPeers + counts.fromSeeds + counts.resumed,
      from: { origin: counts.fromOrigin, seed: counts.fromSeeds, peer: counts.fromPeers, store: counts.resumed },
      rates: looked.rates.add(at, active.pace.arrived, account.sent),
      pieces: { size, all, have: have?.count ?? 0 },
      cells: !isPictured(active)
        ? ''
        : ownCells(
            {
              count: all,
              has: piece => have?.has(piece) === true,
              sourceOf: piece => account.sourceOf(piece),
              isAsked: piece => account.asked.has(piece),
            },
            LIVE_BOUNDS.cells,
          ),
      links: this.#links(active, looked, { all, at, isReading }),
      linkCount: active.links.size,
    }
  }

  #look(active: ActiveTask, at: number): Looked {
    const before = this.#looked.get(active)
    if (before?.account.isLive === true) {
      before.account.lookedAt(at)
      return before
    }
    const { counts, observers, roles } = active
    const sizeOf = (piece: number) => active.manifest?.pieceSize(piece) ?? 0
    const account = new PieceAccount({ counts, observers, roles, sizeOf }, at)
    const looked = { account, rates: new RatePair(at, active.pace.arrived, 0), links: new Map<string, RatePair>() }
    this.#looked.set(active, looked)
    return looked
  }

  /** Those who move most, in an order that stays: the origin, if it gives anything, seeds, peers. */
  #links(
    active: ActiveTask,
    looked: Looked,
    { all, at, isReading }: { all: number; at: number; isReading: boolean },
  ): LiveLink[] {
    const asked = new Map<string, number>()
    for (const peer of looked.account.asked.values()) asked.set(peer, (asked.get(peer) ?? 0) + 1)
    const linkOf = (peer: string): Omit<LiveLink, 'have' | 'cells' | 'kind' | 'address'> => {
      const { received, sent } = looked.account.traffic.get(peer) ?? { received: 0, sent: 0 }
      const pair = looked.links.get(peer) ?? new RatePair(at, received, sent)
      looked.links.set(peer, pair)
      return { peer, received, sent, rates: pair.add(at, received, sent), asked: asked.get(peer) ?? 0 }
    }
    const links = [...active.links.values()].map(({ peer, have }): LiveLink & { full: typeof have } => ({
      ...linkOf(peer),
      kind: active.roles.isSeed(peer) ? 'seed' : 'peer',
      address: this.#ctx.network?.host.ipOf(peer),
      have: have.count,
      cells: '',
      full: have,
    }))
    for (const peer of looked.links.keys()) if (peer !== ORIGIN && !active.links.has(peer)) looked.links.delete(peer)
    const busiest = links.toSorted((a, b) => movedBy(b) - movedBy(a)).slice(0, LIVE_BOUNDS.links)
    const shown = busiest.toSorted(byKind).map(({ full, ...link }): LiveLink => {
      const cells = full.count >= all ? '9' : densityCells(all, LIVE_BOUNDS.cells, piece => full.has(piece))
      return { ...link, cells }
    })
    if (!isReading && looked.account.traffic.get(ORIGIN) === undefined) return shown
    return [{ ...linkOf(ORIGIN), kind: 'origin', address: undefined, have: all, cells: '9' }, ...shown]
  }
}

function byKind(a: LiveLink, b: LiveLink): number {
  if (a.kind !== b.kind) return a.kind === 'seed' ? -1 : 1
  return a.peer < b.peer ? -1 : 1
}

/** What is whole, and what nobody has anything to do with, needs no picture. */
function isPictured({ isComplete, links }: ActiveTask): boolean {
  return !isComplete || links.size > 0
}

function movedBy({ rates, received, sent }: LiveLink): number {
  return rates.down + rates.up + (received + sent) / 2 ** 30
}

function stateOf(active: ActiveTask): LiveState {
  if (active.hasFailed) return 'failed'
  if (active.isComplete) return 'complete'
  return active.manifest === undefined ? 'searching' : 'downloading'
}

function rankOf({ active }: LiveContent): number {
  const state = stateOf(active)
  return state === 'complete' && active.links.size > 0 ? SERVING : ORDER[state]
}
