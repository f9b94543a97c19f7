// Peers that lie, stall or break the rules, over real libp2p, and the honest world around them: an origin, seeds, nodes.
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Stream } from '@libp2p/interface'
import { CID } from 'multiformats/cid'
import { Bitfield } from '../../src/core/bitfield.ts'
import { Manifest, type ManifestHead, type VersionInfo } from '../../src/core/manifest.ts'
import { sha256 } from '../../src/core/piece.ts'
import { RootBuilder } from '../../src/core/root.ts'
import { makeProof, makeTask, type Task } from '../../src/core/task.ts'
import { Dht, dhtService } from '../../src/discovery/dht.ts'
import { Exchange } from '../../src/net/exchange.ts'
import { type Host, startHost } from '../../src/net/host.ts'
import type { Link, LinkListener } from '../../src/net/link.ts'
import { writeStream } from '../../src/net/stream.ts'
import type { DragonflyNode } from '../../src/node/api/dragonfly-node.ts'
import type { NodeEvent, NodeOptions } from '../../src/node/api/node-options.ts'
import { createNode } from '../../src/node/node.ts'
import type { ControlMessage } from '../../src/wire/codec-control.ts'
import type { Hello } from '../../src/wire/codec-hello.ts'
import type { PeerAddress } from '../../src/wire/codec-peers.ts'
import { sealHead } from '../../src/wire/envelope.ts'
import { prefixed } from '../../src/wire/framing.ts'
import type { RefusalReason } from '../../src/wire/refusal.ts'

export const PIECE = 256 * 1024
export const LOOPBACK = '/ip4/127.0.0.1/tcp/0'

/** Bytes that are the same for the same name, and otherwise are not. */
export function content(name: string, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let at = 0, block = createHash('sha256').update(name).digest(); at < length; at += block.length) {
    block.copy(bytes, at)
    block = createHash('sha256').update(block).digest()
  }
  return bytes
}

