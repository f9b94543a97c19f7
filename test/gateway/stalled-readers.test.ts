// Clients that take nothing are left; those who read slowly, or wait for the gateway, are not.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { endStalled } from '../../src/gateway/front/stalled-readers.ts'

const BODY = Buffer.alloc(24 * 1024 * 1024)

describe('clients that take nothing', () => {
  it('are left after a while', async () => {
    const left = new Set<string>()
    const server = createServer((request, response) => {
      response.once('close', () => void (response.writableFinished || left.add(request.url ?? '')))
      if (request.url === '/waits') setTimeout(() => response.end('done'), 5000)
      else response.end(BODY)
    })
    // the slow one is no more than starved in a process that is
    endStalled(server, 2000)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const ask = (path: string): Socket => {
      const socket = connect(port, '127.0.0.1').on('error', () => {})
      socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`)
      return socket
    }
    const hung = ask('/hangs').pause()
    const slow = ask('/slow').pause()
    const reading = setInterval(() => {
      slow.once('data', () => slow.pause())
      slow.resume()
    }, 20)
    const waiting = ask('/waits')
    try {
      const [said] = (await once(waiting, 'data')) as [Buffer]
      expect(said.toString()).to.match(/done/)
      await sleep(200)
      expect([...left]).to.deep.equal(['/hangs'])
    } finally {
      clearInterval(reading)
      for (const socket of [hung, slow, waiting]) socket.destroy()
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    }
  })
})
