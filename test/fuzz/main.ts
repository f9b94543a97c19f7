// Fuzzing as one command: every decoder, and sequences of messages at a real seed. Ends with 1 at the first finding of any.
import { parseArgs } from 'node:util'
import { circumstances, table } from '../../bench/report.ts'
import { fuzz } from './fuzzing.ts'
import { attackSeed } from './sequences.ts'
import { TARGETS } from './targets.ts'

const USAGE = `npm run fuzz -- [options]
  --seconds N   for each decoder, default 0
  --inputs N    for each decoder at least, default 1000000
  --links N     connections to a seed, each with a sequence of messages, default 300
  --seed N      which inputs, default 1
  --only TEXT   decoders whose name holds it
`
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '0' },
    inputs: { type: 'string', default: '1000000' },
    links: { type: 'string', default: '300' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
})
const [seconds, inputs, links, seed] = [values.seconds, values.inputs, values.links, values.seed].map(Number) as [
  number,
  number,
  number,
  number,
]
if (values.help || ![seconds, inputs, links, seed].every(n => n >= 0)) {
  process.stderr.write(USAGE)
  process.exit(values.help ? 0 : 2)
}

const rows: string[][] = []
for (const target of TARGETS.filter(({ name }) => name.includes(values.only))) {
  const { inputs: fed, taken, slowestMs, finding } = await fuzz(target, { seed, inputs, ms: seconds * 1000 })
  rows.push([target.name, String(fed), String(taken), slowestMs.toFixed(1), finding === undefined ? '0' : '1'])
  process.stderr.write(`${target.name}: ${fed} inputs, ${taken} taken\n`)
  if (finding === undefined) continue
  process.stdout.write(`${target.name}: ${finding.why}\ninput, base64: ${Buffer.from(finding.input).toString('base64')}\n\n`)
  process.exitCode = 1
}
process.stdout.write(`\n${table(['decoder', 'inputs', 'taken', 'slowest, ms', 'findings'], rows)}\n`)
if (links > 0 && values.only === '') {
  const { messages, finding } = await attackSeed({ seed, links })
  process.stdout.write(
    `\n${links} links to a seed, ${messages} messages: ${finding ?? 'it served an honest peer during and after them'}\n`,
  )
  if (finding !== undefined) process.exitCode = 1
}
process.stdout.write(`\npeak memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB\n`)
process.stdout.write(`${await circumstances(`npm run fuzz -- ${process.argv.slice(2).join(' ')}`)}\n`)
