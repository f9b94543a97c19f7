// What strangers do to connections that link workers hold, at the moments in which a connection changes hands.
import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { expect } from 'chai'
import { type Certificate, makeCertificate } from '../../src/net/certificate.ts'
import { type Host, startHost } from '../../src/net/host.ts'
import { until } from '../waiting.ts'

const TLS_PROPOSAL = Buffer.from('\x13/multistream/1.0.0\n\x0b/tls/1.0.0\n')
const TIMES = 200

describe('net/link-workers: strangers who go when the handshake is done', () => {
  let host: Host
  let certificate: Certificate

  before(async () => {
    certificate = await makeCertificate(await generateKeyPair('Ed25519'))
  })
  afterEach(async () => await host.stop())

  async function secured(): Promise<[Socket, TLSSocket]> {
    const port = Number(/\/tcp\/(\d+)/.exec(host.addresses[0] ?? '')?.[1])
    const socket = connectTcp(port, '127.0.0.1').on('error', () => {})
    socket.write(TLS_PROPOSAL)
    await once(socket, 'data')
    socket.removeAllListeners('data')
    const secure = connectTls({ socket, ...certificate, ALPNProtocols: ['/yamux/1.0.0'], rejectUnauthorized: false })
    secure.on('error', () => {})
    await once(secure, 'secureConnect')
    return [socket, secure]
  }

  for (const linkWorkers of [0, 2]) {
    it(`leave no connection behind, with ${linkWorkers} link workers`, async () => {
      host = await startHost({ listen: ['/ip4/127.0.0.1/tcp/0'], linkWorkers })
      for (let i = 0; i < TIMES; i++) {
        const [socket, secure] = await secured()
        if (i % 2 === 0) socket.resetAndDestroy()
        else secure.destroy()
      }
      await until(() => host.libp2p.getConnections().length === 0, 'all have ended')
    })
  }
})
