// Fleets of real daemons: one file for all of them, many files, and readers that die or freeze in the middle.
import { rm } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { FleetLab, type Member } from '../test/e2e/fleet-lab.ts'
import { Lab, type Nginx } from '../test/e2e/lab.ts'
import { circumstances, MiB, median, publish, table } from './report.ts'

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '20' },
    /** MiB of the file. */
    size: { type: 'string', default: '64' },
    /** MiB a second of each connection to the origin. */
    rate: { type: 'string', default: '8' },
    runs: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
  },
})
const hosts = Number(values.hosts)
const length = Number(values.size) * MiB

type Kind = 'kill' | 'freeze' | undefined

interface Scene {
  name: string
  /** How many members; default: as many as the command line says. */
  hosts?: number
  seed?: 'member' | 'named'
  /** What happens to the one that reads, half-way. */
  fate?: Kind
}

const SCENES: readonly Scene[] = [
  { name: 'no seed' },
  { name: 'no seed, the reader killed -9', fate: 'kill' },
  { name: 'no seed, the reader frozen', fate: 'freeze' },
  { name: 'a seed of the fleet', seed: 'member' },
  { name: 'a seed of the fleet, killed -9', seed: 'member', fate: 'kill' },
  { name: 'a seed of the fleet, killed -9', seed: 'member', fate: 'kill', hosts: 8 },
  { name: 'a seed of the fleet, frozen', seed: 'member', fate: 'freeze' },
]

const rows: string[][] = []
let spread = ''
for (const scene of SCENES.filter(({ name }) => name.includes(values.only))) {
  for (let run = 0; run < Number(values.runs); run++) {
    rows.push(await play(scene))
    process.stdout.write(`${rows.at(-1)?.join('  ')}\n`)
  }
}
if ('200 URLs'.includes(values.only)) spread = await spreadOf(200)

await publish(
  'fleets',
  `# Fleets of ${hosts} daemons

${table(['what', 'members', 'right', 'copies from the origin', 'requests', 'members that read', 'seconds: median', 'last'], rows)}

${spread}

${await circumstances(`npm run bench:fleets -- --hosts ${hosts} --size ${values.size} --rate ${values.rate} --runs ${values.runs}`, ['/usr/sbin/nginx'])}

All members get one file of ${values.size} MiB at once, each through its \`df daemon\`, on one machine; nginx gives ${values.rate} MiB/s to each connection and counts its
bytes. What happens to the reader happens when it has half of the file; it is not among those that are counted, and what it read is.`,
)

async function play({ name, hosts: count = hosts, seed, fate }: Scene): Promise<string[]> {
  const lab = await Lab.open()
  try {
    const right = await lab.file('file.bin', length)
    const origin = await lab.nginx({ limitRate: `${values.rate}m` })
    const fleet = await FleetLab.open(lab, count)
    const dedicated = seed === undefined ? undefined : await fleet.add('seed', ['seed'])
    await fleet.settled()
    const peers = fleet.members.filter(member => member !== dedicated)
    const began = performance.now()
    const gets = peers.map(member => get(fleet, member, `${origin.url}/file.bin`, right, began))
    const victim = fate === undefined ? undefined : await struck(fleet, fate, began)
    const all = await Promise.all(gets.filter((_, i) => peers[i] !== victim))
    if (victim !== undefined) victim.child.kill('SIGKILL')
    const seconds = all.map(one => one.seconds)
    const readers = (await Promise.all(fleet.living.map(readsOf))).filter(reads => reads > 0).length
    const bytes = await settledBytes(origin)
    for (const { error } of all) if (error !== undefined) process.stderr.write(`${error}\n`)
    return [
      name,
      String(count),
      `${all.filter(one => one.isRight).length} of ${all.length}`,
      (bytes / length).toFixed(3),
      String((await origin.requests()).filter(({ method }) => method === 'GET').length),
      String(readers + (victim === undefined ? 0 : 1)),
      median(seconds).toFixed(1),
      Math.max(...seconds).toFixed(1),
    ]
  } finally {
    await lab.close()
  }
}

async function get(fleet: FleetLab, { name, node, peerId }: Member, url: string, right: string, began: number) {
  const path = fleet.lab.path(`${name}.bin`)
  const error = await node.download(url, path).then(
    () => undefined,
    failure => `${name} ${peerId}: ${failure}`,
  )
  const seconds = (performance.now() - began) / 1000
  const isRight = error === undefined && (await fleet.lab.read(`${name}.bin`)) === right
  await rm(path, { force: true })
  return { seconds, isRight, error }
}

/** Strikes the one that reads once half of the time that the origin takes is over. */
async function struck(fleet: FleetLab, fate: Kind, began: number): Promise<Member> {
  const half = (length / MiB / Number(values.rate) / 2) * 1000
  for (;;) {
    const [reader] = await fleet.readers()
    if (reader !== undefined && performance.now() >= began + half) {
      reader.child.kill(fate === 'kill' ? 'SIGKILL' : 'SIGSTOP')
      return reader
    }
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

async function readsOf({ node }: Member): Promise<number> {
  const samples = (await node.metrics()).filter(({ name }) => name === 'dragonfly_origin_reads_total').flatMap(one => one.samples)
  return samples.filter(({ labels }) => labels.kind === 'whole').reduce((sum, { value }) => sum + value, 0)
}

/** nginx writes a line when a request has ended. */
async function settledBytes(origin: Nginx): Promise<number> {
  for (let last = -1; ; ) {
    const bytes = await origin.bytes()
    if (bytes === last) return bytes
    last = bytes
    await new Promise(resolve => setTimeout(resolve, 500))
  }
}

/** Every URL is wanted by two members. */
async function spreadOf(urls: number): Promise<string> {
  const lab = await Lab.open()
  try {
    const names = Array.from({ length: urls }, (_, i) => `small-${i}.bin`)
    for (const name of names) await lab.file(name, 64 * 1024)
    const origin = await lab.nginx()
    const fleet = await FleetLab.open(lab, hosts)
    const began = performance.now()
    const jobs = [0, 1].flatMap(turn =>
      names.map(async (name, i) => {
        const member = fleet.members[(i + turn * 7) % hosts] as Member
        await member.node.download(`${origin.url}/${name}`, lab.path(`${turn}-${name}`))
      }),
    )
    await Promise.all(jobs)
    const seconds = (performance.now() - began) / 1000
    const reads = await Promise.all(fleet.members.map(readsOf))
    const copies = (await settledBytes(origin)) / (urls * 64 * 1024)
    const even = urls / hosts
    return `${urls} URLs of 64 KiB at once, each wanted by two of ${hosts} members: ${copies.toFixed(3)} copies in ${seconds.toFixed(1)} s. Members read ${Math.min(...reads)} to ${Math.max(...reads)} of them; even would be ${even}.`
  } finally {
    await lab.close()
  }
}
