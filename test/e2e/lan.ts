// A local network of real hosts: network namespaces on one bridge, without a way out.
import { spawnSync } from 'node:child_process'
import { isRoot, type Lab, type Running } from './lab.ts'

/** Whether we may make one; says so loudly when not. */
export function hasNamespaces(): boolean {
  const isHere = process.platform === 'linux' && isRoot() && spawnSync('ip', ['netns', 'list']).status === 0
  if (!isHere) console.warn('SKIPPED: only root can make network namespaces (ip netns)')
  return isHere
}

export class LocalNetwork {
  readonly #lab: Lab
  readonly #prefix = `df${process.pid}`
  readonly #made: string[] = []
  #hosts = 0

  constructor(lab: Lab) {
    this.#lab = lab
    this.#namespace('sw')
    this.#ip('-n', this.#name('sw'), 'link', 'add', 'br0', 'type', 'bridge', 'mcast_snooping', '0')
    this.#ip('-n', this.#name('sw'), 'link', 'set', 'br0', 'up')
  }

  /** Adds a host; its address is 10.77.0.N. */
  host(): LanHost {
    const index = ++this.#hosts
    const [host, port] = [this.#name(`h${index}`), `p${index}`]
    this.#namespace(`h${index}`)
    this.#ip('link', 'add', port, 'netns', this.#name('sw'), 'type', 'veth', 'peer', 'name', 'eth0', 'netns', host)
    this.#ip('-n', this.#name('sw'), 'link', 'set', port, 'master', 'br0', 'up')
    this.#ip('-n', host, 'addr', 'add', `10.77.0.${index}/24`, 'dev', 'eth0')
    this.#ip('-n', host, 'link', 'set', 'eth0', 'up')
    return {
      address: `10.77.0.${index}`,
      namespace: host,
      port: { namespace: this.#name('sw'), device: port },
      run: (command, args, home, env) => this.#run(host, command, args, home, env),
    }
  }

  close(): void {
    for (const name of this.#made.toReversed()) spawnSync('ip', ['netns', 'del', name])
  }

  #run(host: string, command: string, args: readonly string[], home: string, env: NodeJS.ProcessEnv = {}): Running {
    return this.#lab.run('nsenter', [`--net=/run/netns/${host}`, command, ...args], home, env)
  }

  #namespace(name: string): void {
    this.#ip('netns', 'add', this.#name(name))
    this.#made.push(this.#name(name))
    this.#ip('-n', this.#name(name), 'link', 'set', 'lo', 'up')
  }

  #name(name: string): string {
    return `${this.#prefix}-${name}`
  }

  #ip(...args: string[]): void {
    const { status, stderr } = spawnSync('ip', args)
    if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`)
  }
}

export interface LanHost {
  address: string
  namespace: string
  /** The other end of its cable: what is sent there is what the host receives. */
  port: { namespace: string; device: string }
  /** Runs a program on this host. `home`: a name inside the lab. */
  run(command: string, args: readonly string[], home: string, env?: NodeJS.ProcessEnv): Running
}
