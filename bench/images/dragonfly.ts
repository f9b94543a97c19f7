// Daemons with a gateway, and seeds, on the hosts of the bench.
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Participant } from '../swarm/participant.ts'
import type { Host } from '../swarm/topology.ts'

const PORT = 4801
export const GATEWAY = '127.0.0.1:65001'
const MAX_START_MS = 60_000

export interface Installed {
  /** A copy of the built package. */
  package: string
  /** A folder for homes. */
  dir: string
}

export interface DaemonOptions {
  /** Registries that are read by http, as in image names. */
  registries: readonly string[]
  args?: readonly string[]
  env?: NodeJS.ProcessEnv
}

/** A seed or a daemon, ready. */
export interface Running {
  process: Participant
  /** Multiaddr with peer id. */
  address: string
}

export async function startSeed(installed: Installed, host: Host, name = 'seed'): Promise<Running> {
  return await start(installed, host, name, ['seed', 'start', '--json', '--allow-origin', 'private'])
}

export async function startDaemon(
  installed: Installed,
  host: Host,
  name: string,
  { registries, args = [], env = {} }: DaemonOptions,
): Promise<Running> {
  const named = registries.map(registry => [registry, { url: `http://${registry}` }])
  const home = path.join(installed.dir, name)
  await mkdir(home, { recursive: true })
  await writeFile(path.join(home, 'config.json'), JSON.stringify({ gateway: { registries: Object.fromEntries(named) } }))
  const own = ['--allow-origin', 'private', '--gateway', GATEWAY]
  return await start(installed, host, name, ['daemon', 'start', '--json', ...own, ...args], env)
}

async function start(installed: Installed, host: Host, name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const process = new Participant(name, host, {
    command: path.join(installed.package, 'bin', 'df'),
    args: [...args, '--listen', `/ip4/${host.ip}/tcp/${PORT}`],
    env: { DRAGONFLY_SEEDS: '', DRAGONFLY_HOME: path.join(installed.dir, name), ...env },
  })
  try {
    const { peerId } = await process.line('ready', AbortSignal.timeout(MAX_START_MS))
    return { process, address: `/ip4/${host.ip}/tcp/${PORT}/p2p/${peerId}` }
  } catch (error) {
    await process.stop()
    throw error
  }
}

/** A blob of a registry (as in image names), through the gateway of the host. */
export function blobUrl(registry: string, digest: string, repository = 'team/app'): string {
  return `http://${GATEWAY}/v2/${repository}/blobs/${digest}?ns=${encodeURIComponent(registry)}`
}
