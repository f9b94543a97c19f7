// Seeds, peers and one origin as processes: on loopback, or each in a network namespace of its own, so that it can be cut off.
import { spawnSync } from 'node:child_process'
import { rendezvousOrder } from '../../src/core/rendezvous.ts'
import { makeTask } from '../../src/core/task.ts'
import { DF, Lab, LISTEN, type Nginx, type Running } from '../../test/e2e/lab.ts'
import { type LanHost, LocalNetwork } from '../../test/e2e/lan.ts'
import { randomFile, sha256 } from '../material.ts'

const FILE = 'file.bin'

export interface GroundOptions {
  /** Bytes of the content. */
  size: number
  /** Bytes a second that the origin gives to a connection, as nginx writes it. */
  rate: string
  seeds: number
  /** Each process on a host of its own. */
  isApart: boolean
  /** Lines of every process to standard error, with the time since the start. */
  verbose: boolean
}

export interface Seed extends Running {
  address: string
  peer: string
  home: string
  host: LanHost | undefined
}

export interface Peer {
  home: string
  host: LanHost | undefined
  running: Running
  ended: Promise<PeerEnd>
}

export interface PeerEnd {
  home: string
  /** Since the first of them had its first bytes. */
  seconds: number
  isRight: boolean
  fromOrigin: number
  error: string | undefined
}

export class Ground {
  readonly lab: Lab
  readonly url: string
  readonly seeds: Seed[] = []
  readonly origin: Nginx
  /** Where the origin is. */
  readonly originHost: LanHost | undefined
  readonly #network: LocalNetwork | undefined
  readonly #options: GroundOptions
  readonly #right: string
  readonly #began = performance.now()
  #firstAt: number | undefined
  #peers = 0

  private constructor(
    lab: Lab,
    origin: Nginx,
    network: LocalNetwork | undefined,
    originHost: LanHost | undefined,
    right: string,
    options: GroundOptions,
  ) {
    this.originHost = originHost
    this.lab = lab
    this.origin = origin
    this.url = `${origin.url}/${FILE}`
    this.#network = network
    this.#right = right
    this.#options = options
  }

  static async open(options: GroundOptions): Promise<Ground> {
    const lab = await Lab.open()
    const network = options.isApart ? new LocalNetwork(lab) : undefined
    try {
      await randomFile(lab.path('www', FILE), options.size)
      const host = network?.host()
      // what waits in its socket for one that is frozen has left it
      const origin = await lab.nginx({ limitRate: options.rate, host, socket: 'sndbuf=128k' })
      const ground = new Ground(lab, origin, network, host, await sha256(lab.path('www', FILE)), options)
      await ground.#seed()
      return ground
    } catch (error) {
      await lab.close()
      network?.close()
      throw error
    }
  }

  async close(): Promise<void> {
    await this.lab.close()
    this.#network?.close()
  }

  /** The seed that reads the origin, and those that succeed it. */
  get order(): Seed[] {
    return rendezvousOrder(makeTask({ url: this.url }).subject, this.seeds)
  }

