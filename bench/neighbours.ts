// Simulates graphs of neighbours in virtual time, for the table of docs/swarm.md. Sizes are arguments; 10,000 peers take a minute each.
import { parseArgs } from 'node:util'
import { figures, Neighbourhoods, type Plan } from '../test/swarm/neighbourhood-world.ts'
import { table } from './report.ts'

const SIZES = ['24', '100', '1200']
const SETTLING_MS = 15_000
const PLANS: Array<[joined: string, plan: Omit<Plan, 'seed' | 'nodes'>]> = [
  ['at once', {}],
  ['at once, in 10 racks', { racks: 10 }],
  ['over a minute, knowing one peer, in 10 racks', { overMs: 60_000, know: 'peer', racks: 10 }],
]
const HEAD = [
  'joined',
  'peers',
  'links: least, median, most',
  'parts',
  'longest way',
  'in the same rack',
  'ms to 4 links: median, last',
]

const { positionals } = parseArgs({ allowPositionals: true })
const sizes = (positionals.length > 0 ? positionals : SIZES).map(Number)
const rows = PLANS.flatMap(([joined, plan]) => sizes.map(nodes => [joined, nodes.toLocaleString('en'), ...measured(nodes, plan)]))
console.log(table(HEAD, rows))

function measured(nodes: number, plan: Omit<Plan, 'seed' | 'nodes'>): string[] {
  const built = new Neighbourhoods({ seed: 1, nodes, ...plan }).run((plan.overMs ?? 0) + SETTLING_MS)
  const { degrees, parts, diameter, nearShare, ready } = figures(built)
  return [
    `${degrees.least}, ${degrees.median}, ${degrees.most}`,
    String(parts),
    String(diameter),
    plan.racks === undefined ? '' : `${Math.round(100 * nearShare)} %`,
    `${Math.round(ready.median)}, ${Math.round(ready.last)}`,
  ]
}
