// The named scenarios of docs/swarm.md, the tests and `df sim`.
import { type Fault, fluidBound, type Scenario } from './scenario.ts'

/** What a person may turn. Rates are bytes per millisecond, lengths bytes. */
export interface Knobs {
  peers: number
  pieces: number
  pieceLength: number
  up: number
  down: number
  seedUp: number
  /** undefined: the seeds have everything from the start. */
  originRate: number | undefined
  /** undefined: the simulator's default. */
  neighbours: number | undefined
  /** The random number. */
  seed: number
}

/** A scenario with a name; its times and rates follow from the knobs, so that it can be had in any size. */
export interface NamedScenario {
  name: string
  /** One line, as a heading. */
  title: string
  /** The knobs that differ from the usual ones. */
  knobs?: Partial<Knobs>
  /** The origin's rate in peers' downlinks, where `originRate` is not given. */
  originTimes?: number
  /** What makes it special. `t`: its fluid bound without that, milliseconds. */
  twist?: (knobs: Knobs, t: number) => Partial<Scenario>
}

/** 200 MB cut as a node cuts them, lines of 100 Mbit/s. The seed's line is twice a peer's, unless told otherwise. */
const USUAL = { peers: 100, pieces: 763, pieceLength: 256 * 1024, up: 12_500, down: 12_500, seed: 1 }
const SEED_TIMES = 2
/** So many contents share what is otherwise one; of fewer pieces than this the start is most of the time. */
const MANY = 10
const LEAST_PIECES = 16

export const CATALOGUE: readonly NamedScenario[] = [
  {
    name: 'equal-24',
    title: '24 equal peers at 20 Mbit/s, 64 MiB',
    knobs: { peers: 24, pieces: 256, pieceLength: 256 * 1024, up: 2500, down: 2500 },
  },
  { name: 'equal-100', title: '100 equal peers, 200 MB' },
  { name: 'equal-1200', title: '1,200 equal peers, 200 MB', knobs: { peers: 1200 } },
  { name: 'equal-10000', title: '10,000 equal peers, 200 MB', knobs: { peers: 10_000 } },
  {
    name: 'many-contents',
    title: 'Ten contents at once on every host',
    twist: ({ pieces }) => ({ contents: MANY, pieces: Math.max(LEAST_PIECES, Math.ceil(pieces / MANY)) }),
  },
  {
    name: 'limited',
    title: 'Ten contents with priorities on every host, limited to half of its line',
    twist: ({ pieces, down }) => ({
      contents: MANY,
      pieces: Math.max(LEAST_PIECES, Math.ceil(pieces / MANY)),
      downLimit: down / 2,
      priorities: ['high', 'normal', 'normal', 'low', 'normal'],
    }),
  },
  { name: 'slow-origin', title: 'The seed reads an origin half as fast as a peer', originTimes: 0.5 },
  {
    name: 'poisson',
    title: 'Peers come one by one, at random',
    twist: ({ peers }, t) => ({ joins: { type: 'poisson', meanMs: (4 * t) / peers } }),
  },
  {
    name: 'waves',
    title: 'Peers come in four waves',
    twist: ({ peers }, t) => ({ joins: { type: 'waves', size: Math.ceil(peers / 4), everyMs: t / 2 } }),
  },
  {
    name: 'mixed',
    title: 'A tenth slow, a tenth fast, joins over a minute, a fifth leaves midway',
    twist: (knobs, t) => ({
      lineClasses: [
        { name: 'slow', share: 0.1, line: { up: knobs.up / 4, down: knobs.down / 4 } },
        { name: 'fast', share: 0.1, line: { up: knobs.up * 4, down: knobs.down * 4 } },
      ],
      joins: { type: 'poisson', meanMs: (3.75 * t) / knobs.peers },
      leaves: { share: 0.2, fromMs: t / 2, toMs: 4 * t },
    }),
  },
  {
    name: 'crash',
    title: 'A tenth of the peers crashes at half',
    twist: ({ peers }, t) => ({ faults: some(peers, 10, peer => ({ type: 'crash', peer, at: t / 2 })) }),
  },
  {
    name: 'silent',
    title: 'One peer in twenty falls silent at half',
    twist: ({ peers }, t) => ({ faults: some(peers, 20, peer => ({ type: 'silent', peer, at: t / 2 })) }),
  },
  {
    name: 'liar',
    title: 'One peer in twenty lies about everything',
    twist: ({ peers }) => ({ faults: some(peers, 20, peer => ({ type: 'liar', peer })) }),
  },
  {
    name: 'slow-peer',
    title: 'One peer in twenty: its uplink falls to a twentieth at half',
    twist: ({ peers, up, down }, t) => ({
      faults: some(peers, 20, peer => ({ type: 'slow', peer, at: t / 2, line: { up: up / 20, down } })),
    }),
  },
  {
    name: 'partition',
    title: 'A quarter of the peers is cut off for a quarter of the time',
    twist: (_, t) => ({ faults: [{ type: 'partition', share: 0.25, fromMs: t / 4, toMs: t / 2 }] }),
  },
  {
    name: 'seed-death',
    title: 'The seed dies at half, before all is out; peers may read the origin',
    twist: (_, t) => ({ peersReadOrigin: true, faults: [{ type: 'seed-death', at: t / 2 }] }),
  },
  {
    name: 'seed-dead-when-out',
    title: 'The seed dies as soon as every piece has left it once',
    twist: () => ({ faults: [{ type: 'seed-death-when-out' }] }),
  },
  {
    name: 'two-seeds',
    title: 'Two seeds; the one that reads the origin dies at half, the other goes on',
    originTimes: 1,
    twist: (_, t) => ({ seeds: 2, faults: [{ type: 'seed-death', at: t / 2, which: 0 }] }),
  },
  ...loss('seed-killed-reading', 'The seed dies in the middle of its read', at => ({ type: 'seed-death', at })),
  ...loss('seed-frozen', 'The seed freezes in the middle of its read', at => ({ type: 'seed-frozen', at })),
  ...loss('seed-cut-from-origin', 'The seed loses its origin in the middle of its read', at => ({
    type: 'seed-cut',
    from: 'origin',
    at,
  })),
  ...loss('seed-cut-from-peers', 'The seed loses all other hosts in the middle of its read', at => ({
    type: 'seed-cut',
    from: 'peers',
    at,
  })),
]