export function hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Resolves when `isSo`; looks again at every turn of the event loop, so that what is waited for can happen. */
export async function until(isSo: () => boolean, what: string, ms = 15_000): Promise<void> {
  const end = performance.now() + ms
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`not in time: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 1))
  }
}

export interface Got {
  path: string
  headers: IncomingMessage['headers']
  status: number
}

/** One file behind HTTP, as an honest origin shows it: ETag, ranges, 304. It can be held back in the middle, and changed. */
export class TestOrigin {
  body: Buffer
  etag: string | undefined = '"one"'
  /** In every answer. */
  headers: Record<string, string> = {}
  /** Who else is answered 401: by the Authorization header. Default: nobody. */
  readers: Set<string> | undefined
  /** Anything but 200 is answered without a body. */
  status = 200
  /** Of every answer. */
  cacheControl: string | undefined
  /** Where everybody is sent instead of being given the file. */
  redirectTo: string | undefined
  /** Requests that have come, answered or not. */
  asked = 0
  readonly gets: Got[] = []
  #held: { after: number; released: PromiseWithResolvers<void> } | undefined
  #muted: PromiseWithResolvers<void> | undefined
  readonly #server: Server
  #port = 0

  constructor(body: Buffer) {
    this.body = body
    this.#server = createServer((request, response) => void this.#answer(request, response))
  }

  async start(): Promise<this> {
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
    return this
  }

  /** Without a path; stays the same after `stop`. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  get digest(): string {
    return `sha256:${hex(this.body)}`
  }

  /** Whole bodies stop after so many bytes until `release`. */
  hold(after: number): void {
    this.#held = { after, released: Promise.withResolvers() }
  }

  /** Bodies that begin from now on are not held; those that are, until what is returned is called. */
  letPass(): () => void {
    const held = this.#held
    this.#held = undefined
    return () => held?.released.resolve()
  }

  /** Says nothing to anybody from now on until `release`. */
  mute(): void {
    this.#muted = Promise.withResolvers()
  }

  release(): void {
    this.#muted?.resolve()
    this.#muted = undefined
    this.#held?.released.resolve()
    this.#held = undefined
  }

  async stop(): Promise<void> {
    this.release()
    if (!this.#server.listening) return
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { headers, url = '' } = request
    this.asked++
    await this.#muted?.promise
    const status = this.#statusFor(headers)
    this.gets.push({ path: url, headers, status })
    if (this.redirectTo !== undefined) return void response.writeHead(status, { location: this.redirectTo }).end()
    if (this.etag !== undefined) response.setHeader('etag', this.etag)
    if (this.cacheControl !== undefined) response.setHeader('cache-control', this.cacheControl)
    response.setHeader('accept-ranges', 'bytes')
    for (const [name, value] of Object.entries(this.headers)) response.setHeader(name, value)
    if (status !== 200 && status !== 206) return void response.writeHead(status).end()
    const [, from = '0', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? []
    const end = to === '' ? this.body.length : Number(to) + 1
    if (status === 206) response.setHeader('content-range', `bytes ${from}-${end - 1}/${this.body.length}`)
    const { body } = this
    response.writeHead(status, { 'content-length': end - Number(from) })
    await this.#send(response, body.subarray(Number(from), end))
  }

  async #send(response: ServerResponse, body: Buffer): Promise<void> {
    const held = this.#held
    response.write(body.subarray(0, held?.after ?? body.length))
    if (held === undefined) return void response.end()
    await held.released.promise
    response.end(body.subarray(held.after))
  }

  #statusFor(headers: IncomingMessage['headers']): number {
    if (this.redirectTo !== undefined) return 302
    if (this.status !== 200) return this.status
    if (this.readers?.has(headers.authorization ?? '') === false) return 401
    if (this.etag !== undefined && headers['if-none-match'] === this.etag) return 304
    const isSame = headers['if-range'] === undefined || headers['if-range'] === this.etag
    return headers.range !== undefined && isSame ? 206 : 200
  }
}

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

  /** What was said of a kind that matches. */
  said(pattern: RegExp): string[] {
    return this.events.map(e => e.message).filter(m => pattern.test(m))
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
    return new World(await mkdtemp(join(tmpdir(), 'df-villains-')))
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

  async villain(url: string, manners: Manners = {}, headers: readonly (readonly [string, string])[] = []): Promise<Villain> {
    const villain = await Villain.start(makeTask({ url, headers }), manners)
    this.atEnd(() => villain.stop())
    return villain
  }

  /** A libp2p host with a DHT client and nothing else, that knows one way in. */
  async asker(address: string): Promise<{ host: Host; dht: Dht }> {
    const host = await startHost({ listen: [], services: { dht: dhtService(false) } })
    this.atEnd(() => host.stop())
    const dht = new Dht(host.libp2p.services.dht as never)
    await host.connect([address])
    await dht.ready(AbortSignal.timeout(10_000))
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

export async function fileHash(path: string): Promise<string> {
  return hex(await readFile(path))
}

/** How a villain behaves; what is left out is done as an honest peer would, except that it has nothing. */
export interface Manners {
  /** Changes what it says first, in answer and when dialling. */
  hello?: (hello: Hello, peer: string) => Hello
  /** How it answers whoever dials it, instead of letting him in. */
  refuses?: { refused: RefusalReason; peers?: readonly PeerAddress[] }
  /** A link stands. */
  met?: (link: Link, villain: Villain) => void | Promise<void>
  message?: (message: ControlMessage, link: Link, villain: Villain) => void | Promise<void>
  /** Default: no answer. */
  ask?: (piece: number, link: Link, villain: Villain) => void | Promise<void>
}

/** A peer that knows the task and the protocol, and uses them as it likes. */
export class Villain {
  readonly host: Host
  readonly task: Task
  manners: Manners
  readonly links: Link[] = []
  readonly heard: ControlMessage[] = []
  /** Pieces that others asked for, and who. */
  readonly asks: { piece: number; peer: string }[] = []
  readonly pieces = new Map<number, Uint8Array>()
  readonly refusals: RefusalReason[] = []
  readonly ends: unknown[] = []
  readonly #exchange: Exchange

  private constructor(host: Host, task: Task, manners: Manners) {
    this.host = host
    this.task = task
    this.manners = manners
    this.#exchange = new Exchange(host, peer => this.#answer(peer))
  }

  static async start(task: Task, manners: Manners): Promise<Villain> {
    const host = await startHost({ listen: [LOOPBACK], services: { dht: dhtService(true) } })
    const villain = new Villain(host, task, manners)
    await villain.#exchange.start()
    return villain
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
    const peer = await this.host.connect([address])
    const hello = change(this.hello(peer))
    return await this.#exchange.dial(peer, hello, link => this.#attach(link), AbortSignal.timeout(10_000))
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
    const peer = await this.host.connect([address])
    return await this.host.openStream(peer, protocol, AbortSignal.timeout(10_000))
  }

  async stop(): Promise<void> {
    await this.host.stop()
  }

  #answer(peer: string) {
    if (this.manners.refuses !== undefined) return this.manners.refuses
    const hello = this.hello(peer)
    return { hello: this.manners.hello?.(hello, peer) ?? hello, attach: (link: Link) => this.#attach(link) }
  }

  #attach(link: Link): LinkListener {
    this.links.push(link)
    queueMicrotask(() => void this.manners.met?.(link, this))
    return {
      message: async message => {
        this.heard.push(message)
        if (message.type === 'refused') this.refusals.push(message.reason)
        await this.manners.message?.(message, link, this)
      },
      ask: piece => {
        this.asks.push({ piece, peer: link.peer })
        void this.manners.ask?.(piece, link, this)
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

/** Says that it has all of `count` pieces of whatever version the other side is at, as soon as that is known. */
export function claimsAll(count: number): (message: ControlMessage | undefined, link: Link, villain: Villain) => void {
  const told = new WeakSet<Link>()
  return (_message, link, villain) => {
    const { version } = villain
    if (version === '' || told.has(link)) return
    told.add(link)
    link.send(villain.hello(link.peer, version))
    link.send({ type: 'pieces', have: full(count), queue: 0 })
  }
}

export function full(count: number): Bitfield {
  const have = new Bitfield(count)
  for (let i = 0; i < count; i++) have.add(i)
  return have
}

/** A manifest over `body` as if it had been read from an origin, sealed; `digests` may be about other bytes. */
export function manifestOf(task: Task, body: Buffer, changes: Partial<VersionInfo> = {}): Manifest {
  const info = { task: task.id, version: 'etag "one"', pieceLength: PIECE, length: body.length, fileName: '', ...changes }
  const manifest = new Manifest(info)
  const root = new RootBuilder()
  for (let at = 0; at < body.length; at += PIECE) {
    const piece = body.subarray(at, at + PIECE)
    manifest.append(sha256(piece))
    root.add(sha256(piece), piece.length)
  }
  manifest.sealWith({ length: body.length, sha256: sha256(body), root: root.root().toString() })
  return manifest
}

export function digestsOf(manifest: Manifest): Uint8Array[] {
  return Array.from({ length: manifest.count }, (_, i) => manifest.digest(i) as Uint8Array)
}

/** Sends a manifest that it signs itself; `change` may bend the head before it is signed. */
export async function tellManifest(
  link: Link,
  villain: Villain,
  manifest: Manifest,
  change: (head: ManifestHead) => ManifestHead = h => h,
  digests = digestsOf(manifest),
): Promise<void> {
  const envelope = await sealHead(change(manifest.head()), villain.host.privateKey)
  link.send({ ...villain.hello(link.peer, manifest.info.version), manifestCount: manifest.count })
  link.send({ type: 'part', from: 0, digests })
  link.send({ type: 'head', envelope })
  link.send({ type: 'pieces', have: full(manifest.count), queue: 0 })
}

/** Bytes as one message behind its length. */
export async function sendMessage(stream: Stream, bytes: Uint8Array): Promise<void> {
  await writeStream(stream, prefixed(bytes))
}

/** How a stream ended: resolves when it has. */
export async function ended(stream: Stream, ms = 10_000): Promise<string> {
  await until(() => stream.status !== 'open' && stream.status !== 'closing', `the stream ends, is ${stream.status}`, ms)
  return stream.status
}

/** Tests that mostly wait, run beside one another, each reported by itself. Each gets a world of its own. */
export function together(cases: readonly [name: string, run: (world: World) => Promise<void>][]): void {
  let runs: Promise<void>[] = []
  before(() => {
    runs = cases.map(async ([, run]) => {
      const world = await World.open()
      try {
        await run(world)
      } finally {
        await world.close()
      }
    })
    for (const run of runs) run.catch(() => {})
  })
  for (const [i, [name]] of cases.entries()) it(name, () => runs[i])
  after(() => Promise.allSettled(runs))
}
