// The space of one store: reserves before writing, and evicts when space is short.
import PQueue from 'p-queue'
import { DragonflyError } from '../core/errors.ts'
import type { EntrySpace } from './entry-space.ts'
import { chooseEvictions, couldFit, type Evictable, fits, HIGH_WATERMARK, isShort, LOW_WATERMARK, type Room } from './eviction.ts'
import { freedBy } from './occupancy.ts'
import { Reservations } from './reservations.ts'
import { human, marginOf, shortOf } from './space.ts'

/**
 * Where contents may be evicted, room is taken as bytes come: as much ahead, bytes, as there is already, within these. What an
 * origin announces takes no room from others, who have shown their bytes.
 */
const LEAST_AHEAD = 1024 * 1024
const MOST_AHEAD = 64 * 1024 * 1024
/** Other processes write to the store too: what it holds is counted again after so long, ms. */
const RECOUNT_MS = 10_000
/** Counting looks at every entry: it takes no more than one part in so many of the time. */
const COUNTING_SHARE = 50
/** What the disk says of its room counts for so long, less what we have written, ms: many small contents would ask it for each. */
const ROOM_MS = 50
/** But only while there is so much more than what is wanted of it, bytes: no decision hangs on it then. */
const PLENTY = 256 * 1024 * 1024
/** A disk that failed is left alone for so long, ms. */
const BROKEN_MS = 10_000
/** Contents that were busy after all are passed over, so many times. */
const MAX_ROUNDS = 3

/** What the room needs of its store. */
export interface SpaceOwner {
  readonly dir: string
  /** Bytes free and in all where the store lies. */
  disk(): Promise<{ free: number; size: number }>
  /** Bytes of all entries. */
  used(): Promise<number>
  inventory(): Promise<Evictable[]>
  /** Removes an entry; resolves to false when it is in use. */
  evict(key: string): Promise<boolean>
  /** Nothing new is taken any more. */
  onTrouble(error: DragonflyError): void
}

/** What was evicted since the start. */
export interface Evicted {
  contents: number
  bytes: number
}

export class DiskSpace {
  readonly evicted: Evicted = { contents: 0, bytes: 0 }
  readonly #owner: SpaceOwner
  readonly #reservations = new Reservations()
  #quota: number | undefined
  #counted = { used: 0, again: -Infinity }
  #asked = { free: 0, size: 0, again: -Infinity }
  #trouble: { error: DragonflyError; kind: 'refused' | 'broken'; at: number } | undefined
  readonly #turns = new PQueue({ concurrency: 1 })

  constructor(owner: SpaceOwner) {
    this.#owner = owner
  }

  /** Bytes; undefined: none was set, and nothing is ever evicted. */
  get quota(): number | undefined {
    return this.#quota
  }

  set quota(bytes: number | undefined) {
    this.#quota = bytes
  }

  /** Why new contents are refused; undefined when they are not. */
  get trouble(): string | undefined {
    return this.#trouble?.error.message
  }

