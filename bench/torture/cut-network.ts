// Hosts of their own for nodes that are cut off: network namespaces on a bridge, whose packets can be dropped. Only for root, on Linux.
import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'

export interface Place {
  namespace: string
  address: string
}

export interface CutOff {
  /** Addresses that can be reached all the same. */
  friends: readonly string[]
  origin: boolean
  others: boolean
  originPort: number
}

export class CutNetwork {
  /** The address of this process, where the origin and the nodes that are never cut off are. */
  readonly address: string
  readonly #prefix = `dft${process.pid}`
  readonly #net = `10.79.${process.pid % 251}`
  readonly #free: Place[] = []
  #places = 0

  private constructor() {
    this.address = `${this.#net}.1`
  }

  /** Undefined: it cannot be made here. */
  static open(): CutNetwork | undefined {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined
    const network = new CutNetwork()
    try {
      run('ip', ['link', 'add', network.#prefix, 'type', 'bridge', 'mcast_snooping', '0'])
      run('ip', ['addr', 'add', `${network.address}/24`, 'dev', network.#prefix])
      run('ip', ['link', 'set', network.#prefix, 'up'])
      const place = network.#make()
      network.#free.push(place)
      run('nsenter', [...into(place), 'iptables', '-S'])
      return network
    } catch {
      network.close()
      return undefined
    }
  }

  take(): Place {
    return this.#free.pop() ?? this.#make()
  }

  async giveBack(place: Place): Promise<void> {
    await this.heal(place)
    this.#free.push(place)
  }

  async cut(place: Place, { friends, origin, others, originPort }: CutOff): Promise<void> {
    const rules = [
      `-A INPUT -i lo -j ACCEPT`,
      `-A OUTPUT -o lo -j ACCEPT`,
      ...friends.flatMap(ip => [`-A INPUT -s ${ip} -j ACCEPT`, `-A OUTPUT -d ${ip} -j ACCEPT`]),
      ...['INPUT', 'OUTPUT'].map(
        chain => `-A ${chain} -p tcp --${chain === 'INPUT' ? 's' : 'd'}port ${originPort} -j ${origin ? 'DROP' : 'ACCEPT'}`,
      ),
      ...(others ? ['-A INPUT -j DROP', '-A OUTPUT -j DROP'] : []),
    ]
    await restore(place, rules)
  }

  async heal(place: Place): Promise<void> {
    await restore(place, [])
  }

  close(): void {
    for (let i = 1; i <= this.#places; i++) spawnSync('ip', ['netns', 'del', `${this.#prefix}-${i}`])
    const { status, stderr } = spawnSync('ip', ['link', 'del', this.#prefix])
    if (status !== 0) process.stderr.write(`ip link del ${this.#prefix}: ${stderr}`)
  }

  #make(): Place {
    const n = ++this.#places
    const namespace = `${this.#prefix}-${n}`
    const address = `${this.#net}.${n + 1}`
    run('ip', ['netns', 'add', namespace])
    run('ip', ['link', 'add', `${this.#prefix}p${n}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace])
    run('ip', ['link', 'set', `${this.#prefix}p${n}`, 'master', this.#prefix, 'up'])
    run('ip', ['-n', namespace, 'addr', 'add', `${address}/24`, 'dev', 'eth0'])
    for (const device of ['lo', 'eth0']) run('ip', ['-n', namespace, 'link', 'set', device, 'up'])
    return { namespace, address }
  }
}

/** What `nsenter` has to be told before a command. */
export function into({ namespace }: Place): string[] {
  return [`--net=/run/netns/${namespace}`]
}

async function restore(place: Place, rules: readonly string[]): Promise<void> {
  const text = ['*filter', ':INPUT ACCEPT [0:0]', ':OUTPUT ACCEPT [0:0]', ...rules, 'COMMIT', ''].join('\n')
  const restoring = promisify(execFile)('nsenter', [...into(place), 'iptables-restore'])
  restoring.child.stdin?.end(text)
  await restoring
}

function run(command: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args)
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`)
}
