// A fleet of real daemons in one lab: made as a user does it, watched through the socket of each.
import { copyFile } from 'node:fs/promises'
import { controlPath, type DaemonClient, openDaemon } from '../../src/client/index.ts'
import { DF, type Lab, LISTEN, type Running } from './lab.ts'
import type { LanHost } from './lan.ts'

/** Origins of a lab are on loopback, which no member reads for another unless its owner says so. */
const HERE = [...LISTEN, '--allow-origin', '127.0.0.1']

export interface Member extends Running {
  name: string
  address: string
  peerId: string
  /** The same daemon as a node. */
  node: DaemonClient
}

export class FleetLab {
  readonly lab: Lab
  readonly members: Member[] = []
  /** The fleet file that `df fleet init` has made. */
  readonly file: string

  private constructor(lab: Lab, file: string) {
    this.lab = lab
    this.file = file
  }

  /** A fleet of so many daemons, each of which knows all others. */
  static async open(lab: Lab, count: number, flags: readonly string[] = []): Promise<FleetLab> {
    const fleet = await FleetLab.empty(lab)
    await fleet.add('member-0', ['daemon'], flags)
    // a machine with two cores is not to start twenty programs at once
    while (fleet.members.length < count) {
      const at = fleet.members.length
      const names = Array.from({ length: Math.min(4, count - at) }, (_, i) => `member-${at + i}`)
      await Promise.all(names.map(name => fleet.add(name, ['daemon'], flags)))
    }
    await fleet.settled()
    return fleet
  }

  /** A fleet of nobody yet. */
  static async empty(lab: Lab): Promise<FleetLab> {
    const file = lab.path('fleet.json')
    const { code, stderr } = await lab.df(['fleet', 'init', file]).ended
    if (code !== 0) throw new Error(stderr)
    return new FleetLab(lab, file)
  }

  /** One more: `df daemon` or `df seed`. `host`: of a network of its own, whose other hosts are origins, too. */
  async add(name: string, [kind]: readonly ['daemon' | 'seed'], flags: readonly string[] = [], host?: LanHost): Promise<Member> {
    await copyFile(this.file, `${await this.lab.folder(name)}/fleet.json`)
    const first = this.members[0]
    const join = first === undefined ? [] : ['--bootstrap', first.address]
    const alone = kind === 'daemon' ? ['--no-lan'] : []
    const there = host && ['--listen', `/ip4/${host.address}/tcp/0`, '--allow-origin', `${host.address}/24`]
    const args = [kind, 'start', '--json', ...(there ?? HERE), ...alone, ...join, ...flags]
    const running = host === undefined ? this.lab.df(args, name) : host.run(DF, args, name)
    const ready = await running.line('ready')
    const node = await openDaemon(controlPath(this.lab.path(name)))
    const [address] = ready.addresses as string[]
    const member = { ...running, name, address: address as string, peerId: ready.peerId as string, node }
    this.members.push(member)
    return member
  }

  get living(): Member[] {
    return this.members.filter(({ child }) => child.exitCode === null && child.signalCode === null && !child.killed)
  }

  /** Resolves when every member knows all others. */
  async settled(): Promise<void> {
    for (const { node } of this.living) {
      const total = async () => (await node.status(0)).fleet?.total
      while ((await total()) !== this.living.length - 1) await new Promise(resolve => setTimeout(resolve, 50))
    }
  }

  /** The members that read an origin now. */
  async readers(): Promise<Member[]> {
    const reading = await Promise.all(this.living.map(async ({ node }) => (await node.status(0)).reads > 0))
    return this.living.filter((_, i) => reading[i])
  }

  /** Closes the sockets; the lab ends the processes. */
  async close(): Promise<void> {
    await Promise.allSettled(this.members.map(({ node }) => node[Symbol.asyncDispose]()))
  }
}