  /** For an entry that is open, with so many bytes on the disk. `used` is called when it is read or written. */
  of(key: string, present: number, used: () => void): EntrySpace {
    this.#reservations.begin(key, present)
    return {
      expect: length => this.#turns.add(() => this.#expect(key, this.#reservations.missing(key, length))),
      claim: bytes => (this.#reservations.claim(key, bytes) === 0 ? undefined : this.#turns.add(() => this.#grow(key, bytes))),
      wrote: bytes => this.#wrote(key, bytes),
      failed: (bytes, error) => this.#failed(key, bytes, error),
      used,
    }
  }

  closed(key: string): void {
    this.#reservations.end(key)
  }

  /** Evicts down to the low watermark: when above the high one, or (`down`) in any case. */
  async tidy(down: boolean): Promise<Evicted> {
    return await this.#turns.add(async () => {
      const watermark = down ? LOW_WATERMARK : HIGH_WATERMARK
      if (!isShort(await this.#used(), await this.#room(0), watermark)) return { contents: 0, bytes: 0 }
      return await this.#evict(0, watermark)
    })
  }

  /** Writing failed for a reason that is not one content's. */
  broke(error: unknown): void {
    if (error instanceof DragonflyError && (error.code === 'no-space' || error.code === 'store-error')) {
      this.#note('broken', error)
    }
  }

  /** Rejects when `bytes` more would not fit, whatever goes. Nothing is evicted for what has not come. */
  async #expect(key: string, bytes: number): Promise<void> {
    if (this.#quota === undefined) return await this.#reserve(key, bytes)
    this.#throwIfBroken()
    if (!(await this.#couldFit(bytes))) throw await this.#refused(bytes)
    this.#taken(key, await this.#affordable(Math.min(bytes, this.#aheadOf(key))))
  }

  /** For a claim of `bytes`. Those before it had their turn; what is claimed beyond it waits for its own. */
  async #grow(key: string, bytes: number): Promise<void> {
    const beyond = Math.min(bytes, this.#reservations.beyond(key))
    try {
      await this.#reserve(key, beyond)
      if (beyond > 0) this.#taken(key, await this.#affordable(this.#aheadOf(key)))
    } catch (error) {
      this.#reservations.unclaim(key, bytes)
      throw error
    }
  }

  async #reserve(key: string, bytes: number): Promise<void> {
    if (bytes === 0) return
    this.#throwIfBroken()
    if (!(await this.#hasRoom(bytes))) throw await this.#refused(bytes)
    this.#taken(key, bytes)
  }

  #taken(key: string, bytes: number): void {
    this.#reservations.reserve(key, bytes)
    if (this.#trouble?.kind === 'refused') this.#trouble = undefined
  }

  #aheadOf(key: string): number {
    return Math.min(MOST_AHEAD, Math.max(LEAST_AHEAD, this.#reservations.presentOf(key)))
  }

  /** `bytes`, or 0 when something would have to go for them. */
  async #affordable(bytes: number): Promise<number> {
    return isShort(await this.#used(), await this.#room(bytes)) ? 0 : bytes
  }

  async #couldFit(wanted: number): Promise<boolean> {
    // what others have announced and not sent keeps nobody out
    const room = { ...(await this.#room(wanted)), reserved: 0 }
    return fits(await this.#used(), room) || couldFit(await this.#owner.inventory(), room)
  }

  async #refused(bytes: number): Promise<DragonflyError> {
    const refusal = await this.#refusal(bytes)
    this.#note('refused', refusal)
    return refusal
  }

  async #hasRoom(wanted: number): Promise<boolean> {
    const used = await this.#used()
    const room = await this.#room(wanted)
    if (this.#quota === undefined || !isShort(used, room)) return fits(used, room)
    await this.#evict(wanted, HIGH_WATERMARK)
    return fits(await this.#used(), await this.#room(wanted))
  }

  async #evict(wanted: number, watermark: number): Promise<Evicted> {
    const evicted = { contents: 0, bytes: 0 }
    const busy = new Set<string>()
    for (let round = 0; this.#quota !== undefined && round < MAX_ROUNDS; round++) {
      this.#asked.again = -Infinity
      const entries = (await this.#owner.inventory()).map(entry => ({ ...entry, isBusy: entry.isBusy || busy.has(entry.key) }))
      const gone = new Set<string>()
      const before = busy.size
      for (const key of chooseEvictions(entries, await this.#room(wanted), watermark)) {
        if (!(await this.#owner.evict(key))) busy.add(key)
        else gone.add(key)
      }
      count(gone.size, freedBy(entries, gone), evicted, this.evicted)
      if (busy.size === before) break
    }
    this.#counted.again = -Infinity
    this.#asked.again = -Infinity
    return evicted
  }

  async #refusal(wanted: number): Promise<DragonflyError> {
    const { dir } = this.#owner
    const room = await this.#room(wanted)
    const left = room.free - room.reserved
    if (left - wanted < room.margin) return shortOf(dir, wanted, Math.max(0, left), room.margin)
    const held = await this.#used()
    return new DragonflyError(
      'no-space',
      `${dir} needs ${human(wanted)} more, but it holds ${human(held)} of its quota of ${human(room.quota)}, and too little of that can be evicted`,
      { hint: 'unpin or remove contents, or raise --quota' },
    )
  }

  async #room(wanted: number): Promise<Room> {
    const reserved = this.#reservations.outstanding
    const known = roomOf(this.#asked)
    const isPlenty = performance.now() <= this.#asked.again && known.free - known.margin - reserved - wanted > PLENTY
    const { free, margin } = isPlenty ? known : roomOf(await this.#askDisk())
    return { quota: this.#quota ?? Infinity, free, margin, reserved, wanted }
  }

  async #askDisk(): Promise<{ free: number; size: number }> {
    const disk = await this.#owner.disk()
    this.#asked = { ...disk, again: performance.now() + ROOM_MS }
    return this.#asked
  }

  /** Without a quota nobody needs to know. */
  async #used(): Promise<number> {
    if (this.#quota === undefined) return 0
    const at = performance.now()
    if (at > this.#counted.again) {
      const used = await this.#owner.used()
      this.#counted = { used, again: at + restAfter(performance.now() - at) }
    }
    return this.#counted.used
  }

  #wrote(key: string, bytes: number): void {
    this.#reservations.wrote(key, bytes)
    this.#counted.used += bytes
    this.#asked.free -= bytes
    if (this.#trouble?.kind === 'broken') this.#trouble = undefined
  }

  async #failed(key: string, bytes: number, error: unknown): Promise<boolean> {
    const isFull = error instanceof DragonflyError && error.code === 'no-space'
    this.#asked.again = -Infinity
    if (isFull) await this.tidy(false)
    if (isFull && (await this.#room(0)).free >= bytes) return true
    this.#reservations.unclaim(key, bytes)
    this.broke(error)
    return false
  }

  #note(kind: 'refused' | 'broken', error: DragonflyError): void {
    if (this.#trouble === undefined) this.#owner.onTrouble(error)
    if (this.#trouble?.kind === 'broken' && kind === 'refused') return
    this.#trouble = { error, kind, at: performance.now() }
  }

  /** A full disk is asked how full it is; one that fails says nothing, and would have the origin read in vain. */
  #throwIfBroken(): void {
    const trouble = this.#trouble
    const isBroken = trouble?.kind === 'broken' && trouble.error.code === 'store-error'
    if (isBroken && performance.now() - trouble.at <= BROKEN_MS) throw trouble.error
  }
}

function roomOf({ free, size }: { free: number; size: number }): Pick<Room, 'free' | 'margin'> {
  return { free, margin: marginOf(size) }
}

/** How long after a count the next one begins, ms. `tookMs`: that one. */
export function restAfter(tookMs: number): number {
  return Math.max(RECOUNT_MS, COUNTING_SHARE * tookMs)
}

function count(contents: number, bytes: number, ...totals: Evicted[]): void {
  for (const total of totals) {
    total.contents += contents
    total.bytes += bytes
  }
}