/** What a seed's trouble does to hosts that find their sources by themselves: with one seed, and with three. */
function loss(name: string, title: string, fault: (at: number) => Fault): NamedScenario[] {
  return [1, 3].map(seeds => ({
    name: seeds === 1 ? name : `${name}-${seeds}`,
    title: seeds === 1 ? title : `${title}; ${seeds} seeds`,
    knobs: { peers: 24 },
    originTimes: 1,
    twist: (_, t) => ({ seeds, sources: {}, faults: [fault(t / 2)] }),
  }))
}

/** undefined: there is none of this name. */
export function findScenario(name: string): NamedScenario | undefined {
  return CATALOGUE.find(entry => entry.name === name)
}

/** The scenario as named, or with some knobs turned; what depends on them follows. */
export function makeScenario(named: NamedScenario, turned: Partial<Knobs> = {}): Scenario {
  const knobs = knobsOf(named, turned)
  const plain = plainScenario(knobs)
  return { ...plain, ...named.twist?.(knobs, fluidBound(plain)) }
}

function knobsOf(named: NamedScenario, turned: Partial<Knobs>): Knobs {
  const given = { ...USUAL, ...named.knobs, ...turned }
  const times = named.originTimes
  return {
    seedUp: SEED_TIMES * given.up,
    originRate: times === undefined ? undefined : times * given.down,
    neighbours: undefined,
    ...given,
  }
}

function plainScenario(knobs: Knobs): Scenario {
  const { peers, pieces, pieceLength, seed, up, down, seedUp, originRate, neighbours } = knobs
  return {
    seed,
    peers,
    pieces,
    pieceLength,
    peerLine: { up, down },
    seedLine: { up: seedUp, down: Math.max(seedUp, down) },
    ...(originRate !== undefined && { originRate }),
    ...(neighbours !== undefined && { neighbours }),
  }
}

/** One fault for every `nth` peer, and for one at least. */
function some(peers: number, nth: number, fault: (peer: number) => Fault): Fault[] {
  return Array.from({ length: Math.max(1, Math.floor(peers / nth)) }, (_, i) => fault(i * nth))
}
