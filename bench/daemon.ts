// The daemon of a host: at rest, after many downloads, and with many df get of two users at once.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { chmod, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { openDaemon } from '../src/client/index.ts'
import { DF, isRoot, Lab, LISTEN, type Running } from '../test/e2e/lab.ts'
import { randomFile } from './material.ts'
import { cpuSecondsOf, peakBytesOf, residentBytesOf } from './process.ts'
import { circumstances, MiB, median, mib, publish, table } from './report.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '3' },
    downloads: { type: 'string', default: '1000' },
    together: { type: 'string', default: '50' },
  },
})
const minutes = Number(values.minutes)
const downloads = Number(values.downloads)
const together = Number(values.together)

const SMALL = 64 * 1024
const LARGE = 16 * MiB
const HOME = 'host'
/** Downloads that one program has under way. */
const AT_ONCE = 8
const SAMPLE_MS = 5000

interface Sample {
  what: string
  resident: number
  files: number
}

const lab = await Lab.open()
try {
  await chmod(lab.dir, 0o755)
  await writeFile(await lab.folder('www').then(dir => `${dir}/small.bin`), Buffer.alloc(SMALL, 'dragonfly'))
  await randomFile(lab.path('www', 'large.bin'), LARGE)
  const origin = await lab.nginx()
  const socket = lab.path('shared', 'df.sock')
  const group = isRoot() ? ['--socket-group', 'nogroup', '--socket', socket] : []
  const daemon = lab.df(['daemon', 'start', '--json', ...LISTEN, ...group], HOME)
  await daemon.line('ready')
  const { pid } = daemon
  const samples: Sample[] = [sample(pid, 'ready')]
  const rest = await atRest(pid)
  samples.push(sample(pid, `after ${minutes} min at rest`))
  samples.push(...(await many(pid, origin.url)))
  await sleep(SAMPLE_MS)
  samples.push(sample(pid, 'a moment later'))
  const crowd = await atOnce(origin.url, socket)
  samples.push(sample(pid, `after ${together} df get at once`))
  const requests = await origin.requests()
  const largeBytes = requests.filter(r => r.path === '/large.bin').reduce((sum, { bytes }) => sum + bytes, 0)
  await report({ rest, samples, crowd, largeBytes, peak: peakBytesOf(pid) })
} finally {
  await lab.close()
}

function sample(pid: number, what: string): Sample {
  return { what, resident: residentBytesOf(pid), files: readdirSync(`/proc/${pid}/fd`).length }
}

/** Resident bytes over time, and CPU seconds. */
async function atRest(pid: number): Promise<{ resident: number[]; cpuSeconds: number }> {
  const before = cpuSecondsOf(pid)
  const resident: number[] = []
  for (const end = performance.now() + minutes * 60_000; performance.now() < end; ) {
    await sleep(SAMPLE_MS)
    resident.push(residentBytesOf(pid))
  }
  return { resident, cpuSeconds: cpuSecondsOf(pid) - before }
}

/** Downloads of as many contents through one client. */
async function many(pid: number, origin: string): Promise<Sample[]> {
  const samples: Sample[] = []
  await using client = await openDaemon(lab.path(HOME, 'control.sock'))
  const step = Math.max(1, Math.floor(downloads / 4))
  for (let done = 0; done < downloads; done += step) {
    const numbers = Array.from({ length: Math.min(step, downloads - done) }, (_, i) => done + i)
    const workers = Array.from({ length: AT_ONCE }, async (_, worker) => {
      for (;;) {
        const number = numbers.shift()
        if (number === undefined) return
        await client.download(`${origin}/small.bin?${number}`, lab.path(`out-${worker}`))
      }
    })
    await Promise.all(workers)
    samples.push(sample(pid, `after ${done + step} downloads of 64 KiB`))
  }
  return samples
}

interface Crowd {
  users: string[]
  seconds: number[]
  failed: number
}

/** The same content, by processes of two users. */
async function atOnce(origin: string, socket: string): Promise<Crowd> {
  const users = isRoot() ? ['root', 'nobody'] : ['one user']
  if (isRoot()) {
    await lab.folder('theirs')
    spawnSync('chown', ['nobody', lab.path('theirs')])
  }
  const begun = performance.now()
  const seconds: number[] = []
  const runs = Array.from({ length: together }, async (_, i) => {
    const ended = await start(users[i % users.length] as string, i, `${origin}/large.bin`, socket).ended
    seconds.push((performance.now() - begun) / 1000)
    if (ended.code !== 0) process.stderr.write(ended.stderr)
    return ended.code === 0
  })
  const failed = (await Promise.all(runs)).filter(isDone => !isDone).length
  return { users, seconds, failed }
}

function start(user: string, i: number, url: string, socket: string): Running {
  if (user !== 'nobody') return lab.df(['get', '--quiet', '-o', lab.path(`large-${i}`), url], HOME)
  const become = ['--reuid=nobody', '--regid=nogroup', '--clear-groups', DF]
  return lab.run('setpriv', [...become, 'get', '--quiet', '-o', lab.path('theirs', `large-${i}`), url], 'theirs/home', {
    DRAGONFLY_SOCKET: socket,
    HOME: lab.path('theirs'),
  })
}

interface Results {
  rest: { resident: number[]; cpuSeconds: number }
  samples: Sample[]
  crowd: Crowd
  largeBytes: number
  peak: number
}

async function report({ rest, samples, crowd, largeBytes, peak }: Results): Promise<void> {
  const cells = samples.map(({ what, resident, files }) => [what, mib(resident), String(files)])
  const command = `npm run bench:daemon -- --minutes ${minutes} --downloads ${downloads} --together ${together}`
  const cpu = rest.cpuSeconds / (minutes * 60)
  await publish(
    'daemon',
    `# The daemon of a host

${table(['', 'RSS MiB', 'open files'], cells)}

- At rest, over ${minutes} min: RSS ${mib(Math.min(...rest.resident))} to ${mib(Math.max(...rest.resident))} MiB (median ${mib(median(rest.resident))}), ${rest.cpuSeconds.toFixed(2)} s of CPU (${(100 * cpu).toFixed(2)} % of one core).
- ${together} df get at once of one file of ${mib(LARGE)} MiB, by ${crowd.users.join(' and ')}: ${crowd.failed} failed; the median had its file after ${median(crowd.seconds).toFixed(1)} s, the last after ${Math.max(...crowd.seconds).toFixed(1)} s; the origin gave ${(largeBytes / MiB).toFixed(1)} MiB.
- Peak RSS of the daemon: ${mib(peak)} MiB.

${await circumstances(command, ['/usr/sbin/nginx'])}

The downloads are different contents, through one client, ${AT_ONCE} at a time. Each df get is a process with a start of Node.`,
  )
}
