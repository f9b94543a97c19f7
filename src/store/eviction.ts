// Decides which contents to evict. Pure: without disk or clock.

import { Leaving, type Occupant, occupiedBy } from './occupancy.ts'

/** One content on disk. */
export interface Evictable extends Occupant {
  /** Milliseconds since 1970; only their order counts. */
  lastUsed: number
  isPinned: boolean
  /** Being downloaded or served, by whichever process. */
  isBusy: boolean
}

/** All in bytes. */
export interface Room {
  /** The most that the store may hold. Infinity: no limit. */
  quota: number
  /** Free on the disk. */
  free: number
  /** Of what is free, never to be used. */
  margin: number
  /** Reserved for contents that are being written, and not written yet. */
  reserved: number
  /** Asked for now, on top of all that. 0: nothing is. */
  wanted: number
}

/** Above this share of the quota contents go, until it is down to the other share: so that not every new content is work. */
export const HIGH_WATERMARK = 0.95
export const LOW_WATERMARK = 0.85
/** The disk itself has only one mark, its margin; once contents go, so many margins are made free. */
const FREED_MARGINS = 2

/** Whether all that is reserved and wanted can be written without breaking quota or margin. */
export function fits(used: number, { quota, free, margin, reserved, wanted }: Room): boolean {
  const coming = reserved + wanted
  return used + coming <= quota && free - coming >= margin
}

/** Whether it is time for contents to go. */
export function isShort(used: number, room: Room, watermark = HIGH_WATERMARK): boolean {
  return used + room.reserved + room.wanted > watermark * room.quota || !fits(used, room)
}

/** Whether what is wanted would fit if everything went that may go. */
export function couldFit(entries: readonly Evictable[], room: Room): boolean {
  const staying = occupiedBy(entries.filter(({ isPinned, isBusy }) => isPinned || isBusy))
  return fits(staying, freed(room, occupiedBy(entries) - staying))
}

/**
 * Keys of the contents that go, the least recently used first: none while the store is below `watermark`, else as many as it
 * takes to come down to the low one, or all that may go. Nothing goes for what would not fit even then.
 */
export function chooseEvictions(entries: readonly Evictable[], room: Room, watermark = HIGH_WATERMARK): string[] {
  const used = occupiedBy(entries)
  if (!isShort(used, room, watermark)) return []
  const candidates = entries.filter(({ isPinned, isBusy }) => !isPinned && !isBusy).toSorted(leastUsedFirst)
  if (room.wanted > 0 && !couldFit(entries, room)) return []
  const excess = excessOf(used, room)
  const leaving = new Leaving(entries)
  const victims: string[] = []
  for (let gone = 0, i = 0; gone < excess && i < candidates.length; i++) {
    const candidate = candidates[i] as Evictable
    victims.push(candidate.key)
    gone += leaving.free(candidate)
  }
  return victims
}

/** Bytes that have to go for the store to be where it should be. */
function excessOf(used: number, { quota, free, margin, reserved, wanted }: Room): number {
  const coming = reserved + wanted
  const left = free - coming
  const overQuota = used + coming - LOW_WATERMARK * quota
  return Math.max(overQuota, left < margin ? FREED_MARGINS * margin - left : 0)
}

function freed(room: Room, bytes: number): Room {
  return { ...room, free: room.free + bytes }
}

function leastUsedFirst(a: Evictable, b: Evictable): number {
  return a.lastUsed - b.lastUsed || (a.key < b.key ? -1 : 1)
}
