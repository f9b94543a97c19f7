// Two real libp2p nodes over TCP on this host, and streams between them.
import { once } from 'node:events'
import net from 'node:net'
import { noise } from '@chainsafe/libp2p-noise'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'

export const WINDOW = 1024 * 1024
const PROTOCOL = '/test/stream/1'

export interface StreamPair {
  ours: Stream
  theirs: Stream
}

export class TwoNodes {
  readonly client: Libp2p
  readonly server: Libp2p
  #arrived: (stream: Stream) => void = () => {}

  private constructor(client: Libp2p, server: Libp2p) {
    this.client = client
    this.server = server
  }

  static async start(): Promise<TwoNodes> {
    const nodes = new TwoNodes(await startNode([]), await startNode(['/ip4/127.0.0.1/tcp/0']))
    await nodes.server.handle(PROTOCOL, stream => nodes.#arrived(stream))
    return nodes
  }

  async stop(): Promise<void> {
    await this.client.stop()
    await this.server.stop()
  }

  /** Both ends of a new stream, on the connection given or the one that is there. */
  async open(connection?: Connection): Promise<StreamPair> {
    const on = connection ?? (await this.client.dial(this.server.getMultiaddrs()))
    const theirs = new Promise<Stream>(resolve => {
      this.#arrived = resolve
    })
    const ours = await on.newStream(PROTOCOL)
    return { ours, theirs: await theirs }
  }

  /** A stream over a TCP relay that can be cut like a cable: no goodbye on any layer above. */
  async openBreakable(): Promise<StreamPair & { cut: () => void }> {
    const port = Number(
      this.server
        .getMultiaddrs()[0]
        ?.getComponents()
        .find(c => c.name === 'tcp')?.value,
    )
    const sockets: net.Socket[] = []
    const relay = net.createServer(near => {
      const far = net.connect(port, '127.0.0.1')
      for (const socket of [near, far]) sockets.push(socket.on('error', () => {}))
      near.pipe(far).pipe(near)
    })
    await once(relay.listen(0, '127.0.0.1'), 'listening')
    const relayPort = (relay.address() as net.AddressInfo).port
    const address = multiaddr(`/ip4/127.0.0.1/tcp/${relayPort}/p2p/${this.server.peerId}`)
    const cut = () => {
      relay.close()
      for (const socket of sockets) socket.resetAndDestroy()
    }
    return { ...(await this.open(await this.client.dial(address, { force: true }))), cut }
  }
}

async function startNode(listen: string[]): Promise<Libp2p> {
  return await createLibp2p({
    addresses: { listen },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ streamOptions: { maxStreamWindowSize: WINDOW, maxReadBufferLength: 4 * WINDOW } })],
    connectionMonitor: { enabled: false },
  })
}

/** Lets everything that is ready happen. */
export function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

/** Resolves once `value` has not changed for 200 turns of the event loop: nothing moves any more. */
export async function settled(value: () => number): Promise<void> {
  let before = value()
  for (let quiet = 0; quiet < 200; quiet++) {
    await turn()
    if (value() !== before) quiet = 0
    before = value()
  }
}

export async function failure(work: Promise<unknown>): Promise<Error> {
  try {
    await work
  } catch (error) {
    return error as Error
  }
  throw new Error('it should have failed')
}
