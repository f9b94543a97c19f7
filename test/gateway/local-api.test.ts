import { expect } from 'chai'
import type { FastifyInstance } from 'fastify'
import { Connection } from '../../src/client/connection.ts'
import { EventFeed } from '../../src/daemon/event-feed.ts'
import { Service } from '../../src/daemon/service.ts'
import { makeApiServer } from '../../src/gateway/api/server.ts'
import { serveControl } from '../../src/gateway/api/socket.ts'
import { eventOf } from '../../src/node/api/events.ts'
import { createNode } from '../../src/node/node.ts'
import type { World } from '../world/world.ts'
import { worldForEach } from '../world/world-for-each.ts'

const TIES = { seeds: [], bootstrap: [], trust: [], route: '' }

describe('the local API', () => {
  let world: World
  worldForEach(Buffer.alloc(0), opened => {
    world = opened
  })

  async function service(): Promise<Service> {
    const node = await createNode({ store: 'memory', network: false })
    world.atEnd(() => node.stop())
    return new Service({ node, events: new EventFeed(), ties: TIES, version: '0.0.0', role: 'daemon' })
  }

  async function app(made: Service, scope: 'all' | 'downloads' = 'all'): Promise<FastifyInstance> {
    const opened = await makeApiServer(made, { scope })
    world.atEnd(() => opened.close())
    return opened
  }

  it('refuses options that are not for others to set', async () => {
    const api = await app(await service())
    const url = 'http://127.0.0.1:9/f'
    for (const options of [{ trace: '/tmp/x' }, { keep: false }, { signal: {} }, { onProgress: 1 }, { anything: 1 }]) {
      const answer = await api.inject({ method: 'POST', url: '/v1/jobs', payload: { url, options } })
      expect(answer.statusCode, JSON.stringify(options)).to.equal(400)
      expect(answer.json()).to.include({ code: 'bad-option' })
    }
    const long = await api.inject({ method: 'POST', url: '/v1/jobs', payload: { url: `http://x/${'y'.repeat(20_000)}` } })
    expect(long.statusCode).to.equal(400)
    const large = await api.inject({ method: 'POST', url: '/v1/jobs', payload: { url, options: { tag: 'x'.repeat(300_000) } } })
    expect(large.statusCode).to.equal(413)
    expect((await api.inject('/v1/jobs/nobody/bytes')).statusCode).to.equal(404)
  })

  it('for a group has downloads and nothing else', async () => {
    const api = await app(await service(), 'downloads')
    expect((await api.inject('/v1/hello')).statusCode).to.equal(200)
    for (const [method, url] of [
      ['GET', '/v1/status'],
      ['GET', '/v1/contents'],
      ['GET', '/v1/events'],
      ['GET', '/v1/metrics'],
      ['PUT', '/v1/limits'],
      ['POST', '/v1/gc'],
      ['POST', '/v1/stop'],
      ['DELETE', '/v1/contents/x'],
    ] as const) {
      expect((await api.inject({ method, url })).statusCode, `${method} ${url}`).to.equal(404)
    }
  })

  it("sets limits, and tells the node's events as they happen", async () => {
    const made = await service()
    const home = world.path()
    const control = await serveControl(made, home)
    world.atEnd(() => control.close())
    const connection = new Connection(control.path)
    world.atEnd(async () => connection.close())
    await connection.ask('PUT', '/v1/limits', { down: '1M' })
    expect(await connection.ask('GET', '/v1/limits')).to.deep.equal({ down: '1M', now: { down: 1e6 } })
    const refused = await connection.ask('PUT', '/v1/limits', { down: 'fast' }).catch(e => e)
    expect(refused).to.include({ code: 'bad-option' })
    const lines = connection.lines('GET', '/v1/events', {})
    const first = lines.next()
    // told only to who listens by then
    const event = eventOf({ code: 'peer-banned', peer: 'p', proof: 'x', hours: 1 })
    const telling = setInterval(() => made.events.publish(event), 10)
    try {
      expect((await first).value).to.deep.equal({ ...event })
    } finally {
      clearInterval(telling)
    }
    await lines.return(undefined)
  })
})
