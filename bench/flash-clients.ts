// A process of many cheap clients of bench/flash.ts: all come at the same moment. Told what to do over IPC, it answers with their times.
import { CID } from 'multiformats/cid'
import { makeProof, makeTask, type Task } from '../src/core/task.ts'
import { Exchange } from '../src/net/exchange.ts'
import { type Host, startHost } from '../src/net/host.ts'
import type { Link, LinkListener } from '../src/net/link.ts'
import { resolve } from '../src/net/resolve.ts'
import { createNode } from '../src/node/node.ts'
import type { Resolved } from '../src/wire/codec-resolve.ts'

/**
 * `hosts`: TLS, resolve, link and the first piece by a libp2p host, and nothing else; such a client cannot read the origin. `nodes`:
 * whole nodes that download as `df get` does.
 */
export type ClientKind = 'hosts' | 'nodes'

export interface FlashOrder {
  kind: ClientKind
  clients: number
  seed: string
  seedPeer: string
  url: string
  size: number
  /** A folder for outputs and homes. */
  dir: string
  limitMs: number
}

/** What became of one client; times in ms from the moment when all came. */
export interface FlashResult {
  connectedMs?: number
  resolvedMs?: number
  linkedMs?: number
  /** The first piece, or the whole, is here. */
  doneMs?: number
  /** Bytes that a node read from the origin itself. */
  fromOrigin?: number
  error?: string
}

interface Client {
  come(result: FlashResult, since: () => number): Promise<void>
  stop(): Promise<void>
}

let clients: Client[] = []
let limitMs = 0

process.on('message', async (message: { prepare: FlashOrder } | { go: true } | { stop: true }) => {
  if ('prepare' in message) {
    const order = message.prepare
    limitMs = order.limitMs
    clients = await Promise.all(Array.from({ length: order.clients }, (_, i) => prepare(order, i)))
    process.send?.({ type: 'ready' })
  } else if ('go' in message) {
    process.send?.({ type: 'results', results: await Promise.all(clients.map(go)) })
  } else {
    await Promise.all(clients.map(client => client.stop()))
    process.exit(0)
  }
})
process.on('disconnect', () => process.exit(0))

async function prepare(order: FlashOrder, i: number): Promise<Client> {
  return order.kind === 'hosts' ? await hostClient(order) : await nodeClient(order, i)
}

async function go(client: Client): Promise<FlashResult> {
  const began = performance.now()
  const result: FlashResult = {}
  try {
    await client.come(result, () => performance.now() - began)
  } catch (error) {
    result.error = String((error as Error).message ?? error)
  }
  return result
}

async function nodeClient({ seed, url, dir }: FlashOrder, i: number): Promise<Client> {
  const name = `${dir}/${process.pid}-${i}`
  const node = await createNode({ seeds: [seed], listen: [], dhtServer: false, store: 'memory', home: name })
  return {
    async come(result, since) {
      const receipt = await node.download(url, `${name}.bin`, { signal: AbortSignal.timeout(limitMs) })
      result.doneMs = since()
      result.fromOrigin = receipt.fromOrigin
    },
    stop: () => node.stop(),
  }
}

async function hostClient({ seed, seedPeer, url, size }: FlashOrder): Promise<Client> {
  const host = await startHost({ listen: [] })
  const exchange = new Exchange(host, () => ({ refused: 'too-busy' }))
  await exchange.start()
  const task = makeTask({ url, headers: [] })
  return {
    async come(result, since) {
      const signal = AbortSignal.timeout(limitMs)
      await host.connect([seed], signal)
      result.connectedMs = since()
      const request = { url, headers: [], filter: [], tag: undefined, digest: undefined, revalidate: false }
      for await (const reply of resolve(host, seedPeer, request, signal)) {
        if (reply.type === 'failed') throw new Error(reply.message)
        if (reply.type !== 'resolved') continue
        result.resolvedMs = since()
        await link(host, exchange, { task, seedPeer, size, reply, signal }, () => {
          result.linkedMs = since()
        })
        result.doneMs = since()
        return
      }
      throw new Error('the seed stopped answering')
    },
    stop: () => host.stop(),
  }
}

interface Joining {
  task: Task
  seedPeer: string
  size: number
  reply: Resolved
  signal: AbortSignal
}

/** Resolves when the first piece is here. */
async function link(host: Host, exchange: Exchange, joining: Joining, onLinked: () => void): Promise<void> {
  const { task, seedPeer, size, reply, signal } = joining
  const topic = CID.parse(task.id).bytes
  const proof = makeProof(task.secret, host.id, seedPeer)
  const done = Promise.withResolvers<void>()
  const hello = { type: 'hello', topic, proof, version: reply.version, manifestCount: 0, links: 0 } as const
  let hasAsked = false
  const attach = (opened: Link): LinkListener => ({
    message: async ({ type }) => {
      if (hasAsked || (type !== 'pieces' && type !== 'have')) return
      hasAsked = true
      opened.ask(0, size, 1)
    },
    ask: () => {},
    withdraw: () => {},
    buffer: bytes => new Uint8Array(bytes),
    progress: () => {},
    piece: piece => {
      // a seed has its slot back when the receiver says that it has it
      opened.send({ type: 'have', pieces: [piece], queue: 0 })
      done.resolve()
    },
    refused: (_, reason) => done.reject(new Error(`piece refused: ${reason}`)),
    closed: error => done.reject(new Error(`link closed: ${error ?? 'without a reason'}`)),
  })
  await exchange.dial(seedPeer, hello, attach, signal)
  onLinked()
  signal.addEventListener('abort', () => done.reject(signal.reason))
  await done.promise
}
