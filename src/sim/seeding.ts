// Simulated seeds: they have the content, or the first live one reads the origin.

import { Call } from './alarm.ts'
import { randomFor, shuffled } from './draw.ts'
import { connect } from './graph.ts'
import type { SimHost } from './host.ts'
import { OriginRead } from './origin-read.ts'
import type { SimPeer } from './peer.ts'
import type { Scenario } from './scenario.ts'
import type { Surroundings } from './surroundings.ts'

/** How often it is told what the origin gives, milliseconds. */
const RATE_MS = 1000

/** Seeds are there from the start, and know one another. */
export function startSeeds(s: Scenario, seeds: readonly SimPeer[], around: Surroundings): void {
  for (const seed of seeds) seed.enter()
  // whoever is asked first reads the origin
  if (s.sources !== undefined) return
  if (s.originRate === undefined) for (const seed of seeds) seed.holdAll()
  for (const [i, a] of seeds.entries()) for (const b of seeds.slice(i + 1)) connect(a, b)
  if (s.originRate !== undefined) planReads(s, seeds, around)
}

/** What it gets from the origin, to all now and again, and to who joins. */
function tellRate(seed: SimPeer, read: OriginRead, { world, mail }: Surroundings): void {
  const tell = (to: SimHost | readonly SimHost[]): void => {
    const news = { type: 'origin-rate', rate: read.rate, peers: seed.neighbours.length } as const
    if (seed.acts && read.rate > 0) mail.send(seed, to, host => host.tell(news))
  }
  seed.onJoined = tell
  const again = new Call(() => {
    tell(seed.neighbours)
    if (seed.acts) world.set(again, world.now + RATE_MS)
  })
  world.set(again, RATE_MS)
}

function planReads(s: Scenario, seeds: readonly SimPeer[], around: Surroundings): void {
  const pieces = Array.from({ length: s.pieces }, (_, i) => i)
  const order = s.originOrder === 'random' ? shuffled(pieces, randomFor(s.seed, 2)) : pieces
  for (const [i, seed] of seeds.entries()) {
    const read = new OriginRead(seed, order, around)
    if (s.tellOriginRate === true) tellRate(seed, read, around)
    seed.onLeave = () => read.stop()
    // Takes over when it hears that the last one before it is gone.
    seed.onLost = () => {
      if (seeds.slice(0, i).every(before => !before.acts)) read.start()
    }
  }
  const [first] = seeds
  if (s.originOrder === 'random') first?.publishManifest(s.pieces)
  first?.onLost(first)
}
