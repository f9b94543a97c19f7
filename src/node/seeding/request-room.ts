// Bounds how many contents a seed is asked for at a time; when there are too many, whoever asks for most gives way.
import { DragonflyError } from '../../core/errors.ts'

/** Contents that requests are about at a time, whoever they come from: two CI hosts with 200 each, and some more. */
export const MAX_CONTENTS = 512
/** Requests of one peer at a time: as many as one connection has streams. */
export const MAX_REQUESTS = 256

/** A request that is being answered, or whose client goes on listening. */
export interface RoomTaken {
  /** Aborted, with the error that the client is to hear, when its room is needed for others. */
  readonly ended: AbortSignal
  /** To be called when the client has gone. Safe to call twice. */
  leave(): void
}

interface Taken {
  readonly peer: string
  readonly place: string
  readonly task: string
  readonly ending: AbortController
}

export class RequestRoom {
  readonly #most: number
  /** By task, those asked for first come first; within, the first one is the one that the content counts for. */
  readonly #contents = new Map<string, Set<Taken>>()
  readonly #requests = new Map<string, number>()

  /** @param most - contents at a time */
  constructor(most: number = MAX_CONTENTS) {
    this.#most = most
  }

  /** Contents that are asked for now. */
  get size(): number {
    return this.#contents.size
  }

  /**
   * A request comes; `place`: the address of its peer (see `placeOfAddress`). A content that others ask for already has room in
   * any case. Throws `seed-busy` when there is none: the client has too many requests, or the room is full and nobody has more.
   */
  enter(peer: string, place: string, task: string): RoomTaken {
    const count = this.#requests.get(peer) ?? 0
    if (count >= MAX_REQUESTS) throw busy(`this host has ${MAX_REQUESTS} requests open`)
    while (!this.#contents.has(task) && this.#contents.size >= this.#most) this.#makeRoom(peer, place)
    const taken: Taken = { peer, place, task, ending: new AbortController() }
    this.#contents.set(task, (this.#contents.get(task) ?? new Set()).add(taken))
    this.#requests.set(peer, count + 1)
    return { ended: taken.ending.signal, leave: () => this.#leave(taken) }
  }

  /** The address that has most gives way, and there the peer that has most; with one more that must not be the newcomer itself. */
  #makeRoom(peer: string, place: string): void {
    const owners = [...this.#contents.values()].map(asking => asking.values().next().value as Taken)
    const places = countBy(owners, owner => owner.place)
    const largest = largestOf(places)
    const from = (places.get(place) ?? 0) + 1 >= (places.get(largest) ?? 0) ? place : largest
    const there = owners.filter(owner => owner.place === from)
    const peers = countBy(there, owner => owner.peer)
    const goes = largestOf(peers)
    if (from === place && (peers.get(peer) ?? 0) + 1 >= (peers.get(goes) ?? 0)) throw busy(`${this.#most} contents are asked for`)
    const { task } = there.find(owner => owner.peer === goes) as Taken
    for (const taken of this.#contents.get(task) ?? []) {
      if (taken.peer !== goes) continue
      this.#leave(taken)
      taken.ending.abort(busy('others need the room'))
    }
  }

  #leave(taken: Taken): void {
    const { peer, task } = taken
    const asking = this.#contents.get(task)
    if (asking?.delete(taken) !== true) return
    if (asking.size === 0) this.#contents.delete(task)
    const count = (this.#requests.get(peer) ?? 0) - 1
    if (count > 0) this.#requests.set(peer, count)
    else this.#requests.delete(peer)
  }
}

function busy(why: string): DragonflyError {
  return new DragonflyError('seed-busy', `the seed has no room for another content: ${why}`, {
    hint: 'read the origin, or ask again when fewer downloads run',
    retryable: true,
  })
}

function countBy(owners: readonly Taken[], key: (owner: Taken) => string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const owner of owners) counts.set(key(owner), (counts.get(key(owner)) ?? 0) + 1)
  return counts
}

/** The first of those with the largest count; '' of none. */
function largestOf(counts: ReadonlyMap<string, number>): string {
  let [largest, most] = ['', 0]
  for (const [key, count] of counts) if (count > most) [largest, most] = [key, count]
  return largest
}
