// Measures a folder of many small files: from a warm seed and from df share, beside rsync (daemon) and rclone over HTTP.
import { execFileSync } from 'node:child_process'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { DF, freePort, Lab, LISTEN } from '../test/e2e/lab.ts'
import { type Cost, cpuSecondsOf, measure } from './process.ts'
import { circumstances, median, mib, publish, table } from './report.ts'

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '10000' },
    /** Bytes of each. */
    length: { type: 'string', default: '4096' },
    runs: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
  },
})
const [count, length] = [Number(values.files), Number(values.length)]
const PER_FOLDER = 100

interface Way {
  command: string[]
  /** Of what serves, where it is one process. */
  server: number | undefined
}

const lab = await Lab.open()
try {
  for (let at = 0; at < count; at += PER_FOLDER) await mkdir(lab.path('www', 'tree', `${at / PER_FOLDER}`), { recursive: true })
  for (let i = 0; i < count; i++) await lab.file(`tree/${Math.floor(i / PER_FOLDER)}/${i}.bin`, length)
  const { url } = await lab.nginx({ http: 'keepalive_requests 1000000; autoindex on;' })
  const all = await ways(`${url}/tree/`)
  const chosen = Object.entries(all).filter(([name]) => name.includes(values.only))
  const costs = new Map<string, { cost: Cost; server: number | undefined }[]>(chosen.map(([name]) => [name, []]))
  for (let run = 0; run < Number(values.runs); run++) {
    for (const [name, { command, server }] of chosen) {
      await putAway('out')
      await putAway('home')
      await mkdir(lab.path('out'))
      const before = server === undefined ? undefined : cpuSecondsOf(server)
      const [program = '', ...args] = command
      const cost = await measure(program, args, lab.path('time'), { env: environment(), cwd: lab.path('out') })
      costs.get(name)?.push({ cost, server: server === undefined ? undefined : cpuSecondsOf(server) - (before ?? 0) })
      execFileSync('diff', ['-r', lab.path('www', 'tree'), lab.path('out')])
    }
  }
  await report(costs)
} finally {
  await lab.close()
}

async function ways(url: string): Promise<Record<string, Way>> {
  const port = await freePort()
  const config = `port = ${port}\naddress = 127.0.0.1\nuse chroot = no\nreverse lookup = no\n[tree]\npath = ${lab.path('www', 'tree')}\n`
  await writeFile(lab.path('rsyncd.conf'), config)
  lab.run('rsync', ['--daemon', '--no-detach', `--config=${lab.path('rsyncd.conf')}`], 'home-rsync')
  const seed = await lab.seed('home-seed', ['--expire', '1h'])
  const out = lab.path('out')
  const get = [DF, 'get', '-q', '--no-daemon', '--max-files', '1000000', '-P', out]
  const tree = [...get, '--recursive', '--seed', seed.address, url]
  // so that the seed has it
  await lab.run(DF, [...tree.slice(1, -1), url], 'home-warm', {}).ended
  const share = lab.df(['share', '--json', '--no-lan', ...LISTEN, lab.path('www', 'tree')], 'home-share')
  const { url: address } = (await share.line('shared')) as { url: string }
  const { addresses } = (await share.line('sharing')) as { addresses: string[] }
  return {
    'rsync -a rsync://': { command: ['rsync', '-a', `rsync://127.0.0.1:${port}/tree/`, out], server: undefined },
    'rclone copy :http: --transfers 16': {
      command: ['rclone', 'copy', '--transfers', '16', '--checkers', '16', '--http-url', url, ':http:', out],
      server: undefined,
    },
    'df get --recursive, from a warm seed': { command: tree, server: seed.pid },
    'df get dragonfly:…, from df share': {
      command: [...get, '--bootstrap', addresses[0] as string, address],
      server: share.pid,
    },
  }
}

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, DRAGONFLY_HOME: lab.path('home'), DRAGONFLY_SEEDS: '' }
}

async function report(costs: Map<string, { cost: Cost; server: number | undefined }[]>): Promise<void> {
  const rows = [...costs].map(([name, row]) => {
    const walls = row.map(({ cost }) => cost.wallSeconds)
    const servers = row.flatMap(({ server }) => server ?? [])
    return [
      name,
      median(walls).toFixed(2),
      `${Math.min(...walls).toFixed(2)} to ${Math.max(...walls).toFixed(2)}`,
      median(row.map(({ cost }) => cost.cpuSeconds)).toFixed(2),
      servers.length === 0 ? '' : median(servers).toFixed(2),
      mib(median(row.map(({ cost }) => cost.peakBytes))),
    ]
  })
  await publish(
    'tree',
    `# A folder of ${count} files of ${length} bytes

${table(['', 'median s', 'from, to', 'CPU-s', 'CPU-s of who serves', 'peak MiB'], rows)}

${await circumstances(`npm run bench:tree -- --files ${count} --length ${length} --runs ${values.runs}`, ['rsync', 'rclone'])}

Medians of ${values.runs} interleaved rounds, whole processes into an empty folder; everything is on one machine. Every result is compared with the original. df
checks every file; rsync checks sizes and its own transfer, rclone sizes.`,
  )
}

/** Removed with everything at the end: for some seconds after thousands of files are removed, ext4 takes long to find an inode for a new one. */
async function putAway(name: string): Promise<void> {
  await rename(lab.path(name), lab.path(`${name}-${performance.now()}`)).catch(() => {})
}
