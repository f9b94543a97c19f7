import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import http, { type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import path from 'node:path'
import { expect } from 'chai'
import { EventFeed } from '../../src/daemon/event-feed.ts'
import { Service } from '../../src/daemon/service.ts'
import { LiveStream, MAX_VIEWERS } from '../../src/gateway/web/live-stream.ts'
import { serveWeb, type Web } from '../../src/gateway/web/server.ts'
import type { DaemonLive } from '../../src/node/api/live.ts'
import { createNode } from '../../src/node/node.ts'
import { run } from '../cli/processes.ts'
import { until } from '../waiting.ts'
import type { World } from '../world/world.ts'
import { worldForEach } from '../world/world-for-each.ts'

const INDEX = new URL('../../src/index.ts', import.meta.url).href
const TIES = { seeds: [], bootstrap: [], trust: [], route: '' }

interface Asked {
  method?: string
  headers?: http.OutgoingHttpHeaders
  body?: string
}

describe('the live page', () => {
  let world: World
  let service: Service
  worldForEach(Buffer.alloc(0), opened => {
    world = opened
  })
  beforeEach(async () => {
    const node = await createNode({ store: 'memory', network: false })
    world.atEnd(() => node.stop())
    service = new Service({ node, events: new EventFeed(), ties: TIES, version: '0.0.0', role: 'daemon' })
  })

  async function page(host = '127.0.0.1'): Promise<Web> {
    const web = await serveWeb(service, { host, port: 0, home: world.dir })
    world.atEnd(() => web.close())
    return web
  }

  const portOf = (web: Web) => Number(new URL(web.url).port)

  /** The answer, with its body unread. */
  async function open(web: Web, target: string, { method = 'GET', headers = {}, body }: Asked = {}): Promise<IncomingMessage> {
    const request = http.request({ host: '127.0.0.1', port: portOf(web), path: target, method, headers, agent: false })
    request.end(body)
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    return response
  }

  async function status(web: Web, target: string, asked: Asked = {}): Promise<number | undefined> {
    const response = await open(web, target, asked)
    response.destroy()
    return response.statusCode
  }

  async function firstUpdate(response: IncomingMessage): Promise<DaemonLive> {
    let text = ''
    response.setEncoding('utf8')
    for await (const chunk of response) {
      text += chunk
      if (text.includes('\n\n')) return JSON.parse(text.replace(/^data: /, '').split('\n\n')[0] as string) as DaemonLive
    }
    throw new Error('it ended without an update')
  }

  it('has no resource from elsewhere, no script in its text, and a policy that forbids both', async () => {
    const web = await page()
    const response = await open(web, '/')
    const chunks = await response.toArray()
    const html = Buffer.concat(chunks).toString()
    expect(html).to.not.match(/https?:\/\/|<script>|<style| style=| on\w+=/)
    const policy = String(response.headers['content-security-policy'])
    expect(policy).to.include("default-src 'none'").and.to.include("script-src 'self'").and.to.include("frame-ancestors 'none'")
    expect(policy).to.not.match(/unsafe|\*|https?:/)
    expect(response.headers).to.include({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' })
    for (const name of [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, name]) => name as string))
      expect(await status(web, name), name).to.equal(200)
  })

  it('serves its own files and nothing else', async () => {
    const web = await page()
    for (const target of [
      '/server.ts',
      '/../server.ts',
      '/..%2fserver.ts',
      '/%2e%2e/server.ts',
      '/tsconfig.json',
      '//',
      '/v1/status',
    ])
      expect(await status(web, target), target).to.equal(404)
    expect(await status(web, '/', { method: 'POST' })).to.equal(405)
    expect(await status(web, '/live', { method: 'POST' })).to.equal(405)
    expect(await status(web, '/limits')).to.equal(405)
  })

  it('answers only for a name of this host, so that no other site can point its own name here', async () => {
    const web = await page()
    const port = portOf(web)
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`, `LOCALHOST:${port}`])
      expect(await status(web, '/live', { headers: { host } }), host).to.equal(200)
    for (const host of ['attacker.example', `attacker.example:${port}`, `localhost.attacker.example:${port}`, '10.0.0.1', 'a b'])
      for (const target of ['/', '/live', '/limits']) expect(await status(web, target, { headers: { host } }), host).to.equal(403)
  })

  it('needs the token for looking where other hosts can connect', async () => {
    const web = await page('0.0.0.0')
    const authorization = `Bearer ${web.token}`
    expect((await readFile(path.join(world.dir, 'api-token'), 'utf8')).trim()).to.equal(web.token)
    expect(await status(web, '/'), 'the page says nothing').to.equal(200)
    for (const given of [undefined, 'Bearer ', `Bearer ${'x'.repeat(43)}`, `bearer ${web.token}`, web.token])
      expect(await status(web, '/live', { headers: given === undefined ? {} : { authorization: given } }), given).to.equal(403)
    expect(await status(web, '/live', { headers: { authorization } })).to.equal(200)
    expect(await status(web, '/live', { headers: { authorization, host: '192.0.2.7:1' } })).to.equal(200)
    expect(await status(web, '/live', { headers: { authorization, host: 'attacker.example' } })).to.equal(403)
  })

  it('changes limits for its own page with the token, and for nobody else', async () => {
    const web = await page()
    const origin = web.url.slice(0, -1)
    const good = { authorization: `Bearer ${web.token}`, origin, 'content-type': 'application/json' }
    const body = JSON.stringify({ down: '5M' })
    const post = (headers: http.OutgoingHttpHeaders, text = body) =>
      status(web, '/limits', { method: 'POST', headers, body: text })
    const { authorization: _token, ...tokenless } = good
    const { origin: _origin, ...nowhere } = good
    for (const bad of [
      tokenless,
      nowhere,
      { ...good, authorization: 'Bearer x' },
      { ...good, origin: 'http://attacker.example' },
      { ...good, origin: 'null' },
      { ...good, origin: `http://127.0.0.1:${portOf(web) + 1}` },
      { ...good, 'sec-fetch-site': 'cross-site' },
      { ...good, 'sec-fetch-site': 'same-site' },
    ])
      expect(await post(bad), JSON.stringify(bad)).to.equal(403)
    expect(await post({ ...good, 'content-type': 'text/plain' })).to.equal(400)
    for (const text of ['', '[]', '{', '{"down":"fast"}', '{"other":1}', JSON.stringify({ down: 'x'.repeat(5000) })])
      expect(await post(good, text), text.slice(0, 20)).to.equal(400)
    expect(await service.node.limits()).to.deep.equal({ now: {} })
    expect(await post({ ...good, 'sec-fetch-site': 'same-origin' })).to.equal(200)
    expect(await service.node.limits()).to.deep.equal({ down: '5M', now: { down: 5_000_000 } })
  })

  it('tells what goes wrong, without secrets and with a bounded length', async () => {
    const web = await page()
    service.troubles.failed('https://h.example/f', new Error('x'))
    for (let i = 0; i < 100; i++)
      service.troubles.heard({ code: 'peer-violation', level: 'warn', message: '<b>'.repeat(1000), peer: 'p', reason: 'r' })
    const live = await firstUpdate(await open(web, '/live'))
    expect(live).to.include({ role: 'daemon', version: '0.0.0', jobs: 0 })
    expect(live.troubles).to.have.length(30)
    expect(live.troubles[0]?.message).to.have.length(300)
  })

  it('does nothing while nobody looks, and has a bounded number of viewers', async () => {
    const stream = new LiveStream(service)
    const server = http.createServer((_request, response) => {
      if (!stream.add(response)) response.writeHead(503).end()
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    world.atEnd(async () => void server.close())
    const { port } = server.address() as { port: number }
    const look = async () => (await once(http.get({ host: '127.0.0.1', port, agent: false }), 'response'))[0] as IncomingMessage
    expect(stream.isBusy).to.equal(false)
    const viewers: IncomingMessage[] = []
    for (let i = 0; i < MAX_VIEWERS; i++) viewers.push(await look())
    expect(stream.isBusy).to.equal(true)
    const another = await look()
    expect(another.statusCode).to.equal(503)
    for (const response of [...viewers, another]) response.destroy()
    await until(() => stream.viewers === 0, 'all have left')
    expect(stream.isBusy).to.equal(false)
  })

  it('goes on when a look fails', async () => {
    let looks = 0
    const stream = new LiveStream({
      live: async () => {
        if (++looks < 2) throw new Error('the disk fails')
        return await service.live()
      },
    })
    const server = http.createServer((_request, response) => void stream.add(response))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const [response] = (await once(http.get({ host: '127.0.0.1', port, agent: false }), 'response')) as [IncomingMessage]
    expect(await firstUpdate(response)).to.include({ role: 'daemon' })
    stream.stop()
    await new Promise(resolve => server.close(resolve))
  })

  it('is not loaded, nor is the live status, while nobody has asked for either', async () => {
    const script = `
      import { registerHooks } from 'node:module'
      const loaded = []
      registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
      const { createNode, EventFeed, Service, serveControl } = await import(${JSON.stringify(INDEX)})
      const node = await createNode({ store: 'memory', network: false })
      const ties = { seeds: [], bootstrap: [], trust: [], route: '' }
      const service = new Service({ node, events: new EventFeed(), ties, version: '0', role: 'daemon' })
      const control = await serveControl(service, ${JSON.stringify(world.path())})
      const of = () => loaded.filter(url => /\\/gateway\\/web\\/|\\/node\\/live|piece-account/.test(url)).length
      const before = of()
      await service.live()
      console.log(JSON.stringify([before, of() > 0]))
      await control.close()
      await node.stop()`
    const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', script])
    expect(stdout, stderr).to.equal('[0,true]\n')
  })

  it('keeps one update at most for a reader that does not read', async () => {
    // an update that no socket buffer takes
    const big = { troubles: 'x'.repeat(32 * 1024 * 1024) } as unknown as DaemonLive
    let looks = 0
    const stream = new LiveStream({
      live: async () => {
        looks++
        return big
      },
    })
    let held = (): number => 0
    const server = http.createServer((_request, response) => {
      held = () => response.writableLength
      stream.add(response)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const socket = connect((server.address() as { port: number }).port, '127.0.0.1')
    socket.pause()
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await until(() => looks >= 3 && held() > 0, 'several updates are due')
    expect(held()).to.be.at.most(33 * 1024 * 1024)
    stream.stop()
    socket.destroy()
    await new Promise(resolve => server.close(resolve))
    expect(stream.isBusy).to.equal(false)
  })
})
