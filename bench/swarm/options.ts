// The options of the bench, and the bound that is computed from them.
import { parseArgs } from 'node:util'
import { MiB } from '../report.ts'
import type { Rates } from './topology.ts'

export const TOOLS = ['df', 'curl', 'aria2', 'libtorrent', 'webtorrent'] as const
export const VARIANTS = ['plain', 'slow-origin', 'slow-tenth', 'peer-killed', 'seed-killed', 'liar'] as const

export type ToolName = (typeof TOOLS)[number]
export type Variant = (typeof VARIANTS)[number]

export interface Options {
  peers: number
  /** Mbit/s of a peer's link, each way. */
  rate: number
  seedRate: number
  /** 0: not shaped. */
  originRate: number
  bytes: number
  tools: ToolName[]
  variant: Variant
  linger: boolean
  /** Another checkout or package of df, built; undefined: this one. */
  df: string | undefined
  json: boolean
  /** Where the samples of every peer go, as NDJSON. */
  trace: string | undefined
  /** A folder for CPU profiles of df's peers, each from the go until it is done. */
  profile: string | undefined
  /** Whether bench/results is written. */
  publish: boolean
}

export const USAGE = `usage: node bench/swarm/main.ts [options], as root
  --peers N          hosts that want the file (24)
  --rate MBIT        of a peer's link, each way (20)
  --seed-rate MBIT   of the seed's link (twice a peer's)
  --origin-rate MBIT of the origin's link, 0 for no limit (as the seed's; half a peer's with --variant slow-origin)
  --size MIB         of the file (64)
  --tools LIST       of ${TOOLS.join(',')} (all)
  --variant NAME     ${VARIANTS.join(', ')}
  --linger           peers of df stay until all are done (they leave, as df get does)
  --df FOLDER        another checkout or installed package of df, built (this one)
  --trace FILE       writes what every peer said and its link's counters, one JSON line a peer
  --profile FOLDER   writes a CPU profile of each peer of df there, from the go until it is done
  --json             prints JSON instead of a table
  --no-publish       leaves bench/results/swarm.md alone
`

/** Throws an Error that says what is wrong with the arguments. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      peers: { type: 'string', default: '24' },
      rate: { type: 'string', default: '20' },
      'seed-rate': { type: 'string' },
      'origin-rate': { type: 'string' },
      size: { type: 'string', default: '64' },
      tools: { type: 'string', default: TOOLS.join(',') },
      variant: { type: 'string', default: 'plain' },
      linger: { type: 'boolean', default: false },
      df: { type: 'string' },
      trace: { type: 'string' },
      profile: { type: 'string' },
      json: { type: 'boolean', default: false },
      'no-publish': { type: 'boolean', default: false },
    },
  })
  const variant = oneOf(VARIANTS, values.variant, '--variant')
  const rate = number(values.rate, '--rate')
  const seedRate = values['seed-rate'] === undefined ? 2 * rate : number(values['seed-rate'], '--seed-rate')
  const originRate = variant === 'slow-origin' ? rate / 2 : seedRate
  return {
    peers: number(values.peers, '--peers'),
    rate,
    seedRate,
    originRate: values['origin-rate'] === undefined ? originRate : number(values['origin-rate'], '--origin-rate', 0),
    bytes: number(values.size, '--size') * MiB,
    tools: values.tools.split(',').map(name => oneOf(TOOLS, name, '--tools')),
    variant,
    linger: values.linger,
    df: values.df,
    profile: values.profile,
    json: values.json,
    trace: values.trace,
    publish: !values['no-publish'],
  }
}

/** Peers of a slow tenth have a quarter of the others' link. */
export function ratesOf({ peers, rate, seedRate, originRate, variant }: Options): Rates {
  const slow = variant === 'slow-tenth' ? Math.max(1, Math.round(peers / 10)) : 0
  return { origin: originRate, seed: seedRate, peers: Array.from({ length: peers }, (_, i) => (i < slow ? rate / 4 : rate)) }
}

/**
 * Seconds below which no schedule can bring the file to a peer with this link: its own link, what the origin or the seed
 * needs to send it once, and all uploads together.
 */
export function bound(bytes: number, { origin, seed, peers }: Rates, mbit: number): number {
  const all = (seed + peers.reduce((sum, rate) => sum + rate, 0)) / peers.length
  return (bytes * 8) / 1e6 / Math.min(mbit, seed, origin === 0 ? Number.POSITIVE_INFINITY : origin, all)
}

/** A name for the configuration: of runs of the same one the newest is kept. */
export function titleOf({ peers, rate, seedRate, originRate, bytes, variant }: Options): string {
  const origin = originRate === 0 ? 'not shaped' : `at ${originRate}`
  const what = variant === 'plain' ? '' : `: ${variant}`
  return `${peers} peers at ${rate} Mbit/s, ${bytes / MiB} MiB, seed at ${seedRate}, origin ${origin}${what}`
}

function number(text: string, option: string, least = 1): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value < least)
    throw new Error(`${option} ${text}: not a number ≥ ${least}`)
  return value
}

function oneOf<T extends string>(known: readonly T[], name: string, option: string): T {
  const found = known.find(one => one === name)
  if (found === undefined) throw new Error(`${option} ${name}: known are ${known.join(', ')}`)
  return found
}
