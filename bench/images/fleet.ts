// Many hosts pull the same image at the same time: straight, and each through its own gateway.
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { MiB, median, table } from '../report.ts'
import type { Host } from '../swarm/topology.ts'
import { busyShare, processors } from '../swarm/usage.ts'
import { type Running, startDaemon, startSeed } from './dragonfly.ts'
import { type Ground, onSite, type Section, type Site, say } from './ground.ts'
import { pull } from './pull.ts'
import type { StoredImage } from './shelf.ts'

/** How daemons find each other. */
const WAYS = {
  seed: 'one seed',
  lan: 'no seed: local network',
  bootstrap: 'no seed: `--bootstrap` of the first daemon, `--no-lan`',
} as const
type Way = keyof typeof WAYS

const LATE = 'third, one host first'

interface Images {
  first: StoredImage
  /** Has all layers of the first but one. */
  second: StoredImage
  /** Shares nothing. One host has it before the others begin. */
  third: StoredImage
}

interface Outcome {
  how: string
  what: string
  seconds: number[]
  /** Bytes of blobs out of the registry. */
  bytes: number
  image: StoredImage
  /** Share of the processors' time. */
  busy: number
}

export async function fleet(ground: Ground): Promise<Section> {
  const { hosts, bytes, rate, registryRate } = ground.options
  const first = await ground.shelf.image(bytes)
  const images = { first, second: await ground.shelf.image(bytes, { base: first }), third: await ground.shelf.image(bytes) }
  const rates = { origin: registryRate, seed: registryRate, peers: Array.from({ length: hosts }, () => rate) }
  const outcomes = await onSite(ground, rates, async site => {
    const all = await each(site, 'straight', 'straight', images)
    for (const way of Object.keys(WAYS) as Way[]) all.push(...(await throughGateways(site, way, images)))
    return all
  })
  const unique = images.second.bytes - first.layers.slice(0, -1).reduce((sum, { size }) => sum + size, 0)
  const title = `${hosts} hosts at ${rate} Mbit/s, image of ${bytes / MiB} MiB, registry at ${registryRate}`
  const notes = [
    `Hosts are network namespaces, each with a link of ${rate} Mbit/s each way and, but for straight pulls, a \`df daemon start --gateway\`; the links of the registry and of the seed have ${registryRate} Mbit/s.`,
    'All hosts run `skopeo copy` at the same time; what arrived has the digests of the registry. Bytes of blobs are those of the log of docker-registry.',
    `The second image has all layers of the first but one: ${(unique / MiB).toFixed(1)} MiB are new, which is ${(unique / images.second.bytes).toFixed(3)} of it.`,
    'The third image shares nothing; one host pulls it, then all others at the same time, which is the time that counts.',
    `A link takes ${((first.bytes * 8) / 1e6 / rate).toFixed(1)} s for an image, and the registry's ${((first.bytes * 8 * hosts) / 1e6 / registryRate).toFixed(1)} s for ${hosts}.`,
  ]
  return { title: `Fleet: ${title}`, body: `${tableOf(outcomes)}\n\n${notes.map(note => `- ${note}`).join('\n')}` }
}

async function throughGateways(site: Site, way: Way, images: Images): Promise<Outcome[]> {
  say(`fleet, ${WAYS[way]}: starting`)
  const running: Running[] = []
  const keep = (one: Running) => running[running.push(site.keep(one)) - 1] as Running
  try {
    const seed = way === 'seed' ? keep(await startSeed(site.installed, site.topology.seed, 'seed')) : undefined
    const options = { registries: [site.registry.host] }
    for (const [i, host] of site.topology.peers.entries()) {
      const one = running[0]
      const join = one !== undefined && way === 'bootstrap' ? ['--bootstrap', one.address] : []
      const args =
        seed === undefined ? [...(way === 'bootstrap' ? ['--no-lan'] : []), ...join] : ['--no-lan', '--seed', seed.address]
      keep(await startDaemon(site.installed, host, `${way}-${i + 1}`, { ...options, args }))
    }
    return await each(site, 'gateway', WAYS[way], images)
  } finally {
    await Promise.all(running.map(one => one.process.stop()))
    for (const one of running) await rm(path.join(site.installed.dir, one.process.name), { recursive: true, force: true })
  }
}

async function each(site: Site, route: 'straight' | 'gateway', how: string, images: Images): Promise<Outcome[]> {
  const { first, second, third } = images
  const { peers } = site.topology
  return [
    await everyone(site, route, how, { what: 'first', image: first, hosts: peers }),
    await everyone(site, route, how, { what: 'second', image: second, hosts: peers }),
    await everyone(site, route, how, { what: LATE, image: third, hosts: peers.slice(1), early: peers[0] }),
  ]
}

interface Crowd {
  what: string
  image: StoredImage
  /** They begin at the same time. */
  hosts: readonly Host[]
  /** Has it before that. */
  early?: Host | undefined
}

async function everyone(site: Site, route: 'straight' | 'gateway', how: string, crowd: Crowd): Promise<Outcome> {
  const { what, image, hosts, early } = crowd
  say(`fleet, ${how}: ${what} image`)
  const { registry, routes, signal, dir } = site
  const before = await registry.blobBytes()
  const one = async (host: Host) =>
    await pull({ host, registry: registry.host, image, route: routes[route], to: path.join(dir, host.namespace), signal })
  if (early !== undefined) await one(early)
  const from = processors()
  const results = await Promise.allSettled(hosts.map(one))
  const busy = busyShare(from, processors())
  const failed = results.find(result => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  const seconds = results.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []))
  return { how, what, image, seconds, busy, bytes: (await registry.blobBytes()) - before }
}

function tableOf(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ how, what, image, seconds, bytes, busy }) => {
    const last = Math.max(...seconds)
    const straight = outcomes.find(one => one.how === 'straight' && one.what === what)
    const times = straight === undefined ? NaN : Math.max(...straight.seconds) / last
    const copies = (bytes / image.bytes).toFixed(3)
    return [
      how,
      what,
      copies,
      median(seconds).toFixed(1),
      last.toFixed(1),
      `${times.toFixed(1)} ×`,
      `${(100 * busy).toFixed(0)} %`,
    ]
  })
  const head = ['pulls', 'image', 'out of the registry, images', 'median s', 'last host s', 'faster than straight', 'processors']
  return table(head, rows)
}
