// A connection outlives the limit that it had for being opened.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'chai'
import { timedTcp } from '../../src/net/timed-tcp.ts'

const LIMIT_MS = 50
const SILENT = Object.assign(() => {}, { trace: () => {}, error: () => {} })

describe('net: the time until a TCP connection stands', () => {
  it('is limited, not what follows', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = multiaddr(`/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}`)
    const components = { logger: { forComponent: () => SILENT } }
    const transport = timedTcp(LIMIT_MS)(components as unknown as Parameters<ReturnType<typeof timedTcp>>[0])
    const connecting = transport as unknown as { _connect(address: unknown, options: object): Promise<Socket> }
    const socket = await connecting._connect(address, { signal: new AbortController().signal })
    await sleep(2 * LIMIT_MS)
    expect(socket.destroyed).to.equal(false)
    socket.destroy()
    server.close()
  })
})
