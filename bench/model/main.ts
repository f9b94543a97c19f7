// A model of 20 files to several hosts, then its next revision with one changed file: by df get through one seed, and by curl on each host.
// Hosts are network namespaces with links that are shaped; needs root, nginx and curl.
//
//   node bench/model/main.ts [--hosts N] [--size MIB] [--rate MBIT] [--origin-rate MBIT]
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { DF } from '../../test/e2e/lab.ts'
import { parseSize, randomFile } from '../material.ts'
import { cpuSecondsOf } from '../process.ts'
import { circumstances, publish, table } from '../report.ts'
import { Origin } from '../swarm/origin.ts'
import { Participant } from '../swarm/participant.ts'
import { type Host, Network, plan } from '../swarm/topology.ts'
import type { HubOrder } from './hub.ts'

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '8' },
    size: { type: 'string', default: '2048' },
    /** Mbit/s of each host's link, and of the origin's. */
    rate: { type: 'string', default: '1000' },
    'origin-rate': { type: 'string', default: '1000' },
  },
})
const FILES = 20
const REPO = 'org/model'
const HUB_PORT = 9000
const HUB = fileURLToPath(new URL('hub.ts', import.meta.url))
/** So long a change of the origin's log is waited for, ms. */
const SETTLED_MS = 1000

const count = Number(values.hosts)
const each = Math.floor(parseSize(`${values.size}MiB`) / FILES)
const rates = { origin: Number(values['origin-rate']), seed: Number(values.rate), peers: Array(count).fill(Number(values.rate)) }
const dir = await mkdtemp(path.join(os.tmpdir(), 'df-model-'))
const topology = plan('dfmodel', rates)
const network = new Network('dfmodel')
const rows: string[][] = []

type Files = HubOrder['commits'][number]['files']

try {
  await network.down().catch(() => {})
  await network.up(topology)
  await run()
} finally {
  await network.down()
  await rm(dir, { recursive: true, force: true })
}

async function run(): Promise<void> {
  const files: Files = []
  for (let i = 0; i < FILES; i++) files.push(await shard(i))
  const next: Files = [...files.slice(0, -1), await shard(FILES - 1)]
  const commits = [
    { id: 'a'.repeat(40), files },
    { id: 'b'.repeat(40), files: next },
  ]
  const origin = await Origin.start(topology.origin, path.join(dir, 'www'), path.join(dir, 'nginx'))
  try {
    const bytesOf = (some: Files) => some.reduce((sum, { size }) => sum + size, 0)
    const changed = next.slice(-1)
    await row('curl on each host', bytesOf(files), origin, () => curl(origin.url, files))
    await row('curl on each host, the changed file alone', bytesOf(changed), origin, () => curl(origin.url, changed))
    const seed = await startSeed()
    try {
      for (const [i, name] of ['df get hf://', 'df get hf://, the next revision'].entries()) {
        const hub = await startHub({ cdn: origin.url, commits: commits.slice(0, i + 1) })
        const moves = bytesOf(i === 0 ? files : changed)
        await row(name, moves, origin, () => get(seed.address), seed.process)
        await check(i === 0 ? files : next)
        await hub.stop()
      }
    } finally {
      await seed.process.stop()
    }
  } finally {
    await origin.stop()
  }
  await publish(
    'model',
    `# A model of ${FILES} files, ${values.size} MiB, to ${count} hosts

${table(['', 'seconds until all have it', 'bound, s', 'copies from the origin', 'CPU-s of all'], rows)}

${await circumstances(`npm run bench:model -- --hosts ${count} --size ${values.size} --rate ${values.rate} --origin-rate ${values['origin-rate']}`, ['/usr/sbin/nginx', 'curl'])}

Hosts are network namespaces on one machine; each link has ${values.rate} Mbit/s, the origin's ${values['origin-rate']}. The bound is the time in which the origin's link gives what has to leave it
at least: of curl one copy for each host, of df one in all. One seed beside the hosts; each host runs one \`df get hf://${REPO} -P DIR\`, twice. The hub and its store
of files are made by the bench.`,
  )
}

/** A file of random bytes below the digest that it has. */
async function shard(i: number): Promise<Files[number]> {
  const folder = path.join(dir, 'www', 'repos')
  await mkdir(folder, { recursive: true })
  const made = path.join(folder, 'new')
  await randomFile(made, each)
  const sha256 = createHash('sha256')
    .update(await readFile(made))
    .digest('hex')
  await rename(made, path.join(folder, sha256))
  return { path: `model-${String(i + 1).padStart(5, '0')}-of-000${FILES}.safetensors`, size: each, sha256 }
}

