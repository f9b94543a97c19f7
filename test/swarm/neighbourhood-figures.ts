// Prints the table of docs/swarm.md on the graphs that neighbourhoods make: node test/swarm/neighbourhood-figures.ts [NODES,…]
import { figures, Neighbourhoods, type Plan } from './neighbourhood-world.ts'

const PLANS: Array<[what: string, plan: Omit<Plan, 'seed' | 'nodes'>]> = [
  ['at once', {}],
  ['at once, 10 racks', { racks: 10 }],
  ['over a minute', { overMs: 60_000 }],
  ['at once, knowing one peer', { know: 'peer' }],
  ['over a minute, knowing one peer, 10 racks', { overMs: 60_000, know: 'peer', racks: 10 }],
  ['over a minute, links in use 97 % of the time', { overMs: 60_000, busy: 0.97 }],
]

console.log(
  '| peers | join | links: least / 1 % / median / 99 % / most | mean | parts | longest way | near | far, least | four links after ms: median / 99 % / last | dials | lists told |',
)
console.log('| ---: | --- | --- | ---: | ---: | ---: | ---: | ---: | --- | ---: | ---: |')
for (const nodes of (process.argv[2] ?? '24,100,1200,10000').split(',').map(Number)) {
  for (const [what, plan] of PLANS) {
    const f = figures(new Neighbourhoods({ seed: 1, nodes, ...plan }).run((plan.overMs ?? 0) + 15_000))
    const { least, p1, median, p99, most, mean } = f.degrees
    const near = plan.racks === undefined ? '' : `${Math.round(100 * f.nearShare)} %`
    const far = plan.racks === undefined ? '' : String(f.leastFar)
    const ready = [f.ready.median, f.ready.p99, f.ready.last].map(Math.round).join(' / ')
    const links = [least, p1, median, p99, most].join(' / ')
    console.log(
      `| ${[nodes, what, links, mean.toFixed(1), f.parts, f.diameter, near, far, ready, f.dials.toFixed(1), f.messages.toFixed(1)].join(' | ')} |`,
    )
  }
}
