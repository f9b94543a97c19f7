// The hosts of a tutorial: network namespaces with a home, a /etc of containers and a name of their own, on which commands run as they are written.
import { spawnSync } from 'node:child_process'
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { ROOT } from '../cli/processes.ts'
import { DF, type Ended, Lab, type Nginx } from '../e2e/lab.ts'
import { type LanHost, LocalNetwork } from '../e2e/lan.ts'

/** Network of the tutorials, and the one that the namespaces have. */
const [SHOWN, REAL] = ['10.0.0.', '10.77.0.']
/** Folders that each host has for itself, where they are there at all. */
const OWN = [
  '/etc/containerd',
  '/etc/containers',
  '/var/lib/containerd',
  '/run/containerd',
  '/var/lib/containers',
  '/run/containers',
]
const NODE = path.dirname(process.execPath)

export interface HostsOptions {
  count: number
  /** Bytes a second of the origin for each connection, as nginx writes it. */
  limitRate?: string
  /** More directives of nginx for the origin's server. */
  http?: string
  extra?: string
  /** Whether `df` is in PATH; otherwise the tutorial installs it. */
  isInstalled?: boolean
}

export class TutorialHosts {
  readonly lab: Lab
  readonly origin: Nginx
  readonly hosts: readonly LanHost[]
  /** The host of origins and registries: `example.org`, `registry.example.org`. */
  readonly server: LanHost
  /** Of everything that runs on the hosts, on top of a clean one. */
  readonly environment: NodeJS.ProcessEnv = {}
  readonly #network: LocalNetwork
  readonly #replaced = new Map<string, string>()

  private constructor(lab: Lab, network: LocalNetwork, hosts: readonly LanHost[], origin: Nginx) {
    this.lab = lab
    this.origin = origin
    this.hosts = hosts.slice(0, -1)
    this.server = hosts.at(-1) as LanHost
    this.#network = network
    this.replace(SHOWN, REAL)
    this.replace('https://example.org', origin.url)
  }

  static async open({ count, isInstalled = true, ...origin }: HostsOptions): Promise<TutorialHosts> {
    const lab = await Lab.open()
    const network = new LocalNetwork(lab)
    const hosts = Array.from({ length: count + 1 }, () => network.host())
    const server = hosts.at(-1) as LanHost
    const opened = new TutorialHosts(lab, network, hosts, await lab.nginx({ ...origin, host: server }))
    await opened.#programs(isInstalled)
    for (const at of hosts.keys()) await mkdir(opened.home(at + 1), { recursive: true, mode: 0o700 })
    return opened
  }

  /** A text of the tutorials and what stands for it here. */
  replace(shown: string, real: string): void {
    this.#replaced.set(shown, real)
  }

  /** A text of the tutorials as it runs here. */
  filledIn(text: string): string {
    return [...this.#replaced].reduce((filled, [shown, real]) => filled.replaceAll(shown, real), text)
  }

  /** Folder of host 1, 2, … */
  home(host: number): string {
    return this.lab.path(`host-${host}`)
  }

  /** Runs a block on a host, as a person types it, until the first command that fails. */
  async sh(host: number, block: string): Promise<Ended> {
    const more = Object.entries(this.environment).map(([name, value]) => `${name}=${value}`)
    return await this.lab.run(this.lab.path('bin/on'), [`${host}`, 'env', ...more, 'bash', '-euc', this.filledIn(block)]).ended
  }

  /** Ends what the hosts run, by their pids. */
  async close(): Promise<void> {
    const processes = async () => {
      const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name))
      const mine = pids.map(async pid =>
        (await readFile(`/proc/${pid}/environ`).catch(() => '')).includes(`HOME=${this.lab.dir}/host-`),
      )
      const isMine = await Promise.all(mine)
      return pids.filter((_, at) => isMine[at]).map(Number)
    }
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      for (const pid of await processes()) {
        try {
          process.kill(pid, signal)
        } catch {}
      }
      for (let tries = 0; tries < 40 && (await processes()).length > 0; tries++) await new Promise(r => setTimeout(r, 50))
    }
    let isLeft = true
    while (isLeft) isLeft = (await processes()).length > 0
    this.#network.close()
    await this.lab.close()
  }

  /** Runs a program on the host of origins, until the end. */
  serve(command: string, args: readonly string[]) {
    return this.server.run(command, args, 'server')
  }

  /** Programs that stand for those that need machines: ssh, scp, sudo, systemctl. */
  async #programs(isInstalled: boolean): Promise<void> {
    const bin = await this.lab.folder('bin')
    const prefix = this.hosts[0]?.namespace.replace(/1$/, '')
    const own = OWN.filter(
      folder => spawnSync('test', ['-d', folder]).status === 0 || spawnSync('mkdir', ['-p', folder]).status === 0,
    )
    const names = `${this.server.address} example.org registry.example.org`
    const list = this.hosts.map(({ address }, at) => `${address} host${at + 1}`)
    await writeFile(this.lab.path('hosts'), ['127.0.0.1 localhost', names, ...list, ''].join('\n'))
    const df = isInstalled ? `:${path.dirname(DF)}` : ''
    const scripts = {
      // HOST COMMAND…
      on: `n=$1; shift; home=${this.lab.dir}/host-$n; cd $home
exec nsenter --net=/run/netns/${prefix}$n unshare --mount sh -c '
  mount --bind ${this.lab.path('hosts')} /etc/hosts
  for own in ${own.join(' ')}; do [ -d "$0/own$own" ] || { mkdir -p "$0/own$own"; [ $own != /etc/containers ] || cp -r $own/. "$0/own$own"; }; mount --bind "$0/own$own" $own; done
  exec "$@"' $home env -i HOME=$home TMPDIR=$home USER=root LANG=C.UTF-8 PATH=${bin}${df}:${NODE}:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin "$@"`,
      ssh: `n=\${1##*.}; shift; exec ${bin}/on $n sh -c "$*"`,
      // FILE… HOST:[FILE]
      scp: `for to; do :; done; n=\${to%%:*}; n=\${n##*.}; at=\${to#*:}
while [ $# -gt 1 ]; do cp "$1" "${this.lab.dir}/host-$n/$at"; shift; done`,
      sudo: 'exec "$@"',
      // restart containerd
      systemctl: `[ "$*" = 'restart containerd' ] || exit 1
[ ! -e $HOME/containerd.pid ] || { kill $(cat $HOME/containerd.pid); while kill -0 $(cat $HOME/containerd.pid) 2>/dev/null; do sleep 0.1; done; }
containerd >$HOME/containerd.log 2>&1 & echo $! >$HOME/containerd.pid
until ctr version >/dev/null 2>&1; do kill -0 $! || exit 1; sleep 0.1; done`,
    }
    for (const [name, script] of Object.entries(scripts)) {
      await writeFile(path.join(bin, name), `#!/bin/sh\n${script}\n`)
      await chmod(path.join(bin, name), 0o755)
    }
  }
}

/** The checkout in place of the installed package: what \`npm install\` makes, without a registry. */
export async function linkCheckout(prefix: string): Promise<void> {
  const modules = path.join(prefix, 'lib/node_modules')
  await mkdir(modules, { recursive: true })
  await mkdir(path.join(prefix, 'bin'), { recursive: true })
  const link = (target: string, at: string) => spawnSync('ln', ['-sfn', target, at])
  link(ROOT.replace(/\/$/, ''), path.join(modules, 'dragonfly-p2p'))
  for (const name of ['df', 'dragonfly']) link(`../lib/node_modules/dragonfly-p2p/bin/${name}`, path.join(prefix, 'bin', name))
}
