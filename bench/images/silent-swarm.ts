// What a seed that does not answer costs a pull: it has stopped, it hangs, or nothing is at its address.
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { MiB, median, table } from '../report.ts'
import type { Host } from '../swarm/topology.ts'
import { blobUrl, type Running, startDaemon, startSeed } from './dragonfly.ts'
import { type Ground, onSite, type Section, type Site, say } from './ground.ts'
import { pull, readByCurl } from './pull.ts'

const BLOB_BYTES = 4 * MiB
const PAUSE_MS = 500
/** An address of the network that no host has. */
const NOBODY = '10.77.252.1'

/** What has become of the seed, once the daemon is up. */
const FATES = {
  none: 'no seed configured',
  healthy: 'seed works',
  stopped: 'seed has ended: its host refuses connections',
  hanging: 'seed hangs (SIGSTOP)',
  absent: 'nothing at its address',
} as const
type Fate = keyof typeof FATES

interface Outcome {
  fate: Fate
  /** Seconds until the first byte of a blob: one after another, each new. */
  firsts: number[]
  firstsStraight: number[]
  pulls: number[]
  pullsStraight: number[]
}

export async function silentSwarm(ground: Ground): Promise<Section> {
  const { hostRate, bytes, runs } = ground.options
  const rates = { origin: hostRate, seed: hostRate, peers: [hostRate] }
  const outcomes: Outcome[] = []
  for (const fate of Object.keys(FATES) as Fate[]) {
    say(`silent swarm: ${FATES[fate]}`)
    outcomes.push(await onSite(ground, rates, async site => await measureFate(site, fate)))
  }
  const notes = [
    `First byte: of a blob of ${BLOB_BYTES / MiB} MiB that nobody has had, by curl, through the gateway less straight; first: the first blob after the seed fell silent; later: median of the ${runs} after it.`,
    `Pull: skopeo, a new image of ${bytes / MiB} MiB, through the gateway less straight, median of ${runs}. Links have ${hostRate} Mbit/s.`,
  ]
  return { title: 'Silent swarm', body: `${tableOf(outcomes)}\n\n${notes.map(note => `- ${note}`).join('\n')}` }
}

async function measureFate(site: Site, fate: Fate): Promise<Outcome> {
  const { installed, topology, registry, shelf, signal, options, routes, dir } = site
  const host = topology.peers[0] as Host
  const seed = fate === 'none' ? undefined : site.keep(await startSeed(installed, topology.seed))
  const address = fate === 'absent' ? seed?.address.replace(topology.seed.ip, NOBODY) : seed?.address
  const args = ['--no-lan', ...(address === undefined ? [] : ['--seed', address])]
  site.keep(await startDaemon(installed, host, 'daemon', { registries: [registry.host], args }))
  await befall(fate, seed)
  try {
    const outcome: Outcome = { fate, firsts: [], firstsStraight: [], pulls: [], pullsStraight: [] }
    for (let i = 0; i <= options.runs; i++) {
      const { digest } = await shelf.blob(BLOB_BYTES)
      await sleep(PAUSE_MS, undefined, { signal })
      outcome.firsts.push((await readByCurl(host, blobUrl(registry.host, digest), signal)).first)
      outcome.firstsStraight.push((await readByCurl(host, `http://${registry.host}/v2/team/app/blobs/${digest}`, signal)).first)
    }
    for (let i = 0; i < options.runs; i++) {
      const image = await shelf.image(options.bytes)
      const by = async (route: string) =>
        await pull({ host, registry: registry.host, image, route, to: path.join(dir, 'out'), signal })
      await sleep(PAUSE_MS, undefined, { signal })
      outcome.pulls.push(await by(routes.gateway))
      outcome.pullsStraight.push(await by(routes.straight))
    }
    return outcome
  } finally {
    // it can only end when it runs
    if (fate === 'hanging' && seed !== undefined) process.kill(seed.process.pid, 'SIGCONT')
  }
}

async function befall(fate: Fate, seed: Running | undefined): Promise<void> {
  if (seed === undefined) return
  if (fate === 'stopped') await seed.process.kill()
  if (fate === 'hanging') process.kill(seed.process.pid, 'SIGSTOP')
}

function tableOf(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ fate, firsts, firstsStraight, pulls, pullsStraight }) => {
    const extra = firsts.map((first, i) => first - (firstsStraight[i] ?? NaN))
    const [first = NaN, ...later] = extra
    const pulled = pulls.map((seconds, i) => seconds - (pullsStraight[i] ?? NaN))
    return [FATES[fate], first.toFixed(2), median(later).toFixed(2), Math.max(...later).toFixed(2), median(pulled).toFixed(2)]
  })
  return table(['', 'first blob: first byte later by s', 'later ones s', 'worst of these s', 'pull longer by s'], rows)
}
