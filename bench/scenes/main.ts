// Seeds that die, freeze or are cut off while many hosts download one file: what the origin gives, and how long all take.
import { parseArgs } from 'node:util'
import { hasNamespaces } from '../../test/e2e/lan.ts'
import { parseSize } from '../material.ts'
import { circumstances, mib, publish, table } from '../report.ts'
import { Ground } from './ground.ts'
import { SCENES } from './scenes.ts'

const { values } = parseArgs({
  options: {
    /** Which scenes, with commas. */
    only: { type: 'string', default: SCENES.map(({ name }) => name).join(',') },
    runs: { type: 'string', default: '1' },
    size: { type: 'string', default: '48MiB' },
    /** What the origin gives to one connection, bytes a second: all peers keep up with it, and the whole takes less than a read by ranges is for. */
    rate: { type: 'string', default: '5m' },
    seeds: { type: 'string', default: '3' },
    peers: { type: 'string', default: '20' },
    /** Every line of every process to standard error. */
    verbose: { type: 'boolean', default: false },
  },
})
const size = parseSize(values.size)
const count = Number(values.peers)
const wanted = values.only.split(',')
const canCut = hasNamespaces()

const rows: string[][] = []
let missed = 0
for (const scene of SCENES.filter(({ name }) => wanted.includes(name))) {
  if (scene.isApart && !canCut) continue
  for (let run = 0; run < Number(values.runs); run++) {
    const ground = await Ground.open({
      size,
      rate: values.rate,
      seeds: Number(values.seeds),
      isApart: scene.isApart,
      verbose: values.verbose,
    })
    try {
      const { ends, copies } = await scene.play(ground, count)
      const right = ends.filter(({ isRight }) => isRight).length
      const isMet = right === ends.length && copies <= scene.most
      if (!isMet) missed++
      for (const { error } of ends) if (error !== undefined) process.stderr.write(`${error}\n`)
      rows.push([
        scene.name,
        scene.what,
        `${right} of ${ends.length}`,
        copies.toFixed(3),
        `≤ ${scene.most}`,
        String(ends.filter(({ fromOrigin }) => fromOrigin > 0).length),
        Math.min(...ends.map(({ seconds }) => seconds)).toFixed(1),
        Math.max(...ends.map(({ seconds }) => seconds)).toFixed(1),
      ])
      process.stdout.write(`${rows.at(-1)?.join('  ')}${isMet ? '' : '  MISSED'}\n`)
    } finally {
      await ground.close()
    }
  }
}

await publish(
  wanted.length === SCENES.length ? 'scenes' : `scenes-${wanted.join('')}`,
  `# Seeds that die, freeze or are cut off

${table(['', 'scene', 'right', 'copies from the origin', 'promised', 'peers that read it', 'seconds: first', 'last'], rows)}

${await circumstances(
  `npm run bench:scenes -- --only ${values.only} --runs ${values.runs} --size ${values.size} --rate ${values.rate} --seeds ${values.seeds} --peers ${count}`,
  ['/usr/sbin/nginx'],
)}

${values.seeds} seeds that know one another and ${count} processes \`df get\` that know all of them, started at once, on one machine (f: each in a network namespace of its own); ${mib(size)} MiB
from nginx, ${values.rate} bytes a second for each connection. Seconds count from the first bytes that any
of the peers had. What the origin gave is what nginx counted until its last connection ended.`,
)
if (missed > 0) process.exitCode = 1
