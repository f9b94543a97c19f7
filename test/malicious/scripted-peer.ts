// A peer that knows the protocol and follows a script instead of its rules: the base of every malicious peer.
import type { Stream } from '@libp2p/interface'
import { CID } from 'multiformats/cid'
import { makeProof, type Task } from '../../src/core/task.ts'
import { dhtService } from '../../src/discovery/dht.ts'
import { Exchange } from '../../src/net/exchange.ts'
import { type Host, startHost } from '../../src/net/host.ts'
import type { Link, LinkListener } from '../../src/net/link.ts'
import type { ControlMessage } from '../../src/wire/codec-control.ts'
import type { Hello } from '../../src/wire/codec-hello.ts'
import type { PeerAddress } from '../../src/wire/codec-peers.ts'
import type { RefusalReason } from '../../src/wire/refusal.ts'
import { HANG_MS } from '../waiting.ts'
import { connect } from '../world/connect.ts'
import { LOOPBACK } from '../world/loopback.ts'

/** How a attacker behaves; what is left out is done as an honest peer would, except that it has nothing. */
export interface Behaviour {
  /** Changes what it says first, in answer and when dialling. */
  hello?: (hello: Hello, peer: string) => Hello
  /** How it answers whoever dials it, instead of letting him in. */
  refuses?: { refused: RefusalReason; peers?: readonly PeerAddress[] } | undefined
  /** A link stands. */
  met?: (link: Link, attacker: ScriptedPeer) => void | Promise<void>
  message?: (message: ControlMessage, link: Link, attacker: ScriptedPeer) => void | Promise<void>
  /** Default: no answer. */
  ask?: (piece: number, link: Link, attacker: ScriptedPeer) => void | Promise<void>
}

/** A peer that knows the task and the protocol, and uses them as it likes. */
export class ScriptedPeer {
  readonly host: Host
  readonly task: Task
  behaviour: Behaviour
  readonly links: Link[] = []
  readonly heard: ControlMessage[] = []
  /** Pieces that others asked for, and who. */
  readonly asks: { piece: number; peer: string }[] = []
  readonly pieces = new Map<number, Uint8Array>()
  readonly refusals: RefusalReason[] = []
  readonly ends: unknown[] = []
  readonly #exchange: Exchange

  private constructor(host: Host, task: Task, behaviour: Behaviour) {
    this.host = host
    this.task = task
    this.behaviour = behaviour
    this.#exchange = new Exchange(host, peer => this.#answer(peer))
  }

  static async start(task: Task, behaviour: Behaviour): Promise<ScriptedPeer> {
    const host = await startHost({ listen: [LOOPBACK], services: { dht: dhtService(true) } })
    const attacker = new ScriptedPeer(host, task, behaviour)
    await attacker.#exchange.start()
    return attacker
  }

  get id(): string {
    return this.host.id
  }

  get address(): string {
    return this.host.addresses[0] as string
  }

  get topic(): Uint8Array {
    return CID.parse(this.task.id).bytes
  }

  /** The version that others named. */
  get version(): string {
    const hellos = [...this.links.map(link => link.hello), ...this.heard.filter(m => m.type === 'hello')]
    return hellos.findLast(hello => hello.version !== '')?.version ?? ''
  }

  hello(peer: string, version = ''): Hello {
    const proof = makeProof(this.task.secret, this.id, peer)
    return { type: 'hello', topic: this.topic, proof, version, manifestCount: 0, links: 0 }
  }

  /** Dials and says hello once. Rejects with what the exchange says. */
  async say(address: string, change: (hello: Hello) => Hello = h => h): Promise<Link> {
    const peer = await connect(this.host, address)
    const hello = change(this.hello(peer))
    return await this.#exchange.dial(peer, hello, link => this.#attach(link), AbortSignal.timeout(HANG_MS))
  }

  /** Says that it is at the version that the other side named: from then on it may ask. */
  join(link: Link): void {
    link.send({ ...link.ourHello, version: link.hello.version })
  }

  /** Dials until the other side has the task too. */
  async meet(address: string): Promise<Link> {
    for (;;) {
      try {
        return await this.say(address)
      } catch (error) {
        if (!/unknown-topic|reset/.test(String(error))) throw error
      }
    }
  }

  /** A raw stream of a protocol, for whoever does not want to follow it. */
  async stream(address: string, protocol: string): Promise<Stream> {
    const peer = await connect(this.host, address)
    return await this.host.openStream(peer, protocol, AbortSignal.timeout(HANG_MS))
  }

  async stop(): Promise<void> {
    await this.host.stop()
  }

  #answer(peer: string) {
    const { refuses } = this.behaviour
    if (refuses !== undefined) return refuses
    const hello = this.hello(peer)
    return { hello: this.behaviour.hello?.(hello, peer) ?? hello, attach: (link: Link) => this.#attach(link) }
  }

  #attach(link: Link): LinkListener {
    this.links.push(link)
    queueMicrotask(() => void this.behaviour.met?.(link, this))
    return {
      message: async message => {
        this.heard.push(message)
        if (message.type === 'refused') this.refusals.push(message.reason)
        await this.behaviour.message?.(message, link, this)
      },
      ask: piece => {
        this.asks.push({ piece, peer: link.peer })
        void this.behaviour.ask?.(piece, link, this)
      },
      withdraw: () => {},
      buffer: size => new Uint8Array(size),
      progress: () => {},
      piece: (piece, bytes) => void this.pieces.set(piece, bytes),
      refused: (_piece, reason) => void this.refusals.push(reason),
      closed: error => void this.ends.push(error),
    }
  }
}