  /** Starts peers that know these seeds, in an order that says nothing. */
  peers(count: number, seeds = this.seeds): Peer[] {
    return Array.from({ length: count }, () => this.#peer(seeds))
  }

  /** Resolves once some of these peers has so much of the content. */
  async reached(peers: readonly Peer[], share: number): Promise<void> {
    const has = (text: Buffer) => bytesOf(text) >= share * this.#options.size
    await Promise.any(peers.map(({ running }) => running.said(has)))
  }

  /** What left the origin, in copies of the content, once every answer of it has ended. */
  async copies(): Promise<number> {
    return (await this.origin.bytes()) / this.#options.size
  }

  /** Two sides of the network that do not hear each other until the answer is called. */
  cut(one: readonly (LanHost | undefined)[], other: readonly (LanHost | undefined)[]): () => void {
    const pairs = one.flatMap(a => other.map(b => [a, b] as const))
    const each = (what: '-I' | '-D') => {
      for (const [a, b] of pairs) {
        if (a === undefined || b === undefined) throw new Error('they are on loopback')
        drop(what, a, b)
        drop(what, b, a)
      }
    }
    each('-I')
    return () => each('-D')
  }

  note(text: string): void {
    if (this.#options.verbose) process.stderr.write(`${this.#at()} ---- ${text}\n`)
  }

  #at(): string {
    return ((performance.now() - this.#began) / 1000).toFixed(2).padStart(7)
  }

  /** All of them know all of them: the first start gives each its identity. */
  async #seed(): Promise<void> {
    const places = Array.from({ length: this.#options.seeds }, (_, i) => ({ home: `seed${i}`, host: this.#network?.host() }))
    const first = await Promise.all(places.map(place => this.#start(place, [])))
    const addresses = first.map(({ address }) => address)
    await Promise.all(
      first.map(async ({ child, ended }) => {
        child.kill('SIGTERM')
        await ended
      }),
    )
    const again = places.map(async (place, i) => {
      const others = addresses.flatMap((address, k) => (k === i ? [] : ['--seed', address]))
      return await this.#start(place, ['--listen', (addresses[i] as string).replace(/\/p2p\/.*/, ''), ...others])
    })
    this.seeds.push(...(await Promise.all(again)))
    this.note(`seeds: ${this.order.map(({ home }) => home).join(', ')}`)
  }

  async #start(place: { home: string; host: LanHost | undefined }, extra: readonly string[]): Promise<Seed> {
    const { home, host } = place
    const listen = extra.includes('--listen') ? [] : host === undefined ? LISTEN : ['--listen', `/ip4/${host.address}/tcp/4801`]
    const running = this.#df(place, [
      'seed',
      'start',
      '--json',
      '--log-level',
      'debug',
      ...listen,
      '--allow-origin',
      'any',
      ...extra,
    ])
    const ready = await running.line('ready')
    this.#show(running, home)
    return { ...running, address: (ready.addresses as string[])[0] as string, peer: ready.peerId as string, home, host }
  }

  #peer(seeds: readonly Seed[]): Peer {
    const home = `peer${this.#peers++}`
    const host = this.#network?.host()
    const out = this.lab.path(`${home}.bin`)
    const known = seeds.flatMap(({ address }) => ['--seed', address])
    const running = this.#df({ home, host }, [
      'get',
      '--json',
      ...(this.#options.verbose ? ['-v'] : []),
      '-o',
      out,
      ...known,
      this.url,
    ])
    this.#show(running, home)
    const begins = () => {
      this.#firstAt ??= performance.now()
    }
    running.said(text => bytesOf(text) > 0).then(begins, begins)
    const ended = running.ended.then(async ({ code, lines, stderr }) => ({
      home,
      seconds: (performance.now() - (this.#firstAt ?? NaN)) / 1000,
      isRight: code === 0 && (await sha256(out)) === this.#right,
      fromOrigin: Number(lines.find(line => line.type === 'done')?.fromOrigin ?? 0),
      error: code === 0 ? undefined : `${home}: exit ${code}: ${stderr.trim().split('\n').at(-1)}`,
    }))
    return { home, host, running, ended }
  }

  #df({ home, host }: { home: string; host: LanHost | undefined }, args: readonly string[]): Running {
    return host === undefined ? this.lab.df(args, home) : host.run(DF, args, home)
  }

  #show({ child }: Running, name: string): void {
    if (!this.#options.verbose) return
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', chunk => {
        for (const line of String(chunk).split('\n')) {
          if (line !== '' && !line.includes('"progress"')) process.stderr.write(`${this.#at()} ${name} ${line.slice(0, 400)}\n`)
        }
      })
    }
  }
}

function bytesOf(text: Buffer): number {
  const at = text.lastIndexOf('"type":"progress"')
  const line = at < 0 ? '' : text.subarray(text.lastIndexOf('\n', at) + 1, text.indexOf('\n', at)).toString()
  return Number(/"bytes":(\d+)/.exec(line)?.[1] ?? 0)
}

/** Packets from `b` are not heard at `a`, which hears nothing of that. */
function drop(what: '-I' | '-D', a: LanHost, b: LanHost): void {
  const args = [`--net=/run/netns/${a.namespace}`, 'iptables', what, 'INPUT', '-s', b.address, '-j', 'DROP']
  const { status, stderr } = spawnSync('nsenter', args)
  if (status !== 0) throw new Error(`iptables: ${stderr}`)
}
