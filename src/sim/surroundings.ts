// What all hosts of a simulated world share.
import type { Link } from './link.ts'
import { Links } from './links.ts'
import { Mail } from './mail.ts'
import type { Meter } from './meter.ts'
import { DEFAULT_PIECE_LENGTH, type Scenario } from './scenario.ts'
import { World } from './world.ts'

const DEFAULT_LATENCY_MS = 5
const DEFAULT_ANNOUNCE_MS = 100
/** How often a running transfer counts as a sign of life, milliseconds; on a real stream every frame is one. */
const PROGRESS_MS = 1000

/** What runs for a while, and is looked at now and again. */
export interface Running {
  look(): void
}

/** What all hosts of a world share. */
export interface Surroundings {
  world: World
  links: Links
  mail: Mail
  /** Milliseconds. */
  latency: number
  announceMs: number
  pieces: number
  pieceLength: number
  /** The origin's uplink. */
  origin: Link
  /** Whether the origin gives single pieces. */
  originHasRanges: boolean
  /** Looks at it a second later, whether it still runs or not. */
  lookLater(running: Running): void
  /** Whether every swarm is checked after every event. */
  check: boolean
  tally: Tally
}

export interface Tally {
  events: number
  duplicateBytes: number
  originBytes: number
  bans: string[]
  /** Peers that have to get it all and have not yet. */
  waiting: number
}

export function newSurroundings(s: Scenario, originMeter: Meter): Surroundings {
  const world = new World()
  const links = new Links(world)
  const latency = s.latency ?? DEFAULT_LATENCY_MS
  const origin = links.link(s.originRate ?? Infinity, originMeter)
  links.meter(origin, true)
  return {
    world,
    links,
    mail: new Mail(world, latency),
    latency,
    announceMs: s.announceMs ?? DEFAULT_ANNOUNCE_MS,
    pieces: s.pieces,
    pieceLength: s.pieceLength ?? DEFAULT_PIECE_LENGTH,
    origin,
    originHasRanges: s.sources?.originRanges ?? true,
    lookLater: world.lane<Running>(PROGRESS_MS, running => running.look()),
    check: s.check ?? false,
    tally: { events: 0, duplicateBytes: 0, originBytes: 0, bans: [], waiting: 0 },
  }
}
