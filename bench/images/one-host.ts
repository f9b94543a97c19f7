// One host pulls images, cold and warm through its gateway, and straight, in turn.

import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { MiB, median, table } from '../report.ts'
import type { Host } from '../swarm/topology.ts'
import { blobUrl, startDaemon, startSeed } from './dragonfly.ts'
import { type Ground, onSite, type Section, type Site, say } from './ground.ts'
import { pull, readByCurl } from './pull.ts'

const BLOB_BYTES = 64 * MiB
/** Between two pulls: what a process does after its last byte is not the next one's. ms. */
const PAUSE_MS = 500

/** Seconds of one round, with an image and a blob that nobody has had. */
interface Round {
  straight: number
  cold: number
  warm: number
  /** Until the first byte of a blob. */
  firstStraight: number
  firstCold: number
}

interface Setting {
  link: string
  sources: string
  rounds: Round[]
}

export async function oneHost(ground: Ground): Promise<Section> {
  const { bytes, hostRate, runs } = ground.options
  const settings: Setting[] = []
  for (const [rate, withSeed] of [
    [hostRate, false],
    [hostRate, true],
    [0, false],
  ] as const) {
    const link = rate === 0 ? 'not shaped' : `${rate} Mbit/s`
    const sources = withSeed ? 'a seed and the registry' : 'the registry only'
    const rates = { origin: rate, seed: rate, peers: [rate] }
    const rounds = await onSite(ground, rates, async site => await measureHost(site, withSeed, `one host, ${link}, ${sources}`))
    settings.push({ link, sources, rounds })
  }
  const notes = [
    `Medians of ${runs} rounds. Each has an image and a blob that nobody has had; straight and cold pulls change places from round to round. Ratios are medians of the ratios of rounds.`,
    'First byte: of the body of a blob of 64 MiB, by curl.',
    'Links are those of the host, the registry and the seed. Where they are not shaped, the two processors are what limits: docker-registry, gateway and skopeo share them.',
  ]
  const body = `${tableOf(settings)}\n\n${notes.map(note => `- ${note}`).join('\n')}`
  return { title: `One host, image of ${bytes / MiB} MiB`, body }
}

async function measureHost(site: Site, withSeed: boolean, what: string): Promise<Round[]> {
  const { installed, topology, registry, options } = site
  const host = topology.peers[0] as Host
  const seed = withSeed ? site.keep(await startSeed(installed, topology.seed)) : undefined
  const args = ['--no-lan', ...(seed === undefined ? [] : ['--seed', seed.address])]
  site.keep(await startDaemon(installed, host, 'daemon', { registries: [registry.host], args }))
  const rounds: Round[] = []
  for (let round = 0; round < options.runs; round++) {
    say(`${what}: round ${round + 1}`)
    rounds.push(await oneRound(site, host, round % 2 === 1))
  }
  return rounds
}

async function oneRound(site: Site, host: Host, coldFirst: boolean): Promise<Round> {
  const { registry, routes, signal, shelf, options, dir } = site
  const image = await shelf.image(options.bytes)
  const { digest } = await shelf.blob(BLOB_BYTES)
  const by = async (route: string) => {
    await sleep(PAUSE_MS, undefined, { signal })
    return await pull({ host, registry: registry.host, image, route, to: path.join(dir, 'out'), signal })
  }
  const first = async (url: string) => {
    await sleep(PAUSE_MS, undefined, { signal })
    return (await readByCurl(host, url, signal)).first
  }
  const early = coldFirst ? await by(routes.gateway) : undefined
  const straight = await by(routes.straight)
  const cold = early ?? (await by(routes.gateway))
  const warm = await by(routes.gateway)
  const firstStraight = await first(`http://${registry.host}/v2/team/app/blobs/${digest}`)
  const firstCold = await first(blobUrl(registry.host, digest))
  return { straight, cold, warm, firstStraight, firstCold }
}

function tableOf(settings: readonly Setting[]): string {
  const of = (rounds: readonly Round[], figure: (round: Round) => number, digits = 2) =>
    median(rounds.map(figure)).toFixed(digits)
  const rows = settings.map(({ link, sources, rounds }) => [
    link,
    sources,
    of(rounds, round => round.straight),
    of(rounds, round => round.cold),
    of(rounds, round => round.cold / round.straight),
    of(rounds, round => round.warm),
    of(rounds, round => round.warm / round.straight),
    of(rounds, round => round.firstStraight * 1000, 0),
    of(rounds, round => round.firstCold * 1000, 0),
  ])
  const pulls = ['straight s', 'cold s', 'cold / straight', 'warm s', 'warm / straight']
  return table(['link', 'the gateway has', ...pulls, 'first byte, straight ms', 'first byte, cold ms'], rows)
}
