// The gateway's forward proxy and the corners of HTTP: real curl, a real socket, an origin that looks at what arrives.
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { EventFeed } from '../../src/daemon/event-feed.ts'
import { Service } from '../../src/daemon/service.ts'
import { serveGateway } from '../../src/gateway/gateway.ts'
import { createNode } from '../../src/node/node.ts'
import { has } from './gateway-lab.ts'
import { Lab } from './lab.ts'

const MiB = 1024 * 1024
const TIES = { seeds: [], bootstrap: [], trust: [], route: '' }

describe('the forward proxy and HTTP', () => {
  const ends: (() => Promise<unknown>)[] = []
  let origin: Server
  let at: string
  let gateway: URL
  let lab: Lab
  const file = createHash('sha256').update('x').digest().subarray(0, 30)
  /** Called with what the origin has of a body so far. */
  let hears: (bytes: number) => void = () => {}
  const upgrades: (string | undefined)[] = []

  before(async function () {
    if (!has('curl', '--version')) this.skip()
    lab = await Lab.open()
    ends.push(() => lab.close())
    origin = createServer(async (request, response) => {
      upgrades.push(request.headers.upgrade)
      if (request.method === 'POST') return response.end(await hashOf(request, bytes => hears(bytes)))
      if (request.url === '/chunked') return response.write('one, ') && response.end('two')
      return response.writeHead(200, { etag: '"f"', 'content-length': file.length }).end(file)
    })
    // the simplest thing that is no HTTP any more
    origin.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
      socket.pipe(socket)
    })
    at = await listening(origin)
    const node = await createNode({ store: 'memory', network: false })
    const service = new Service({ node, events: new EventFeed(), ties: TIES, version: '0.0.0', role: 'daemon' })
    const forward = { rules: ['apt' as const], tunnelIdleMs: 300 }
    const served = await serveGateway(service, { host: '127.0.0.1', port: 0, forward })
    gateway = new URL(served.url)
    ends.push(
      () => served.close(),
      () => node.stop(),
      async () => {
        origin.closeAllConnections()
        await new Promise(resolve => origin.close(resolve))
      },
    )
  })
  after(async () => {
    for (const end of ends) await end()
  })

  const curl = (...args: string[]) => lab.run('curl', ['-sS', '-x', gateway.origin, ...args], 'home').ended
  const dial = () => connect({ host: gateway.hostname, port: Number(gateway.port), allowHalfOpen: true })
  /** A request as it is written, and everything that comes back. */
  const raw = async (...lines: string[]) => {
    const socket = dial()
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    const said = await text(socket)
    socket.end()
    return said
  }

  it('passes a body of 64 MiB on while it comes', async () => {
    const options = { method: 'POST', path: `${at}/post`, host: gateway.hostname, port: gateway.port, agent: false }
    const answer = Promise.withResolvers<IncomingMessage>()
    const sent = httpRequest(options, answer.resolve).on('error', answer.reject)
    const hash = createHash('sha256')
    const block = Buffer.alloc(MiB, 'body')
    const write = async () => {
      hash.update(block)
      if (!sent.write(block)) await new Promise(resolve => sent.once('drain', resolve))
    }
    const arrived = new Promise<void>(resolve => {
      hears = bytes => bytes >= MiB && resolve()
    })
    await write()
    // the rest is not sent before the origin has the beginning
    await arrived
    for (let i = 1; i < 64; i++) await write()
    sent.end()
    expect(await text(await answer.promise)).to.equal(hash.digest('hex'))
  })

  it('says 100 Continue, and the origin is not made to', async () => {
    await writeFile(lab.path('body'), Buffer.alloc(2 * MiB))
    const { stderr, stdout } = await curl('-v', '-H', 'Expect: 100-continue', '--data-binary', '@body', `${at}/post`)
    expect(stderr).to.match(/< HTTP\/1\.1 100 Continue.*< HTTP\/1\.1 200 OK/s)
    expect(stdout.toString()).to.equal(
      createHash('sha256')
        .update(Buffer.alloc(2 * MiB))
        .digest('hex'),
    )
  })

  it('serves clients of HTTP/1.0, with a length or until the connection closes', async () => {
    for (const [path, body] of [
      ['/f.deb', file.toString('latin1')],
      ['/chunked', 'one, two'],
    ]) {
      const { code, stdout } = await curl('-0', `${at}${path}`)
      expect(code).to.equal(0)
      expect(stdout.toString('latin1')).to.equal(body)
      const said = await raw(`GET ${at}${path} HTTP/1.0`)
      expect(said).to.match(/^HTTP\/1\.[01] 200 /)
      expect(said).not.to.match(/transfer-encoding/i)
    }
    expect(await raw(`GET ${at}/chunked HTTP/1.0`)).to.match(/\r\n\r\none, two$/)
  })

  it('ignores Upgrade, which is between neighbours, and tunnels WebSockets', async () => {
    const upgrade = ['Connection: Upgrade, close', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
    for (const path of ['/page', '/f.deb']) {
      const said = await raw(`GET ${at}${path} HTTP/1.1`, 'Host: x', ...upgrade)
      expect(said).to.match(/^HTTP\/1\.1 200 OK/)
    }
    expect(upgrades.filter(name => name !== undefined)).to.deep.equal([])
    const socket = dial()
    let said = ''
    const hasSaid = (what: RegExp) =>
      new Promise<void>(resolve => {
        const look = (chunk: Buffer | '') => {
          said += chunk
          if (what.test(said)) resolve()
        }
        socket.on('data', look)
      })
    const isOpen = hasSaid(/ 200 .*\r\n\r\n.* 101 .*\r\n\r\n/s)
    const { host } = new URL(at)
    socket.write(
      `CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\nGET /ws HTTP/1.1\r\nHost: ${host}\r\n${upgrade.join('\r\n')}\r\n\r\n`,
    )
    await isOpen
    const echoed = hasSaid(/hello/)
    socket.write('hello')
    await echoed
    socket.destroy()
  })

  it('ends a tunnel without a byte after the limit, and none before that has some', async () => {
    const socket = dial()
    const { host } = new URL(at)
    socket.write(`CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    const ended = new Promise(resolve => socket.once('close', resolve))
    socket.once('end', () => socket.end())
    let bytes = 0
    socket.on('data', chunk => {
      bytes += chunk.length
    })
    await ended
    expect(bytes).to.be.above(0)
  })
})

async function listening(server: Server): Promise<string> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function hashOf(request: IncomingMessage, hears: (bytes: number) => void): Promise<string> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of request) {
    hash.update(chunk)
    bytes += chunk.length
    hears(bytes)
  }
  return hash.digest('hex')
}
