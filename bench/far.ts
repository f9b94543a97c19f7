// One large file from a warm seed that is a round trip away, beside curl from nginx over the same distance.
import { rm } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { DF, Lab } from '../test/e2e/lab.ts'
import { type Distance, distance } from './distance.ts'
import { parseSize, randomFile } from './material.ts'
import { measure } from './process.ts'
import { circumstances, MiB, median, mib, publish, table } from './report.ts'

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '256MiB' },
    runs: { type: 'string', default: '3' },
    /** Round trips, milliseconds, with commas. */
    away: { type: 'string', default: '0,10,60,150' },
  },
})
const size = parseSize(values.size)
const rows: string[][] = []

const lab = await Lab.open()
const distances: Distance[] = []
try {
  await randomFile(lab.path('www', 'file.bin'), size)
  const origin = await lab.nginx({ extra: 'sendfile on;' })
  const seed = await lab.seed()
  const url = `${origin.url}/file.bin`
  const warm = await lab.df(['get', '--quiet', '--seed', seed.address, '-o', lab.path('out'), url]).ended
  if (warm.code !== 0) throw new Error(warm.stderr)
  for (const away of values.away.split(',').map(Number)) {
    const [nginx, far] = [
      await distance(Number(new URL(origin.url).port), away),
      await distance(Number(/tcp\/(\d+)/.exec(seed.address)?.[1]), away),
    ]
    distances.push(nginx, far)
    const ways = {
      curl: ['curl', '-sSf', '-o', lab.path('out'), `http://127.0.0.1:${nginx.port}/file.bin`],
      df: [
        DF,
        'get',
        '--quiet',
        '--no-origin',
        '--seed',
        seed.address.replace(/tcp\/\d+/, `tcp/${far.port}`),
        '-o',
        lab.path('out'),
        url,
      ],
    }
    const seconds = { curl: [] as number[], df: [] as number[] }
    for (let run = 0; run < Number(values.runs); run++) {
      for (const [way, [command = '', ...args]] of Object.entries(ways) as ['curl' | 'df', string[]][]) {
        const env = { ...process.env, DRAGONFLY_HOME: lab.path('home'), DRAGONFLY_SEEDS: '' }
        seconds[way].push((await measure(command, args, lab.path('time'), { env })).wallSeconds)
        await rm(lab.path('out'))
      }
    }
    const [curl, df] = [median(seconds.curl), median(seconds.df)]
    rows.push([`${away} ms`, curl.toFixed(2), df.toFixed(2), `${(df / curl).toFixed(2)} ×`, (size / MiB / df).toFixed(0)])
  }
} finally {
  for (const one of distances) one.close()
  await lab.close()
}

await publish(
  'far',
  `# One file of ${mib(size)} MiB from far away

${table(['round trip', 'curl s', 'df s', 'to curl', 'df MiB/s'], rows)}

${await circumstances(`npm run bench:far -- --size ${values.size} --runs ${values.runs} --away ${values.away}`, ['curl', '/usr/sbin/nginx'])}

Medians of ${values.runs} runs in turn: curl from nginx, \`df get --no-origin\` from a warm seed, each through a relay of the bench that gives
every byte on half a round trip later. TCP sees no distance, so what is measured is how much each has under way at a time by itself.`,
)
