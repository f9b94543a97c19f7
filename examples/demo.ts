// Runs an origin, a seed and some peers on one machine, as real `df` processes, and shows their progress in the terminal.
//
//   npm run demo -- [--size 32MiB] [--peers 8] [--rate 2MiB]
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Progress, Receipt } from 'dragonfly-p2p'
import { startOrigin } from './demo-origin.ts'
import { type PeerState, Screen, summary } from './demo-screen.ts'

const DF = fileURLToPath(new URL('../bin/df', import.meta.url))
const LISTEN = ['--listen', '/ip4/127.0.0.1/tcp/0']
const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '32MiB' },
    peers: { type: 'string', default: '8' },
    rate: { type: 'string', default: '2MiB' },
  },
})

/** One NDJSON line of df. */
type Line =
  | { type: 'ready' | 'started'; peerId: string; addresses: string[] }
  | ({ type: 'progress' } & Progress)
  | ({ type: 'done' } & Receipt)
  | { type: 'error'; message: string }
  | { type: 'warning' | 'info'; message: string }

const size = parseSize(values.size)
const rate = parseSize(values.rate)
const peers: PeerState[] = Array.from({ length: Number(values.peers) }, (_, i) => ({ name: `peer ${i + 1}` }))
const children: ChildProcess[] = []

const folder = await mkdtemp(path.join(tmpdir(), 'df-demo-'))
const origin = await startOrigin(size, rate)
const screen = new Screen(size, origin.served, peers)
let isInterrupted = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    isInterrupted = true
    void cleanUp().then(() => process.exit(signal === 'SIGINT' ? 130 : 143))
  })
}

try {
  console.log(`An origin that sends ${values.rate}/s, a seed, and ${peers.length} peers that download ${values.size}:\n`)
  const seed = await startSeed()
  screen.start()
  await Promise.all(peers.map((peer, i) => runPeer(peer, i, seed)))
  screen.stop()
  console.log(summary(size, rate, origin, peers))
  process.exitCode = peers.every(peer => peer.receipt?.sha256 === origin.sha256) ? 0 : 1
} catch (error) {
  screen.stop()
  if (!isInterrupted) console.error((error as Error).message)
  process.exitCode = 1
} finally {
  if (!isInterrupted) await cleanUp()
}

/** Resolves to the address of the seed, for its peers. */
async function startSeed(): Promise<string> {
  for await (const line of df('seed', ['seed', 'start', '--json', '--allow-origin', '127.0.0.1', ...LISTEN])) {
    if (line.type === 'ready') return line.addresses[0] as string
    if (line.type === 'error') throw new Error(`seed: ${line.message}`)
  }
  throw new Error('the seed ended before it was ready')
}

/** Resolves when the peer has the file. The peer continues to serve the others. */
async function runPeer(peer: PeerState, i: number, seed: string): Promise<void> {
  const args = ['get', origin.url, '-o', path.join(folder, `copy-${i}`), '--seed', seed, '--json', '--linger', '5m', ...LISTEN]
  for await (const line of df(`home-${i}`, args)) {
    if (line.type === 'progress') peer.progress = line
    if (line.type === 'error') throw new Error(`${peer.name}: ${line.message}`)
    if (line.type !== 'done') continue
    peer.receipt = line
    return
  }
  throw new Error(`${peer.name} ended before it was done`)
}

/** Starts a df with its own DRAGONFLY_HOME, as if it ran on its own host. */
async function* df(home: string, args: string[]): AsyncGenerator<Line> {
  const env = { ...process.env, DRAGONFLY_HOME: path.join(folder, home), DRAGONFLY_SEEDS: '' }
  const child = spawn(DF, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  const lines = createInterface({ input: child.stdout })
  for await (const line of lines) yield JSON.parse(line)
}

async function cleanUp(): Promise<void> {
  screen.stop()
  origin.close()
  await Promise.all(
    children.splice(0).map(async child => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
    }),
  )
  await rm(folder, { recursive: true, force: true })
}

function parseSize(text: string): number {
  const [, number, unit = ''] = /^(\d+)(KiB|MiB|GiB)?$/.exec(text) ?? []
  if (number === undefined) throw new Error(`not a size: ${text} (write 32MiB)`)
  return Number(number) * 1024 ** ['', 'KiB', 'MiB', 'GiB'].indexOf(unit)
}
