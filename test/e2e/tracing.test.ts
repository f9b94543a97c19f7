// Spans of real processes that load an SDK of OpenTelemetry: one trace from df get through the daemon and a seed's answer to the origin.
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer, get, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { buildOnce } from '../cli/built.ts'
import { type Lab, LISTEN } from './lab.ts'
import { labForEach } from './lab-for-each.ts'

const SDK = pathToFileURL(fileURLToPath(new URL('tracing-sdk.mjs', import.meta.url))).href
const SECRET = 'xyzzy'
const BODY = Buffer.alloc(300_000, 'trace')
const SERVER = 1
const CLIENT = 2

interface Line {
  pid: number
  name: string
  kind: number
  attributes: Record<string, unknown>
  status: { code: number }
  events: string[]
  traceId: string
  spanId: string
  parent: string | undefined
}

describe('traces', () => {
  let lab: Lab
  let origin: Server
  let asked: IncomingHttpHeaders[]
  labForEach(opened => {
    lab = opened
  })
  before(function () {
    this.timeout(120_000)
    return buildOnce()
  })
  beforeEach(async () => {
    asked = []
    origin = createServer(({ headers, url }, response) => {
      asked.push(headers)
      if (url?.startsWith('/missing') === true) return response.writeHead(404).end()
      response.writeHead(200, { 'content-length': BODY.length, etag: '"1"' }).end(BODY)
    }).listen(0, '127.0.0.1')
    await once(origin, 'listening')
  })
  afterEach(() => {
    origin.closeAllConnections()
    origin.close()
  })

  const url = (path: string) =>
    `http://user:${SECRET}@127.0.0.1:${(origin.address() as AddressInfo).port}/${path}?token=${SECRET}`
  const env = (more: Record<string, string> = {}) => ({ NODE_OPTIONS: `--import=${SDK}`, SPANS: lab.path('spans'), ...more })

  async function spans(): Promise<Line[]> {
    const text = await readFile(lab.path('spans'), 'utf8').catch(() => '')
    return text
      .split('\n')
      .slice(0, -1)
      .map(line => JSON.parse(line))
  }

  /** Until it has ended; mocha's limit ends the wait. */
  async function ended(isIt: (span: Line) => boolean): Promise<Line> {
    for (;;) {
      const found = (await spans()).find(isIt)
      if (found !== undefined) return found
      await sleep(20)
    }
  }

  it('go from df get through the daemon to the seed and the origin, without secrets and without a word to the origin', async () => {
    const seed = lab.df(['seed', 'start', '--json', '--allow-origin', '127.0.0.1', ...LISTEN], 'seed', env())
    const { addresses } = (await seed.line('ready')) as { addresses: string[] }
    const daemonArgs = ['daemon', 'start', '--json', '--no-lan', '--seed', addresses[0] as string, ...LISTEN]
    const daemon = lab.df(daemonArgs, 'home', env())
    await daemon.line('ready')
    const got = lab.df(['get', '--json', '-o', 'out', url('file')], 'home', env())
    expect((await got.ended).code).to.equal(0)

    const mine = await ended(({ name, pid }) => name === 'dragonfly.get' && pid === got.pid)
    const job = await ended(({ name, pid }) => name === 'dragonfly.api.job' && pid === daemon.pid)
    expect(job).to.include({ traceId: mine.traceId, parent: mine.spanId, kind: SERVER })
    const inside = await ended(({ name, pid }) => name === 'dragonfly.get' && pid === daemon.pid)
    expect(inside).to.include({ traceId: mine.traceId, parent: job.spanId })
    expect(inside.attributes).to.deep.include({ 'dragonfly.bytes': BODY.length, 'dragonfly.bytes.from_seeds': BODY.length })
    expect(inside.attributes['url.full']).to.match(/^http:\/\/127\.0\.0\.1:\d+\/file$/)

    daemon.child.kill('SIGTERM')
    await daemon.ended
    const resolve = await ended(({ name, pid, kind }) => name === 'dragonfly.resolve' && pid === daemon.pid && kind === CLIENT)
    expect(resolve).to.include({ traceId: mine.traceId, parent: inside.spanId })
    expect(resolve.events).to.include('resolved')
    const answer = await ended(({ name, pid, kind }) => name === 'dragonfly.resolve' && pid === seed.pid && kind === SERVER)
    const read = await ended(({ name, pid }) => name === 'dragonfly.origin.read' && pid === seed.pid)
    expect(answer).to.include({ traceId: mine.traceId, parent: resolve.spanId })
    expect(read).to.include({ traceId: answer.traceId, parent: answer.spanId, kind: CLIENT })
    expect(JSON.stringify(await spans())).to.not.include(SECRET)
    expect(asked.flatMap(headers => Object.keys(headers))).to.not.include('traceparent')
  })

  for (const instruments of [true, false])
    it(`are joined by a request to the gateway that names one, which is passed on as ours${instruments ? ', by an SDK that instruments undici too' : ''}`, async () => {
      const args = ['daemon', 'start', '--json', '--no-lan', '--gateway', '127.0.0.1:0', ...LISTEN]
      const daemon = lab.df(args, 'home', env(instruments ? { TRACE_ORIGINS: '1' } : {}))
      const { gateway } = (await daemon.line('ready')) as { gateway: string }
      const [traceId, spanId] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7']
      const path = `http://127.0.0.1:${(origin.address() as AddressInfo).port}/file?token=${SECRET}`
      const headers = { traceparent: `00-${traceId}-${spanId}-01`, 'user-agent': 'pip/23.0' }
      await new Promise<void>((resolve, reject) => {
        get({ port: new URL(gateway).port, path, headers }, response => response.resume().on('end', resolve)).on('error', reject)
      })
      const request = await ended(({ name }) => name === 'dragonfly.gateway.request')
      expect(request).to.include({ traceId, parent: spanId, kind: SERVER })
      expect(request.attributes).to.include({
        'http.request.method': 'GET',
        'http.response.status_code': 200,
        'dragonfly.engine': 'pip',
      })
      expect(JSON.stringify(await spans())).to.not.include(SECRET)
      expect(asked.length).to.be.at.least(1)
      for (const { traceparent } of asked)
        expect(traceparent)
          .to.match(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`))
          .and.not.include(spanId)
    })

  it('go from a request to the gateway by way of a seed to the origin', async () => {
    const seed = lab.df(
      ['seed', 'start', '--json', '--allow-origin', '127.0.0.1', ...LISTEN],
      'seed',
      env({ TRACE_ORIGINS: '1' }),
    )
    const { addresses } = (await seed.line('ready')) as { addresses: string[] }
    const args = ['daemon', 'start', '--json', '--no-lan', '--seed', addresses[0] as string, '--gateway', '127.0.0.1:0']
    const config = { gateway: { rules: [{ match: '/file$', action: 'swarm' }] } }
    await writeFile(`${await lab.folder('home')}/config.json`, JSON.stringify(config))
    const daemon = lab.df([...args, ...LISTEN], 'home', env())
    const { gateway } = (await daemon.line('ready')) as { gateway: string }
    const [traceId, spanId] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7']
    const path = `http://127.0.0.1:${(origin.address() as AddressInfo).port}/file`
    const headers = ['-H', `traceparent: 00-${traceId}-${spanId}-01`]
    await promisify(execFile)('curl', ['-sf', '-o', lab.path('out'), '-x', gateway, ...headers, path])
    expect(asked.map(({ traceparent }) => String(traceparent).split('-')[1])).to.deep.equal([traceId])
    const read = await ended(({ name, pid }) => name === 'dragonfly.origin.read' && pid === seed.pid)
    expect(asked[0]?.traceparent).to.equal(`00-${traceId}-${read.spanId}-01`)
    // each is the child of the next one
    let span = read
    for (const [name, pid] of [
      ['dragonfly.resolve', seed.pid],
      ['dragonfly.resolve', daemon.pid],
      ['dragonfly.get', daemon.pid],
      ['dragonfly.gateway.request', daemon.pid],
    ] as const) {
      const { parent } = span
      if (pid === daemon.pid && name === 'dragonfly.resolve') daemon.child.kill('SIGTERM')
      span = await ended(({ spanId }) => spanId === parent)
      expect(span).to.include({ name, pid, traceId })
    }
    expect(span.parent).to.equal(spanId)
  })

  it('are told to origins by an SDK that instruments undici', async () => {
    const got = lab.df(['get', '--no-daemon', '-o', 'out', url('file')], 'home', env({ TRACE_ORIGINS: '1' }))
    expect((await got.ended).code).to.equal(0)
    const { traceId } = await ended(({ name }) => name === 'dragonfly.get')
    expect(asked.map(({ traceparent }) => String(traceparent).split('-')[1])).to.deep.equal(asked.map(() => traceId))
  })

  it('tell the code of an error, and nothing else of it', async () => {
    const got = lab.df(['get', '--no-daemon', '-o', 'out', url('missing')], 'home', env())
    expect((await got.ended).code).to.not.equal(0)
    const span = await ended(({ name }) => name === 'dragonfly.get')
    expect(span.status).to.deep.equal({ code: 2 })
    expect(span.attributes['error.type']).to.equal('origin-not-found')
  })
})
