// Measures the memory of a daemon and a seed that stay: at rest, under load, and when the load is over.
import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startGateway } from '../test/e2e/gateway-lab.ts'
import { Lab, LISTEN, type Running } from '../test/e2e/lab.ts'
import { parseSize, randomFile } from './material.ts'
import { peakBytesOf, residentBytesOf } from './process.ts'
import { circumstances, mib, publish, table } from './report.ts'

const { values } = parseArgs({
  options: { size: { type: 'string', default: '256MiB' }, rest: { type: 'string', default: '30' } },
})
const size = parseSize(values.size)
const REST_MS = Number(values.rest) * 1000
/** At the same time, as an engine pulls layers. */
const CLIENTS = 8
const rows: string[][] = []

const lab = await Lab.open()
try {
  for (let i = 0; i < CLIENTS; i++) await randomFile(lab.path('www', `${i}.deb`), size)
  const origin = await lab.nginx({ extra: 'sendfile on;' })
  const all = Array.from({ length: CLIENTS }, (_, i) => `${origin.url}/${i}.deb`)

  const gateway = await startGateway(lab, 'home-gateway', { rules: ['apt'] })
  const pull = () => Promise.all(all.map((url, i) => succeeds(gateway.curl('-o', lab.path(`pulled-${i}`), url))))
  await row('df daemon start --gateway: its clients pull', gateway.daemon, pull)

  const options = ['--json', '--no-lan', '--web', '127.0.0.1:0', '--metrics', '127.0.0.1:0', ...LISTEN]
  const daemon = lab.df(['daemon', 'start', ...options], 'home-daemon')
  await daemon.line('ready')
  await writeFile(lab.path('list'), all.join('\n'))
  const get = () => succeeds(lab.df(['get', '-q', '-i', lab.path('list'), '-P', lab.path('gotten')], 'home-daemon').ended)
  await row('df daemon start --web --metrics: df get', daemon, get)

  const seed = await lab.seed('home-seed')
  const ask = async () => {
    for (const part of [all.slice(0, CLIENTS / 2), all.slice(CLIENTS / 2)]) {
      const args = (url: string, i: number) => ['get', '-q', url, '--no-daemon', '--seed', seed.address, '-o', `of-seed-${i}`]
      await Promise.all(part.map((url, i) => succeeds(lab.df(args(url, i), `home-of-seed-${i}`).ended)))
    }
  }
  await row('df seed start: df get of others', seed, ask)
} finally {
  await lab.close()
}

await publish(
  'at-rest',
  `# Memory of what stays

${CLIENTS} files of ${mib(size)} MiB at the same time; MiB resident:

${table(['', 'at rest', 'peak under load', `${values.rest} s after`], rows)}

${await circumstances(`npm run bench:at-rest -- --size ${values.size} --rest ${values.rest}`, ['/usr/sbin/nginx'])}

\`VmRSS\` and \`VmHWM\` of \`/proc/PID/status\`: about 57 MiB of each are pages of the Node binary and of libraries, which all its processes share. At
rest: ${values.rest} s after the start. For comparison: the memory limit that Spegel's Helm chart sets is 128 MiB; Spegel serves what
containerd has, and keeps no content itself.`,
)

async function row(name: string, { pid }: Pick<Running, 'pid'>, load: () => Promise<unknown>): Promise<void> {
  await sleep(REST_MS)
  const before = residentBytesOf(pid)
  await load()
  const peak = peakBytesOf(pid)
  await sleep(REST_MS)
  rows.push([name, mib(before), mib(peak), mib(residentBytesOf(pid))])
  console.log(rows.at(-1)?.join('  '))
}

async function succeeds(ended: Running['ended']): Promise<void> {
  const { code, stderr } = await ended
  if (code !== 0) throw new Error(stderr)
}
