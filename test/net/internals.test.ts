// What we use of libp2p beside its public interface, told by name: an update that takes it away fails here, not in a slow fallback.

import { readFile } from 'node:fs/promises'
import { Socket } from 'node:net'
import { identify } from '@libp2p/identify'
import type { ConnectionEncrypter, MessageStream } from '@libp2p/interface'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { expect } from 'chai'
import { createLibp2p, type Libp2p } from 'libp2p'
import { Uint8ArrayList } from 'uint8arraylist'
import { dhtService } from '../../src/discovery/dht.ts'
import { nativeTls } from '../../src/net/native-tls.ts'

/** Packages of which we use what they do not promise; package.json names one version of each. */
const REACHED_INTO = [
  '@chainsafe/libp2p-noise',
  '@libp2p/kad-dht',
  '@libp2p/tcp',
  '@libp2p/tls',
  '@libp2p/utils',
  '@libp2p/yamux',
  'libp2p',
]

describe('net/internals', () => {
  const nodes: Libp2p[] = []

  afterEach(async () => {
    await Promise.all(nodes.splice(0).map(node => node.stop()))
  })

  /** `seen`: told of every raw connection that is to be encrypted. */
  async function start(seen: (raw: MessageStream) => void) {
    const encrypter = (components: Parameters<ReturnType<typeof nativeTls>>[0]): ConnectionEncrypter => {
      const inner = nativeTls()(components)
      const look = (raw: MessageStream) => {
        seen(raw)
        return raw
      }
      return {
        protocol: inner.protocol,
        secureInbound: (raw, options) => inner.secureInbound(look(raw), options),
        secureOutbound: (raw, options) => inner.secureOutbound(look(raw), options),
      }
    }
    const node = await createLibp2p({
      addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
      transports: [tcp()],
      connectionEncrypters: [encrypter],
      streamMuxers: [yamux()],
      services: { identify: identify(), ping: ping(), dht: dhtService(true) },
    })
    nodes.push(node)
    return node
  }

  it('a TCP connection has its socket, what was read before, and how its writing end is closed', async () => {
    const raws: MessageStream[] = []
    const [a, b] = [await start(raw => raws.push(raw)), await start(raw => raws.push(raw))]
    await a.dial(b.getMultiaddrs())
    expect(raws).to.have.length(2)
    for (const raw of raws as unknown as { socket: unknown; readBuffer: unknown; sendClose: unknown }[]) {
      expect(raw.socket).to.be.instanceOf(Socket)
      expect(raw.readBuffer).to.be.instanceOf(Uint8ArrayList)
      expect(raw.sendClose).to.be.a('function')
    }
  })

  it('a connection has its muxer, which measures the round trip', async () => {
    const [a, b] = [await start(() => {}), await start(() => {})]
    const connection = (await a.dial(b.getMultiaddrs())) as unknown as { muxer?: { getRTT?: unknown } }
    expect(connection.muxer?.getRTT).to.be.a('function')
  })

  it('the DHT has its routing table, which counts and tells of new nodes', async () => {
    const node = await start(() => {})
    const { dht } = node.services as { dht: { routingTable?: { size?: unknown; addEventListener?: unknown } } }
    expect(dht.routingTable?.size, 'size').to.equal(0)
    expect(dht.routingTable?.addEventListener).to.be.a('function')
  })

  it('these packages are pinned to one version', async () => {
    const { dependencies } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'))
    for (const name of REACHED_INTO) expect(dependencies[name], name).to.match(/^\d+\.\d+\.\d+$/)
  })
})
