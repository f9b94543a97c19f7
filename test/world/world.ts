// Everything that one test starts: origins, nodes, seeds, peers that follow a script. All of it ends with the world.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeTask } from '../../src/core/task.ts'
import { Dht, dhtService } from '../../src/discovery/dht.ts'
import { type Host, startHost } from '../../src/net/host.ts'
import type { DragonflyNode } from '../../src/node/api/dragonfly-node.ts'
import type { NodeEvent } from '../../src/node/api/events.ts'
import type { NodeOptions } from '../../src/node/api/node-options.ts'
import { createNode } from '../../src/node/node.ts'
import { type Behaviour, ScriptedPeer } from '../malicious/scripted-peer.ts'
import { HANG_MS } from '../waiting.ts'
import { LOOPBACK } from './loopback.ts'
import { TestOrigin } from './origin.ts'

/** A node whose events are kept. */
export class Observed {
  readonly node: DragonflyNode
  readonly events: NodeEvent[]

  constructor(node: DragonflyNode, events: NodeEvent[]) {
    this.node = node
    this.events = events
  }

  get address(): string {
    return this.node.addresses[0] as string
  }

  get id(): string {
    return this.node.peerId
  }

  /** What an operator was told that matches; debugging aside. */
  said(pattern: RegExp): string[] {
    return this.events
      .filter(e => e.level !== 'debug')
      .map(e => e.message)
      .filter(m => pattern.test(m))
  }
}

/** Everything that one test starts; all of it ends with `close`. */
export class World {
  readonly dir: string
  readonly #ends: (() => Promise<void>)[] = []
  #files = 0

  private constructor(dir: string) {
    this.dir = dir
  }

  static async open(): Promise<World> {
    return new World(await mkdtemp(join(tmpdir(), 'df-attackers-')))
  }

  /** Runs at the end, last come first. */
  atEnd(end: () => Promise<void>): void {
    this.#ends.push(end)
  }

  async origin(body: Buffer): Promise<TestOrigin> {
    const origin = await new TestOrigin(body).start()
    this.atEnd(() => origin.stop())
    return origin
  }

  async node(options: NodeOptions = {}): Promise<Observed> {
    const events: NodeEvent[] = []
    const node = await createNode({
      listen: [LOOPBACK],
      allowOrigins: ['127.0.0.1'],
      store: 'memory',
      home: join(this.dir, 'home'),
      onEvent: event => events.push(event),
      ...options,
    })
    this.atEnd(() => node.stop())
    return new Observed(node, events)
  }

  async seed(options: NodeOptions = {}): Promise<Observed> {
    const seed = await this.node(options)
    await seed.node.seed()
    return seed
  }

  async scriptedPeer(
    url: string,
    behaviour: Behaviour = {},
    headers: readonly (readonly [string, string])[] = [],
  ): Promise<ScriptedPeer> {
    const attacker = await ScriptedPeer.start(makeTask({ url, headers }), behaviour)
    this.atEnd(() => attacker.stop())
    return attacker
  }

  /** A libp2p host with a DHT client and nothing else, that knows one way in. */
  async asker(address: string): Promise<{ host: Host; dht: Dht }> {
    const host = await startHost({ listen: [], services: { dht: dhtService(false) } })
    this.atEnd(() => host.stop())
    const dht = new Dht(host.libp2p.services.dht as never)
    await host.connect([address])
    await dht.ready(AbortSignal.timeout(HANG_MS))
    return { host, dht }
  }

  path(): string {
    return join(this.dir, `out-${this.#files++}`)
  }

  async close(): Promise<void> {
    for (const end of this.#ends.toReversed()) await end()
    await rm(this.dir, { recursive: true, force: true, maxRetries: 3 })
  }
}
