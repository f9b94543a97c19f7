// One run of one tool: starts everybody, waits for the last file, and reads the cost from the kernel's counters.
import { mkdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sha256 } from '../material.ts'
import { Meter, type Sample } from './meter.ts'
import type { Origin } from './origin.ts'
import { type Line, Participant } from './participant.ts'
import type { Ground, Swarm, Tool } from './tools/tool.ts'
import type { Host, Topology } from './topology.ts'
import { busyShare, ownSeconds, processors } from './usage.ts'
import type { Trouble } from './variants.ts'

/** How often counters are read while a run goes on, in milliseconds. */
const SAMPLE_MS = 250
/** Processes that have just started still work: the go waits until the processors are this idle, at most so long. */
const QUIET_SHARE = 0.1
const MAX_QUIET_WAIT_MS = 10_000
/** How long a process may take to come up. */
const MAX_START_MS = 120_000

export interface Setting {
  topology: Topology
  origin: Origin
  /** What everybody wants, and its sha256 in hex. */
  file: string
  digest: string
  /** A folder for the runs. */
  dir: string
  /** A run that takes longer has failed. */
  limitMs: number
  /** What happens while the swarm runs. */
  trouble: Trouble
  /** Ends every process of the run. */
  signal: AbortSignal
}

export interface PeerOutcome {
  /** Mbit/s of its link. */
  mbit: number
  /** From the go to the last byte; undefined when it did not get there. */
  seconds: number | undefined
  /** Why it did not. */
  failure: string | undefined
  /** On purpose. */
  wasKilled: boolean
  /** Over the whole run, payload bytes of its host. */
  received: number
  sent: number
  /** From the go until it had its file. */
  cpuSeconds: number
  startCpuSeconds: number
  peakBytes: number
  /** What it said last. */
  said: Line | undefined
  samples: Sample[]
}

export interface Outcome {
  tool: string
  peers: PeerOutcome[]
  /** From the start of the first peer, which started alone, until it was up. */
  startSeconds: number
  originBytes: number
  /** Payload bytes that the seed's host sent. */
  seedBytes: number
  seedCpuSeconds: number
  /** Share of the processors' time from the go to the last file, whoever took it. */
  busy: number
  /** CPU seconds of the bench meanwhile: all its processes, and the kernel's network work. */
  ownSeconds: number
  /** CPU seconds that the processors had to give, meanwhile. */
  processorSeconds: number
}

/** Rejects when the tool does not start, a file is not the right one, or the run is told to end. */
export async function runTool(tool: Tool, setting: Setting): Promise<Outcome> {
  const { topology, origin, file, signal } = setting
  const dir = path.join(setting.dir, tool.name)
  await mkdir(dir, { recursive: true })
  const all: Participant[] = []
  const launch: Ground['launch'] = (...what) => all[all.push(new Participant(...what)) - 1] as Participant
  const endAll = async () => void (await Promise.all(all.map(participant => participant.stop())))
  signal.addEventListener('abort', endAll)
  try {
    const swarm = await tool.start({ topology, origin, file, dir, launch })
    const { peers, startSeconds } = await startPeers(swarm, topology.peers, launch)
    await quiet(signal)
    return { tool: tool.name, startSeconds, ...(await race(swarm, peers, setting)) }
  } finally {
    signal.removeEventListener('abort', endAll)
    await endAll()
    await rm(dir, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** The first alone, to see how long that takes; then the others at once. */
async function startPeers(swarm: Swarm, [one, ...others]: readonly Host[], launch: Ground['launch']) {
  const begin = (host: Host, index: number) => launch(`peer ${index + 1}`, host, swarm.peer(index, host))
  const signal = AbortSignal.timeout(MAX_START_MS)
  const first = begin(one as Host, 0)
  const startSeconds = ((await first.line('ready', signal)).at - first.startedAt) / 1000
  const peers = [first, ...others.map((host, i) => begin(host, i + 1))]
  await Promise.all(peers.map(peer => peer.line('ready', signal)))
  return { peers, startSeconds }
}

async function quiet(signal: AbortSignal): Promise<void> {
  const end = performance.now() + MAX_QUIET_WAIT_MS
  for (let last = processors(); performance.now() < end; ) {
    await sleep(500, undefined, { signal })
    const now = processors()
    if (busyShare(last, now) < QUIET_SHARE) return
    last = now
  }
}

async function race(swarm: Swarm, peers: readonly Participant[], setting: Setting) {
  const { origin, signal } = setting
  const before = { originBytes: await origin.bytes(), processors: processors(), own: ownSeconds() }
  const go = performance.now()
  const runners = peers.map((peer, index) => new Runner(peer, go, swarm.output(index)))
  const seed = swarm.seed && new Meter(swarm.seed, go)
  for (const peer of peers) peer.tell('go')
  const sampler = setInterval(() => [...runners, seed].map(meter => meter?.read()), SAMPLE_MS)
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(setting.limitMs)])
    const ends = [setting.trouble(swarm, peers, signal), ...runners.map(runner => runner.finish(limit))]
    await Promise.all(ends)
    signal.throwIfAborted()
    seed?.read()
  } finally {
    clearInterval(sampler)
  }
  const busy = busyShare(before.processors, processors())
  const processorSeconds = ((performance.now() - go) / 1000) * os.availableParallelism()
  const own = ownSeconds() - before.own
  return {
    peers: await Promise.all(runners.map(runner => runner.outcome(setting.digest))),
    originBytes: (await origin.bytes()) - before.originBytes,
    seedBytes: seed?.latest.sent ?? 0,
    seedCpuSeconds: seed?.latest.cpuSeconds ?? 0,
    busy,
    ownSeconds: own,
    processorSeconds,
  }
}

/** A peer from the go to its end. */
class Runner {
  readonly #peer: Participant
  readonly #go: number
  readonly #output: string
  readonly #meter: Meter
  #done: Line | undefined
  #failure: string | undefined
  #cpuSeconds = 0

  constructor(peer: Participant, go: number, output: string) {
    this.#peer = peer
    this.#go = go
    this.#output = output
    this.#meter = new Meter(peer, go)
  }

  read(): void {
    this.#meter.read()
  }

  async finish(signal: AbortSignal): Promise<void> {
    try {
      this.#done = await this.#peer.line('done', signal)
    } catch (error) {
      this.#failure = signal.aborted ? 'not in time' : (error as Error).message
    }
    this.read()
    this.#cpuSeconds = this.#meter.latest.cpuSeconds
  }

  async outcome(digest: string): Promise<PeerOutcome> {
    this.read()
    const { latest, startCpuSeconds, samples } = this.#meter
    if (this.#done !== undefined && (await sha256(this.#output)) !== digest) throw new Error(`${this.#peer.name}: another file`)
    return {
      mbit: this.#peer.host.mbit,
      seconds: this.#done && (this.#done.at - this.#go) / 1000,
      failure: this.#failure,
      wasKilled: this.#peer.wasKilled,
      received: latest.received,
      sent: latest.sent,
      cpuSeconds: this.#cpuSeconds,
      startCpuSeconds,
      peakBytes: this.#meter.peakBytes,
      said: this.#done ?? this.#peer.lines.at(-1),
      samples,
    }
  }
}
