// Gets one large file a second time through a daemon: by copy, by hard link and by reflink, beside cp and curl; and the first time
// through a daemon beside a process of its own.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { DF, isRoot, Lab, LISTEN } from '../test/e2e/lab.ts'
import { parseSize, randomFile } from './material.ts'
import { type Cost, cpuSecondsOf, measure, residentBytesOf } from './process.ts'
import { circumstances, MiB, median, mib, publish, table } from './report.ts'

const { values } = parseArgs({
  options: { size: { type: 'string', default: '1GiB' }, runs: { type: 'string', default: '5' } },
})
const size = parseSize(values.size)

/** File systems that share blocks, by the program that makes them. */
const REFLINKS: readonly [name: string, make: string, args: readonly string[]][] = [
  ['xfs', 'mkfs.xfs', ['-q', '-m', 'reflink=1']],
  ['btrfs', 'mkfs.btrfs', ['-q']],
]

interface Way {
  place: string
  name: string
  costs: (Cost & { daemonCpuSeconds: number })[]
  run(): Promise<Cost>
  daemon: number
}

const lab = await Lab.open()
const mounts: string[] = []
const skipped: string[] = []
try {
  await randomFile(lab.path('www', 'file.bin'), size)
  const origin = await lab.nginx({ extra: 'sendfile on;' })
  const url = `${origin.url}/file.bin`
  const places = [{ name: fileSystemOf(lab.dir), dir: lab.path('plain') }]
  for (const [name, make, args] of REFLINKS) {
    const dir = await disk(name, make, args)
    if (dir === undefined) skipped.push(name)
    else places.push({ name: `${name} (loop device)`, dir })
  }
  const rounds: Way[][] = []
  const daemons: number[] = []
  for (const { name, dir } of places) {
    await mkdir(dir, { recursive: true })
    const daemon = lab.run(DF, ['daemon', 'start', '--json', ...LISTEN], path.join(path.relative(lab.dir, dir), 'home'))
    await daemon.line('ready')
    daemons.push(daemon.pid)
    rounds.push(waysOf(name, dir, url, daemon.pid))
  }
  // The first round warms the caches, and is not counted. Then everything in turn: load hits all alike.
  for (let round = 0; round <= Number(values.runs); round++) {
    for (const way of rounds.flat()) {
      const before = cpuSecondsOf(way.daemon)
      const cost = await way.run()
      if (round > 0) way.costs.push({ ...cost, daemonCpuSeconds: cpuSecondsOf(way.daemon) - before })
    }
  }
  await report(rounds, daemons)
} finally {
  // the daemons write to these
  await lab.close().catch(() => {})
  for (const mount of mounts) spawnSync('umount', [mount])
  await rm(lab.dir, { recursive: true, force: true })
}

function waysOf(place: string, dir: string, url: string, daemon: number): Way[] {
  const out = path.join(dir, 'out')
  const time = lab.path('time')
  const env = (home: string) => ({ env: { ...process.env, DRAGONFLY_HOME: path.join(dir, home), DRAGONFLY_SEEDS: '' } })
  const df = async (flags: readonly string[] = [], home = 'home') => {
    await rm(out, { force: true })
    return await measure(DF, ['get', '--quiet', '-o', out, ...flags, url], time, env(home))
  }
  const way = (name: string, run: () => Promise<Cost>): Way => ({ place, name, costs: [], run, daemon })
  const by = async (command: string, args: string[]) => {
    await rm(out, { force: true })
    return await measure(command, args, time)
  }
  return [
    way('first time, own process', () => df(['--no-daemon'], 'own')),
    way('first time, through the daemon', async () => {
      spawnSync(DF, ['rm', url], env('home'))
      return await df()
    }),
    way(place.includes('loop') ? 'repeat (reflink)' : 'repeat (copy)', () => df()),
    way('repeat, --hard-link', () => df(['--hard-link'])),
    way('cp --reflink=never', () => by('cp', ['--reflink=never', path.join(lab.dir, 'www', 'file.bin'), out])),
    way('curl', () => by('curl', ['-sSf', '-o', out, url])),
  ]
}

/** A file system in a file; undefined when this host cannot. */
async function disk(name: string, make: string, args: readonly string[]): Promise<string | undefined> {
  if (!isRoot() || !['/sbin', '/usr/sbin', '/bin', '/usr/bin'].some(dir => existsSync(path.join(dir, make)))) return undefined
  const image = lab.path(`${name}.img`)
  const dir = await lab.folder(name)
  spawnSync('truncate', ['-s', String(Math.max(size * 4, 512 * MiB)), image])
  if (spawnSync(make, [...args, image]).status !== 0) return undefined
  if (spawnSync('mount', ['-o', 'loop', image, dir]).status !== 0) return undefined
  mounts.push(dir)
  return dir
}

function fileSystemOf(dir: string): string {
  return execFileSync('stat', ['-f', '-c', '%T', dir]).toString().trim()
}

async function report(rounds: readonly Way[][], daemons: readonly number[]): Promise<void> {
  const cells = rounds.flatMap(ways => {
    const walls = ways.map(({ costs }) => median(costs.map(c => c.wallSeconds)))
    const own = walls[0] as number
    return ways.map(({ place, name, costs }, i) => [
      place,
      name,
      (walls[i] as number).toFixed(2),
      Math.min(...costs.map(c => c.wallSeconds)).toFixed(2),
      `${((walls[i] as number) / own).toFixed(2)} ×`,
      median(costs.map(c => c.cpuSeconds)).toFixed(2),
      median(costs.map(c => c.daemonCpuSeconds)).toFixed(2),
      mib(Math.max(...costs.map(c => c.peakBytes))),
    ])
  })
  const head = ['file system', '', 'wall s', 'fastest', 'to own process', 'CPU s', 'daemon CPU s', 'peak MiB']
  const none = skipped.length === 0 ? '' : `\n\nNot measured, because this host cannot make or mount them: ${skipped.join(', ')}.`
  await publish(
    'repeat',
    `# A second time: one file of ${mib(size)} MiB

${table(head, cells)}

${await circumstances(`npm run bench:repeat -- --size ${values.size} --runs ${values.runs}`, ['curl', '/usr/sbin/nginx'])}

Medians of ${values.runs} interleaved rounds; nginx on loopback, its file on the first file system. A repeat asks the origin whether the content
is current, and hashes nothing: the daemon has verified it before, and nobody has written to its file since. cp copies nginx's file. The
daemons have ${daemons.map(pid => mib(residentBytesOf(pid))).join(', ')} MiB at the end.${none}`,
  )
}
