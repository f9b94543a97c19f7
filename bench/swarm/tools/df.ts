// df: a seed by `df seed start`, and peers that run the code of `df get`, all from a copy of the build.
import { cp, mkdir, stat, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { choosePieceLength, pieceCountOf } from '../../../src/core/piece.ts'
import type { Command } from '../participant.ts'
import type { Ground, Swarm, Tool } from './tool.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const PEER = fileURLToPath(new URL('../peer.ts', import.meta.url))
const LIAR = fileURLToPath(new URL('../liar.ts', import.meta.url))
const PORT = 4801

/** As bin/df starts Node. */
const FLAGS = [
  '--max-semi-space-size=2',
  '--heap-growing-percent=200',
  '--initial-old-space-size=48',
  '--v8-pool-size=1',
  '--no-concurrent-sparkplug',
  '--invocation-count-for-maglev=2000',
  '--disable-warning=ExperimentalWarning',
]
const ENV = {
  MALLOC_MMAP_THRESHOLD_: '500000',
  DRAGONFLY_SEEDS: '',
  // not a flag: checkouts from before it are measured too
  DRAGONFLY_ALLOW_ORIGIN: 'private',
  DRAGONFLY_NODE: process.execPath,
}

export interface DfOptions {
  /** Whether peers stay until all are done; `df get` leaves when it is done. Default false. */
  linger?: boolean | undefined
  /** A checkout or an installed package, built. Default this one. */
  folder?: string | undefined
  /** Whether a liar is among the peers. Default false. */
  liar?: boolean | undefined
  /** A folder for CPU profiles of the peers. */
  profile?: string | undefined
}

export function df({ linger = false, folder = ROOT, liar = false, profile }: DfOptions = {}): Tool {
  return {
    name: 'df',
    keepsCode: true,
    needs: [{ program: path.join(folder, 'dist', 'index.js'), install: 'npm run build' }],
    start: ground => start(ground, { linger, folder, liar, profile }),
  }
}

async function start(ground: Ground, { linger, folder, liar, profile }: DfOptions): Promise<Swarm> {
  const { topology, origin, file, dir, launch } = ground
  const installed = await copyOf(folder ?? ROOT, path.join(dir, 'package'))
  const program = await programOf(installed)
  const seed = launch('df seed', topology.seed, seedCommand(installed, path.join(dir, 'seed')))
  const address = `/ip4/${topology.seed.ip}/tcp/${PORT}/p2p/${(await seed.line('ready')).peerId}`
  const url = `${origin.url}/${path.basename(file)}`
  const output = (index: number) => path.join(dir, `out-${index}`)
  const peer = (index: number): Command => {
    const own = ['--url', url, '--file', output(index), '--home', path.join(dir, `home-${index}`), '--seed', address]
    const args = [...FLAGS, path.join(installed, 'bin', 'start.cjs'), ...program, '--package', installed, ...own]
    if (linger) args.push('--linger')
    if (profile !== undefined) args.push('--profile', path.join(profile, `peer-${index}.cpuprofile`))
    return { command: process.execPath, args, env: ENV }
  }
  if (!liar) return { seed, peer, output }
  const lying = launch('liar', topology.guest, await liarCommand(url, address, file))
  await lying.line('ready')
  return { seed, liar: lying, peer, output }
}

/**
 * What `start.cjs` is to run: the code of the program `df get`, with the bytecode that earlier runs have kept, as on any host; for a checkout
 * whose program is built otherwise, the library.
 */
async function programOf(installed: string): Promise<string[]> {
  const folder = path.join(installed, 'dist', 'cli')
  if (!(await stat(path.join(folder, 'node.cjs')).catch(() => undefined))) return [PEER]
  const main = path.join(folder, 'bench-peer.cjs')
  const peer = JSON.stringify(pathToFileURL(PEER).href)
  await writeFile(main, `globalThis.dragonfly = require('./node.cjs')['src/index.ts']()\nimport(${peer})\n`)
  return [main, 'get']
}

function seedCommand(installed: string, home: string): Command {
  return {
    command: path.join(installed, 'bin', 'df'),
    args: ['seed', 'start', '--json', '--listen', `/ip4/0.0.0.0/tcp/${PORT}`],
    env: { ...ENV, DRAGONFLY_HOME: home },
  }
}

async function liarCommand(url: string, seed: string, file: string): Promise<Command> {
  const { size } = await stat(file)
  const pieceLength = choosePieceLength(size)
  const args = [url, seed, pieceCountOf(size, pieceLength), pieceLength].map(String)
  return { command: process.execPath, args: ['--disable-warning=ExperimentalWarning', LIAR, ...args] }
}

/** As npm would put it: a build that someone makes meanwhile does not pull it from under a run. */
export async function copyOf(folder: string, to: string): Promise<string> {
  await mkdir(to, { recursive: true })
  for (const part of ['bin', 'dist', 'package.json']) await cp(path.join(folder, part), path.join(to, part), { recursive: true })
  await symlink(path.join(folder, 'node_modules'), path.join(to, 'node_modules'))
  return to
}
