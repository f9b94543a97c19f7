// Any event and any action that a trace can hold, one arbitrary for each type: a new type without one does not compile.
import fc from 'fast-check'
import { Bitfield } from '../../src/core/bitfield.ts'
import { MAX_PIECE_LENGTH, MAX_PIECES } from '../../src/core/piece.ts'
import type { SwarmAction, SwarmEvent } from '../../src/swarm/events.ts'

type Arbitraries<U extends { type: string }> = { [T in U['type']]: fc.Arbitrary<Omit<Extract<U, { type: T }>, 'type'>> }

const peer = fc.string({ maxLength: 60 })
const piece = fc.integer({ min: 0, max: MAX_PIECES - 1 })
const count = fc.integer({ min: 0, max: MAX_PIECES })
const bytes = fc.integer({ min: 0, max: MAX_PIECE_LENGTH })
const queue = fc.integer({ min: 0, max: 0xffffffff })
/** With runs, gaps, repetitions and steps back. */
const pieces = fc
  .array(fc.tuple(piece, fc.integer({ min: 1, max: 40 })), { maxLength: 12 })
  .map(runs => runs.flatMap(([from, n]) => Array.from({ length: n }, (_, i) => Math.min(MAX_PIECES - 1, from + i))))
const runs = fc.array(
  fc.tuple(piece, piece).map(([a, b]) => ({ first: Math.min(a, b), end: Math.max(a, b) + 1 })),
  { maxLength: 6 },
)
const bitfield = fc.array(fc.boolean(), { maxLength: 100 }).map(bits => {
  const set = new Bitfield(bits.length)
  for (const [i, bit] of bits.entries()) if (bit) set.add(i)
  return set
})

const duration = fc.double({ min: 0, max: 1e9, noNaN: true })

export const ANY_EVENT: Arbitraries<SwarmEvent> = {
  manifest: fc.record({ count, sealed: fc.boolean() }),
  joined: fc.record({ peer, kind: fc.constantFrom('peer', 'seed', 'origin') }),
  left: fc.record({ peer }),
  bitfield: fc.record({ peer, have: bitfield, queue }),
  have: fc.record({ peer, pieces, queue }),
  progress: fc.record({ peer, piece, bytes }),
  held: fc.record({ peer, ms: fc.double({ min: 0, max: 1e9, noNaN: true }) }),
  received: fc.record({ peer, piece, bytes }),
  corrupt: fc.record({ peer, piece }),
  refused: fc.record({ peer, piece, forever: fc.boolean() }),
  stored: fc.record({ piece }),
  request: fc.record({ peer, piece, load: queue, has: fc.option(queue, { nil: undefined }) }),
  cancel: fc.record({ peer, piece }),
  placed: fc.record({ peer, place: queue, roundTrip: fc.option(duration, { nil: undefined }) }),
  sent: fc.record({ peer }),
  served: fc.record({ peer, piece }),
  'origin-rate': fc.record({ rate: fc.double({ min: 0, max: 1e9, noNaN: true }), peers: queue }),
  patience: fc.record({ ms: duration, handoverMs: duration, areLost: fc.option(fc.boolean(), { nil: undefined }) }),
  elsewhere: fc.record({ bytes: duration }),
  wanted: fc.record({ pieces: fc.option(runs, { nil: undefined }) }),
  cursor: fc.record({ piece: fc.option(piece, { nil: undefined }) }),
  allowance: fc.record({ asked: queue, uploads: queue }),
  wake: fc.record({}),
}

export const ANY_ACTION: Arbitraries<SwarmAction> = {
  ask: fc.record({ peer, piece, load: queue, has: fc.option(queue, { nil: undefined }) }),
  cancel: fc.record({ peer, piece }),
  serve: fc.record({ peer, piece }),
  refuse: fc.record({ peer, piece, missing: fc.boolean() }),
  announce: fc.record({ piece }),
  drop: fc.record({ peer }),
  snub: fc.record({ peer, why: fc.constantFrom('silent', 'late', 'busy') }),
  ban: fc.record({ peer, piece }),
}
