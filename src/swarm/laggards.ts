// Decides which uploads are late: their readers take nothing, or far less than others do.
import type { SwarmPolicy } from './events.ts'
import { Latencies } from './latencies.ts'

/** One piece that is being sent. */
export interface Upload {
  /** When it began, and when its reader last took something. */
  begun: number
  movedAt: number
  /** It counts for nothing: neither as a slot nor as a copy. */
  isLate: boolean
  /** Pieces that were under way to this reader when it began, itself among them. */
  underWay: number
  /** Upload slots that it takes, a fraction of one for a short piece to a neighbour that is far away. */
  slots: number
}

/** An upload is slow when it takes so many times as long as the fastest quarter of the others. */
const SLOW_FACTOR = 8
const FAST_SHARE = 0.25
/** Peers whose last upload was late that are remembered, also when they have left; of more the oldest are forgotten. */
const MAX_KNOWN = 1024

/** Uploads to those who have not shown that they read, in all and by place; what is late counts for its place only. */
export interface Suspects {
  count: number
  byPlace: Map<number | string, number>
}

export class Laggards {
  readonly #policy: SwarmPolicy
  /** What a piece takes at the least rate, milliseconds. */
  readonly #slowestMs: number
  readonly #times = new Latencies()
  /** Peers whose last upload was late. */
  readonly #late = new Set<string>()
  /** Peers whose last upload was in time. */
  readonly #prompt = new Set<string>()
  /** The network address of each neighbour, as a number that says nothing else. */
  readonly #places = new Map<string, number>()
  #suspiciousUntil = -Infinity

  constructor(policy: SwarmPolicy, pieceLength: number) {
    this.#policy = policy
    this.#slowestMs = Math.max(policy.stallMs, pieceLength / policy.leastRate)
  }

  /** From when on the upload is late if nothing happens. */
  lateAt({ begun, movedAt }: Upload): number {
    const { stallMs } = this.#policy
    const usual = this.#times.percentile(FAST_SHARE)
    if (usual === undefined) return Math.min(movedAt + stallMs, begun + this.#slowestMs)
    return Math.min(movedAt + Math.max(stallMs, usual), begun + Math.max(stallMs, SLOW_FACTOR * usual))
  }

  get areAny(): boolean {
    return this.#late.size > 0
  }

  /** Whether what the peer gets is late as long as it does not show otherwise. */
  isLate(peer: string): boolean {
    return this.#late.has(peer)
  }

  placed(peer: string, place: number): void {
    this.#places.set(peer, place)
  }

  /** Undefined while nobody was late for a while: whoever comes is believed to read. */
  suspects(active: ReadonlyMap<string, ReadonlyMap<number, Upload>>, now: number): Suspects | undefined {
    if (now >= this.#suspiciousUntil) return undefined
    const suspects: Suspects = { count: 0, byPlace: new Map() }
    for (const [peer, uploads] of active) {
      if (this.#prompt.has(peer)) continue
      const place = this.#placeOf(peer)
      suspects.count += inTime(uploads)
      suspects.byPlace.set(place, (suspects.byPlace.get(place) ?? 0) + uploads.size)
    }
    return suspects
  }

  /**
   * The lowest are served first: those who have shown that they read, then those from places that hold us up least. Undefined: not
   * now, as others who may not read either have half of the slots.
   */
  rank(peer: string, suspects: Suspects, now: number): number | undefined {
    if (now >= this.#suspiciousUntil || this.#prompt.has(peer)) return 0
    const { uploadSlots, appetite } = this.#policy
    if (suspects.count >= Math.max(1, Math.floor(Math.min(uploadSlots, appetite) / 2))) return undefined
    return 1 + (suspects.byPlace.get(this.#placeOf(peer)) ?? 0)
  }

  fellBehind(peer: string, now: number): void {
    this.#prompt.delete(peer)
    this.#late.delete(peer)
    this.#late.add(peer)
    this.#suspiciousUntil = now + this.#policy.suspicionMs
    if (this.#late.size <= MAX_KNOWN) return
    for (const oldest of this.#late) {
      this.#late.delete(oldest)
      return
    }
  }

  /** The upload is over. */
  ended(peer: string, upload: Upload, now: number): void {
    const isLate = now >= this.lateAt(upload)
    this.#times.add(now - upload.begun)
    if (isLate) return this.fellBehind(peer, now)
    this.#late.delete(peer)
    this.#prompt.add(peer)
  }

  /** What was shown in time is forgotten, what was late is not: it costs nothing to come back. */
  left(peer: string): void {
    this.#prompt.delete(peer)
    this.#places.delete(peer)
  }

  #placeOf(peer: string): number | string {
    return this.#places.get(peer) ?? peer
  }
}

/** How many of them are not late. */
export function inTime(uploads: ReadonlyMap<number, Upload> | undefined): number {
  let count = 0
  for (const { isLate } of uploads?.values() ?? []) if (!isLate) count++
  return count
}
