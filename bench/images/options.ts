// The options of the bench of images.
import { parseArgs } from 'node:util'
import { MiB } from '../report.ts'

export const PARTS = ['fleet', 'one-host', 'private', 'silent-swarm'] as const
export type PartName = (typeof PARTS)[number]

export interface Options {
  hosts: number
  /** Of an image. */
  bytes: number
  /** Mbit/s of a host's link in a fleet, each way. */
  rate: number
  /** Mbit/s of the links of the registry and the seed. */
  registryRate: number
  /** Mbit/s of the only host's link. */
  hostRate: number
  runs: number
  pulls: number
  only: PartName[]
  /** Whether bench/results is written. */
  publish: boolean
}

export const USAGE = `usage: node bench/images/main.ts [options], as root
  --hosts N            of the fleet (8)
  --size MIB           of an image (64)
  --rate MBIT          of a host's link in the fleet, each way (50)
  --registry-rate MBIT of the links of the registry and of the seed (twice a host's)
  --host-rate MBIT     of the link of a single host (200)
  --runs N             repetitions for a single host (5)
  --pulls N            simultaneous pulls of a private image (50)
  --only LIST          of ${PARTS.join(',')} (all)
  --no-publish         leaves bench/results/images.md alone
`

/** Throws an Error that says what is wrong with the arguments. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      hosts: { type: 'string', default: '8' },
      size: { type: 'string', default: '64' },
      rate: { type: 'string', default: '50' },
      'registry-rate': { type: 'string' },
      'host-rate': { type: 'string', default: '200' },
      runs: { type: 'string', default: '5' },
      pulls: { type: 'string', default: '50' },
      only: { type: 'string', default: PARTS.join(',') },
      'no-publish': { type: 'boolean', default: false },
    },
  })
  const rate = number(values.rate, '--rate')
  return {
    hosts: number(values.hosts, '--hosts'),
    bytes: number(values.size, '--size') * MiB,
    rate,
    registryRate: values['registry-rate'] === undefined ? 2 * rate : number(values['registry-rate'], '--registry-rate'),
    hostRate: number(values['host-rate'], '--host-rate'),
    runs: number(values.runs, '--runs'),
    pulls: number(values.pulls, '--pulls'),
    only: values.only.split(',').map(partNamed),
    publish: !values['no-publish'],
  }
}

function number(text: string, option: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new Error(`${option} ${text}: not a whole number ≥ 1`)
  return value
}

function partNamed(name: string): PartName {
  const found = PARTS.find(part => part === name)
  if (found === undefined) throw new Error(`--only ${name}: known are ${PARTS.join(', ')}`)
  return found
}
