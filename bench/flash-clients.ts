// A process of many cheap clients of bench/flash.ts: all come at the same moment. Told what to do over IPC, it answers with their times.
import { CID } from 'multiformats/cid'
import { makeProof, makeTask, type Task } from '../src/core/task.ts'
import { Exchange } from '../src/net/exchange.ts'
import { type Host, startHost } from '../src/net/host.ts'
import type { LinkListener } from '../src/net/link.ts'
import { resolve } from '../src/net/resolve.ts'
import { createNode } from '../src/node/node.ts'
import type { Resolved } from '../src/wire/codec-resolve.ts'

/**
 * `hosts`: TLS, resolve and link by a libp2p host, and nothing else: to be admitted. Such a client cannot read the origin. `nodes`:
 * whole nodes that download as `df get` does.
 */
export type ClientKind = 'hosts' | 'nodes'

export interface FlashOrder {
  kind: ClientKind
  clients: number
  seed: string
  seedPeer: string
  url: string
  /** A folder for outputs and homes. */
  dir: string
  limitMs: number
}

/** What became of one client; times in ms from the moment when all came. */
export interface FlashResult {
  connectedMs?: number
  resolvedMs?: number
  linkedMs?: number
  /** A host is admitted; a node has the whole content. */
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
    process.send?.({ type: 'stopped' })
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
  const node = await createNode({
    seeds: [seed],
    listen: ['/ip4/127.0.0.1/tcp/0'],
    dhtServer: false,
    store: 'memory',
    home: name,
  })
  return {
    async come(result, since) {
      const receipt = await node.download(url, `${name}.bin`, { signal: AbortSignal.timeout(limitMs) })
      result.doneMs = since()
      result.fromOrigin = receipt.fromOrigin
    },
    stop: () => node.stop(),
  }
}

async function hostClient({ seed, seedPeer, url }: FlashOrder): Promise<Client> {
  const host = await startHost({ listen: ['/ip4/127.0.0.1/tcp/0'] })
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
        await link(host, exchange, { task, seedPeer, reply, signal })
        result.linkedMs = result.doneMs = since()
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
  reply: Resolved
  signal: AbortSignal
}

/** The link stays as long as the host. */
async function link(host: Host, exchange: Exchange, { task, seedPeer, reply, signal }: Joining): Promise<void> {
  const topic = CID.parse(task.id).bytes
  const proof = makeProof(task.secret, host.id, seedPeer)
  const hello = { type: 'hello', topic, proof, version: reply.version, manifestCount: 0, links: 0 } as const
  await exchange.dial(seedPeer, hello, () => IDLE, signal)
}

/** Asks for nothing: a peer that cannot give to others either would only wait for its turn at the seed. */
const IDLE: LinkListener = {
  message: async () => {},
  ask: () => {},
  withdraw: () => {},
  buffer: bytes => new Uint8Array(bytes),
  progress: () => {},
  piece: () => {},
  refused: () => {},
  closed: () => {},
}
