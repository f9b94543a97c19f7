// Creates hosts as network namespaces on one bridge, each with its own link that is shaped in both directions.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** What waits before a shaped link, at most; more is dropped, as a switch would. */
const QUEUE = '50ms'
/** A frame that a sender hands to its link in one go. 64 KiB, the default, makes many flows through one link share it badly. */
const FRAME_BYTES = 6000
/** Least burst of a shaper: below it a large frame never fits. */
const MIN_BURST_BYTES = 65_536
/**
 * What Linux has by default, whatever this machine has. With BBR the origin takes a queue on the seed's own uplink, where its acknowledgements wait,
 * for a slow line, and a seed that gives much reads at a fifth of its line.
 */
const CONGESTION_CONTROL = 'net.ipv4.tcp_congestion_control=cubic'

export interface Host {
  /** Name of its namespace. */
  namespace: string
  ip: string
  /** Rate of its link each way; 0 is not shaped. */
  mbit: number
}

export interface Topology {
  origin: Host
  seed: Host
  peers: Host[]
  /** For whoever a variant adds; its link is as the seed's. */
  guest: Host
}

export interface Rates {
  /** Mbit/s each way; 0 is not shaped. */
  origin: number
  seed: number
  /** One a peer. */
  peers: readonly number[]
}

/** The hosts of a run; `prefix` must be nobody else's. */
export function plan(prefix: string, rates: Rates): Topology {
  const host = (name: string, ip: string, mbit: number) => ({ namespace: `${prefix}-${name}`, ip, mbit })
  return {
    origin: host('origin', '10.77.255.1', rates.origin),
    seed: host('seed', '10.77.254.1', rates.seed),
    guest: host('guest', '10.77.253.1', rates.seed),
    peers: rates.peers.map((mbit, i) => host(`${i + 1}`, `10.77.${Math.floor(i / 250)}.${(i % 250) + 1}`, mbit)),
  }
}

/** The namespaces themselves. `down` also takes away what a failed `up` has left. */
export class Network {
  readonly #switch: string
  /** Cubic is not allowed here. */
  #hasOther = false
  readonly #made: string[] = []

  constructor(prefix: string) {
    this.#switch = `${prefix}-switch`
  }

  async up({ origin, seed, guest, peers }: Topology): Promise<void> {
    await this.#namespace(this.#switch)
    await ip('-n', this.#switch, 'link', 'add', 'bridge', 'type', 'bridge')
    await ip('-n', this.#switch, 'link', 'set', 'bridge', 'up')
    for (const [i, host] of [origin, seed, guest, ...peers].entries()) await this.#host(host, `port${i}`)
  }

  /** A namespace that is gone takes its links and shapers along. */
  async down(): Promise<void> {
    for (const name of this.#made.splice(0).toReversed()) await ip('netns', 'delete', name)
  }

  async #namespace(name: string): Promise<void> {
    await ip('netns', 'add', name)
    this.#made.push(name)
  }

  async #setCongestionControl(namespace: string): Promise<void> {
    if (this.#hasOther) return
    try {
      await run('ip', ['netns', 'exec', namespace, 'sysctl', '-q', '-w', CONGESTION_CONTROL])
    } catch {
      this.#hasOther = true
      process.stderr.write(
        'bench/swarm: cubic is not in net.ipv4.tcp_allowed_congestion_control, so hosts have what this machine has\n',
      )
    }
  }

  async #host({ namespace, ip: address, mbit }: Host, port: string): Promise<void> {
    await this.#namespace(namespace)
    await ip('link', 'add', port, 'netns', this.#switch, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace)
    await ip('-n', this.#switch, 'link', 'set', port, 'master', 'bridge', 'up')
    const frame = ['gso_max_size', `${FRAME_BYTES}`, 'gso_max_segs', `${Math.ceil(FRAME_BYTES / 1500)}`]
    await ip('-n', namespace, 'link', 'set', 'eth0', 'up', ...frame)
    await ip('-n', namespace, 'address', 'add', `${address}/16`, 'dev', 'eth0')
    await ip('-n', namespace, 'link', 'set', 'lo', 'up')
    await this.#setCongestionControl(namespace)
    if (mbit === 0) return
    await shape(this.#switch, port, mbit)
    await shape(namespace, 'eth0', mbit)
  }
}

async function shape(namespace: string, device: string, mbit: number): Promise<void> {
  const burst = Math.max(MIN_BURST_BYTES, mbit * 1250)
  const filter = ['tbf', 'rate', `${mbit}mbit`, 'burst', `${burst}`, 'latency', QUEUE]
  await run('tc', ['-n', namespace, 'qdisc', 'add', 'dev', device, 'root', ...filter])
}

async function ip(...args: string[]): Promise<void> {
  await run('ip', args)
}

/** Command and arguments that run a command on a host; the process keeps its id. */
export function onHost(host: Host, command: string, args: readonly string[]): [string, string[]] {
  return ['ip', ['netns', 'exec', host.namespace, command, ...args]]
}