async function row(name: string, bytes: number, origin: Origin, work: () => Promise<number>, seed?: Participant): Promise<void> {
  const before = { bytes: await origin.bytes(), seed: seed === undefined ? 0 : cpuSecondsOf(seed.workerPid) }
  const begun = performance.now()
  const cpu = await work()
  const seconds = (performance.now() - begun) / 1000
  await new Promise(resolve => setTimeout(resolve, SETTLED_MS))
  const copies = ((await origin.bytes()) - before.bytes) / bytes
  const all = cpu + (seed === undefined ? 0 : cpuSecondsOf(seed.workerPid) - before.seed)
  const leaves = seed === undefined ? bytes * count : bytes
  const bound = (leaves * 8) / (rates.origin * 1e6)
  rows.push([name, seconds.toFixed(1), bound.toFixed(1), copies.toFixed(3), all.toFixed(1)])
  console.log(rows.at(-1)?.join('  '))
}

async function curl(cdn: string, files: Files): Promise<number> {
  const args = files.flatMap(({ path, sha256 }) => ['-o', path, `${cdn}/repos/${sha256}`])
  return await onAll('curl', async host => [
    'curl',
    ['-sS', '--fail', '--create-dirs', '--output-dir', homeOf(host, 'plain'), ...args],
  ])
}

async function get(seed: string): Promise<number> {
  return await onAll('df', async host => {
    const out = homeOf(host, 'model')
    return [
      DF,
      [
        'get',
        '--quiet',
        '--no-daemon',
        '--seed',
        seed,
        '--listen',
        `/ip4/${host.ip}/tcp/0`,
        '--linger',
        '0',
        '-P',
        out,
        `hf://${REPO}/`,
      ],
    ]
  })
}

/** Runs one command on each host; resolves to the CPU seconds of all when the last has ended well. */
async function onAll(name: string, command: (host: Host) => Promise<[string, string[]]>): Promise<number> {
  const seconds = await Promise.all(
    topology.peers.map(async host => {
      const [program, args] = await command(host)
      const report = path.join(dir, `${name}-${host.namespace}`)
      const timed = ['-f', '%U %S', '-o', report, program, ...args]
      const env = { DRAGONFLY_HOME: homeOf(host, 'home'), HF_ENDPOINT: `http://${topology.origin.ip}:${HUB_PORT}`, HF_TOKEN: '' }
      await mkdir(homeOf(host, 'model'), { recursive: true })
      const process = new Participant(`${name} ${host.namespace}`, host, { command: '/usr/bin/time', args: timed, env })
      process.dismiss()
      await process.ended()
      const [user = 0, system = 0] = (await readFile(report, 'utf8')).trim().split('\n').at(-1)?.split(' ').map(Number) ?? []
      if (Number.isNaN(user)) throw new Error(`${name}: ${process.complaint}`)
      return user + system
    }),
  )
  return seconds.reduce((sum, one) => sum + one, 0)
}

async function check(files: Files): Promise<void> {
  for (const host of topology.peers) {
    for (const { path: name, sha256 } of files) {
      const hash = createHash('sha256').update(await readFile(path.join(homeOf(host, 'model'), name)))
      if (hash.digest('hex') !== sha256) throw new Error(`${host.namespace}: ${name} is wrong`)
    }
  }
}

async function startSeed(): Promise<{ process: Participant; address: string }> {
  const { seed } = topology
  const args = ['seed', 'start', '--json', '--allow-origin', topology.origin.ip, '--listen', `/ip4/${seed.ip}/tcp/4801`]
  const process = new Participant('seed', seed, { command: DF, args, env: { DRAGONFLY_HOME: homeOf(seed, 'home') } })
  const ready = await process.line('ready')
  return { process, address: (ready.addresses as string[])[0] as string }
}

async function startHub(order: Pick<HubOrder, 'cdn' | 'commits'>): Promise<Participant> {
  const whole: HubOrder = { ...order, ip: topology.origin.ip, port: HUB_PORT, repo: REPO }
  const hub = new Participant('hub', topology.origin, { command: process.execPath, args: [HUB, JSON.stringify(whole)] })
  await hub.line('ready')
  return hub
}

function homeOf(host: Host, name: string): string {
  return path.join(dir, host.namespace, name)
}
