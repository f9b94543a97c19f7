// What we use of libp2p beside its public interface, told by name: an update that takes it away fails here, not in a slow fallback.

import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, Socket } from 'node:net'
import { identify } from '@libp2p/identify'
import type { ConnectionEncrypter, MessageStream } from '@libp2p/interface'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { expect } from 'chai'
import { createLibp2p, type Libp2p } from 'libp2p'
import { Uint8ArrayList } from 'uint8arraylist'
import { dhtService } from '../../src/discovery/dht.ts'
import { nativeTls } from '../../src/net/native-tls.ts'
import { readInto } from '../../src/net/reused-buffer.ts'
import type { InsideLibp2p } from '../../src/net/thrifty.ts'
import { yamux } from '../../src/net/yamux/muxer.ts'

/** Packages of which we use what they do not promise; package.json names one version of each. */
const REACHED_INTO = [
  '@chainsafe/libp2p-noise',
  '@libp2p/identify',
  '@libp2p/kad-dht',
  '@libp2p/tcp',
  '@libp2p/tls',
  '@libp2p/utils',
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
      streamMuxers: [yamux({ maxEarlyStreams: 10, maxStreamWindowSize: 2 ** 20, maxReadBufferLength: 2 ** 22 })],
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

  it('a socket can be given a buffer to read into (of Node)', async () => {
    const server = createServer(socket => socket.end('abcdef'))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    const buffer = new Uint8Array(4)
    let got = ''
    await once(socket, 'connect')
    expect(readInto(socket, buffer, bytes => (got += Buffer.from(bytes).toString()))).to.equal(true)
    await once(socket.resume(), 'close')
    expect(got).to.equal('abcdef')
    server.close()
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

  it('the upgrader, the pruner of connections and identify have what a client costs less by', async () => {
    const node = await start(() => {})
    const { upgrader, connectionManager } = (node as unknown as InsideLibp2p).components
    expect(upgrader._encryptInbound).to.be.a('function')
    expect(upgrader.getConnectionEncrypters().has('/tls/1.0.0')).to.equal(true)
    expect(connectionManager.connectionPruner.maybePruneConnections).to.be.a('function')
    expect(connectionManager.acceptIncomingConnection).to.be.a('function')
    expect(connectionManager.afterUpgradeInbound).to.be.a('function')
    const inside = node.services.identify as { handleProtocol?: unknown; _identify?: unknown; host?: { agentVersion?: unknown } }
    const { handleProtocol, _identify, host } = inside
    expect([handleProtocol, _identify].map(each => typeof each)).to.deep.equal(['function', 'function'])
    expect(host?.agentVersion).to.be.a('string')
  })

  it('these packages are pinned to one version', async () => {
    const { dependencies } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'))
    for (const name of REACHED_INTO) expect(dependencies[name], name).to.match(/^\d+\.\d+\.\d+$/)
  })
})
