// A host that listens, one that refuses, and what is no address of TCP.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect } from 'chai'
import { isListening } from '../../src/net/reach.ts'

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

  it('knows TCP only', async () => {
    expect(await isListening('/ip4/127.0.0.1/udp/4801/quic-v1', 5000)).to.equal(false)
  })
})
