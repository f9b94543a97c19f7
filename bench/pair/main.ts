// Brings one file from one process to another on this machine by every tool that is here, in turn, and compares what it costs both ends.
import { rm, stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Lab } from '../../test/e2e/lab.ts'
import { parseSize, randomFile, sha256 } from '../material.ts'
import { circumstances, MiB, median, mib, publish, table } from '../report.ts'
import { isInstalled } from '../swarm/needs.ts'
import { bitTorrent } from './bittorrent.ts'
import { type PairCost, receive } from './receive.ts'
import { dragonfly, HTTP, installed, limit, type Pair, type Way } from './ways.ts'

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '1GiB' },
    runs: { type: 'string', default: '5' },
    /** Names, or parts of names, of the ways to measure. curl is always among them. */
    only: { type: 'string' },
    /** Do not write bench/results/pair.md. */
    dry: { type: 'boolean', default: false },
  },
})
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const size = parseSize(values.size)
const left: string[] = []
/** Of one way in one round, where the machine gives memory back to its host meanwhile. */
const MOST_TRIES = 6
let setAside = 0
let disturbed = 0

const lab = await Lab.open()
const pairs = new Map<Way, Pair>()
try {
  const file = lab.path('www', 'file.bin')
  await randomFile(file, size)
  const digest = await sha256(file)
  const nginx = await lab.nginx({ extra: 'sendfile on;' })
  const ways = [...HTTP, ...bitTorrent, limit, ...dragonfly(await installed(ROOT, lab.path('installed')))]
  for (const way of ways.filter(isWanted)) {
    const absent = way.needs.find(({ program }) => !isInstalled(program))
    if (absent !== undefined) {
      left.push(`${way.name} (install ${absent.install})`)
      continue
    }
    try {
      const pair = await way.start(lab, file, { pid: nginx.pid, url: `${nginx.url}/file.bin` })
      pairs.set(way, pair)
      // fills caches, warms the seed, and is not counted
      await once(way, pair, digest)
    } catch (error) {
      left.push(`${way.name} (${String(error).slice(0, 300)})`)
      pairs.delete(way)
    }
  }
  const costs = new Map<Way, PairCost[]>([...pairs.keys()].map(way => [way, []]))
  for (let round = 0; round < Number(values.runs); round++) {
    for (const [way, pair] of pairs) costs.get(way)?.push(await undisturbed(way, pair))
  }
  await report(costs)
} finally {
  for (const pair of pairs.values()) await pair.stop?.()
  await lab.close()
}

function isWanted({ name }: Way): boolean {
  return name === 'curl' || values.only === undefined || values.only.split(',').some(part => name.includes(part))
}

/** Runs again what the machine disturbed: the last of a few tries counts in any case. */
async function undisturbed(way: Way, pair: Pair): Promise<PairCost> {
  for (let tries = 1; ; tries++) {
    const cost = await once(way, pair)
    if (cost.givenBackBytes === 0) return cost
    if (tries === MOST_TRIES) {
      disturbed++
      return cost
    }
    setAside++
  }
}

async function once(way: Way, { receiver, sender, output, leavings = [] }: Pair, digest?: string): Promise<PairCost> {
  const cost = await receive(receiver, sender, lab.path('time'))
  if ((await stat(output)).size !== size) throw new Error(`${way.name}: the file is not whole`)
  if (digest !== undefined && (await sha256(output)) !== digest) throw new Error(`${way.name}: the file is not the same`)
  for (const leaving of [output, ...leavings]) await rm(leaving, { recursive: true, force: true })
  process.stderr.write(
    `${way.name}: ${cost.wallSeconds.toFixed(2)} s${cost.givenBackBytes === 0 ? '' : ', memory was given back'}\n`,
  )
  return cost
}

async function report(costs: ReadonlyMap<Way, readonly PairCost[]>): Promise<void> {
  const rows = [...costs].map(([{ name }, all]) => {
    const of = (field: keyof PairCost) => median(all.map(cost => cost[field]))
    const wall = of('wallSeconds')
    return { name, wall, fastest: Math.min(...all.map(c => c.wallSeconds)), of }
  })
  const first = rows[0]?.wall ?? NaN
  const cells = rows.map(({ name, wall, fastest, of }) => [
    name,
    wall.toFixed(2),
    fastest.toFixed(2),
    (wall / first).toFixed(2),
    of('cpuSeconds').toFixed(2),
    of('senderCpuSeconds').toFixed(2),
    (of('cpuSeconds') + of('senderCpuSeconds')).toFixed(2),
    mib(of('peakBytes')),
    mib(of('senderPeakBytes')),
  ])
  const head = ['', 'wall s', 'fastest', '× curl', 'CPU s, receiver', 'sender', 'both', 'peak MiB, receiver', 'sender']
  const tools = ['curl', 'wget', 'aria2c', '/usr/sbin/nginx'].filter(isInstalled)
  const options = [`--size ${values.size} --runs ${values.runs}`, ...(values.only === undefined ? [] : [`--only ${values.only}`])]
  const text = `# One file of ${(size / MiB).toFixed(0)} MiB, one sender, one receiver, loopback

${table(head, cells)}

${await circumstances(`npm run bench:pair -- ${options.join(' ')}`, tools)}
${left.length === 0 ? '' : `- left out: ${left.join('; ')}\n`}
Medians of ${values.runs} interleaved rounds, each tool's first run not counted. Wall time is from the start of the receiver's process to the whole
file (BitTorrent: to the client's word that it is whole), everything else to its end. CPU is user + system. curl, wget, aria2c over HTTP and
\`df get\` alone read from nginx, which sends files by sendfile; BitTorrent runs over plain TCP with a tracker, pieces of 1 MiB, and checks sha1.
The limit: Node's own TLS 1.3, frames of 256 KiB, sha2-256 of every MiB, file to file, nothing else (bench/pair/limit-*.ts).${disturbances()}`
  if (values.dry) process.stdout.write(`${text}\n`)
  else await publish('pair', text)
}

function disturbances(): string {
  if (setAside + disturbed === 0) return ''
  return `
${setAside} runs during which the machine gave free memory back to its host were run again, at most ${MOST_TRIES - 1} times each; ${disturbed} such runs
are among the medians ([why](../../docs/performance.md#a-machine-that-gives-memory-back)).`
}
