// A host that listens, one that refuses, and what is no address of TCP.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect } from 'chai'
import { startHost } from '../../src/net/host.ts'
import { isListening, lives } from '../../src/net/reach.ts'
import { HANG_MS } from '../waiting.ts'

describe('net: who listens', () => {
  it('hears a program that says nothing, and none where there is none', async () => {
    const server = createServer(() => {}).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const address = `/ip4/127.0.0.1/tcp/${port}`
    expect(await isListening(address, 5000)).to.equal(true)
    expect(await isListening(address.replace('ip4/127.0.0.1', 'dns4/localhost'), 5000)).to.equal(true)
    server.close()
    await once(server, 'close')
    expect(await isListening(address, 5000)).to.equal(false)
  })

  it('tells a program that answers from one that only has its connections accepted', async () => {
    const told: string[] = []
    const looks = async (address: string, answerMs: number, signal = new AbortController().signal) =>
      await lives(address, { listenMs: HANG_MS, answerMs, signal, onListening: () => told.push('listening') })
    const host = await startHost({ listen: ['/ip4/127.0.0.1/tcp/0'] })
    const address = host.addresses[0] as string
    expect(await looks(address, HANG_MS)).to.equal(true)
    await host.stop()
    expect(await looks(address, HANG_MS)).to.equal(false)
    expect(told).to.deep.equal(['listening'])
    const server = createServer(socket => socket.resume()).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    expect(await looks(`/ip4/127.0.0.1/tcp/${port}`, 50), 'says nothing').to.equal(false)
    const leaving = new AbortController()
    const looking = looks(`/ip4/127.0.0.1/tcp/${port}`, HANG_MS, leaving.signal)
    leaving.abort()
    expect(await looking, 'we leave').to.equal(false)
    server.close()
    await once(server, 'close')
  })

  it('knows TCP only', async () => {
    expect(await isListening('/ip4/127.0.0.1/udp/4801/quic-v1', 5000)).to.equal(false)
  })
})
