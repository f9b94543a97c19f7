// Downloads one file to many hosts at once from a living seed that has a small share of a core, and counts what the origin gives.
import { rm } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { Lab, type Nginx, type Running } from '../test/e2e/lab.ts'
import { CpuQuota } from './cpu-quota.ts'
import { parseSize, randomFile, sha256 } from './material.ts'
import { circumstances, median, mib, publish, table } from './report.ts'

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '64MiB' },
    hosts: { type: 'string', default: '40' },
    /** Percent of a core that the seed has; several with commas. 100 and more: no limit. */
    shares: { type: 'string', default: '100,5' },
    runs: { type: 'string', default: '1' },
    /** Every line of every host to standard error, with the time since the start. */
    verbose: { type: 'boolean', default: false },
    /** A folder for a CPU profile of the seed. */
    profile: { type: 'string' },
  },
})
const size = parseSize(values.size)
const hosts = Number(values.hosts)

const rows: string[][] = []
const lab = await Lab.open()
try {
  await randomFile(lab.path('www', 'file.bin'), size)
  const right = await sha256(lab.path('www', 'file.bin'))
  const origin = await lab.nginx({ extra: 'sendfile on;' })
  for (const share of values.shares.split(',').map(Number)) {
    for (let run = 0; run < Number(values.runs); run++) {
      rows.push(await crowd(origin, right, share, `${origin.url}/file.bin?${share}-${run}`))
      process.stdout.write(`${rows.at(-1)?.join('  ')}\n`)
    }
  }
} finally {
  await lab.close()
}

await publish(
  'crowd',
  `# A crowd at a living but slow seed

${table(['seed, % of a core', 'right', 'copies from the origin', 'hosts that read it', 'requests', 'copies from the seed', 'seconds: median', 'last'], rows)}

${await circumstances(`npm run bench:crowd -- --size ${values.size} --hosts ${hosts} --shares ${values.shares} --runs ${values.runs}`, ['/usr/sbin/nginx'])}

${hosts} processes \`df get --seed\` started at once on one machine, with the origin (nginx, which counts its bytes) and a seed that has the
whole file of ${mib(size)} MiB. The system gives the seed so much of a core (a CPU quota of a control group).`,
)

async function crowd(origin: Nginx, right: string, share: number, url: string): Promise<string[]> {
  const profiled = values.profile === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${values.profile}` }
  const seed = await lab.seed(`seed-${rows.length}`, [], profiled)
  const warm = await lab.df(['preheat', '--seed', seed.address, url]).ended
  if (warm.code !== 0) throw new Error(warm.stderr)
  const before = { bytes: await origin.bytes(), requests: (await origin.requests()).length }
  const quota = share < 100 ? new CpuQuota(seed.pid, share) : undefined
  try {
    const began = performance.now()
    const gets = Array.from({ length: hosts }, (_, i) => {
      const name = `crowd-${i}`
      const get = lab.df(
        ['get', '--json', ...(values.verbose ? ['-v'] : []), '--seed', seed.address, '-o', lab.path(`${name}.bin`), url],
        name,
      )
      if (values.verbose) show(get, name, began)
      return ended(get, name, began)
    })
    const all = await Promise.all(gets)
    const good = await Promise.all(
      all.map(async ({ name, code }) => code === 0 && (await sha256(lab.path(`${name}.bin`))) === right),
    )
    const seconds = all.map(host => host.seconds)
    const sum = (key: string) => all.reduce((total, { done }) => total + Number(done?.[key] ?? 0), 0)
    const copies = ((await origin.bytes()) - before.bytes) / size
    for (const { error, name } of all) if (error !== undefined) process.stderr.write(`${name}: ${error}\n`)
    return [
      String(share),
      `${good.filter(Boolean).length} of ${hosts}`,
      copies.toFixed(2),
      String(all.filter(({ done }) => Number(done?.fromOrigin ?? 0) > 0).length),
      String((await origin.requests()).length - before.requests),
      (sum('fromSeeds') / size).toFixed(2),
      median(seconds).toFixed(0),
      Math.max(...seconds).toFixed(0),
    ]
  } finally {
    quota?.end()
    seed.child.kill('SIGTERM')
    await seed.ended
    for (let i = 0; i < hosts; i++) {
      await rm(lab.path(`crowd-${i}.bin`), { force: true })
      await rm(lab.path(`crowd-${i}`), { recursive: true, force: true })
    }
  }
}

async function ended(get: Running, name: string, began: number) {
  const { code, lines, stderr } = await get.ended
  const seconds = (performance.now() - began) / 1000
  const done = lines.find(line => line.type === 'done')
  return { name, code, seconds, done, error: code === 0 ? undefined : `exit ${code}: ${stderr.trim().split('\n').at(-1)}` }
}

function show({ child }: Running, name: string, began: number): void {
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', chunk => {
      const at = ((performance.now() - began) / 1000).toFixed(2)
      for (const line of String(chunk).split('\n')) if (line !== '') process.stderr.write(`${at} ${name} ${line}\n`)
    })
  }
}
