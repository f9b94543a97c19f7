// Logs and metrics of real processes: levels, formats, DEBUG, NDJSON with codes, and a scrape of a seed's control socket.
import { once } from 'node:events'
import { createServer, get as httpGet, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { type Ended, Lab, LISTEN } from './lab.ts'

const BODY = Buffer.alloc(300_000, 'log')
const SECRET = 'xyzzy'

describe('what a process logs', () => {
  let lab: Lab
  let url: string
  let stop: () => void

  /** An origin whose first answer to each path is 503. */
  beforeEach(async () => {
    lab = await Lab.open()
    const seen = new Set<string>()
    const server = createServer(({ url: path = '' }, response) => {
      const isNew = !seen.has(path)
      seen.add(path)
      if (isNew) return response.writeHead(503, { 'retry-after': '0' }).end()
      response.writeHead(200, { 'content-length': BODY.length, etag: '"1"' }).end(BODY)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/f`
    stop = () => {
      server.closeAllConnections()
      server.close()
    }
  })
  afterEach(async () => {
    stop()
    await lab.close()
  })

  async function get(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    const ended = await lab.df(['get', '-o', 'out', ...args, `${url}?token=${SECRET}`], undefined, env).ended
    expect(ended.code, ended.stderr).to.equal(0)
    const events = ended.lines.filter(l => l.code !== undefined)
    expect(ended.stderr + JSON.stringify(events)).to.not.include(SECRET)
    return ended
  }

  it('by default: warnings, as text', async () => {
    const { stderr } = await get([])
    expect(stderr).to.match(/^df: warning: origin answered 503 .*; trying again in [\d.]+ s$/m)
  })

  it('at --log-level error: no warnings', async () => {
    expect((await get(['--log-level', 'error'])).stderr)
      .to.match(/^saved out /m)
      .and.not.match(/warning|503/)
  })

  it('with --log-format json: one object for each event, beside the lines for people', async () => {
    const { stderr } = await get(['--log-format', 'json'])
    const lines = stderr.split('\n')
    const line = JSON.parse(lines.find(text => text.startsWith('{')) ?? '')
    expect(line).to.include({ level: 'warn', code: 'origin-retry', error: 'origin-error' })
    expect(line.waitMs).to.be.a('number')
    expect(line.msg).to.match(/^origin answered 503/)
    expect(lines.some(text => text.startsWith('saved out'))).to.equal(true)
  })

  it('with --json: codes and fields on standard output, and nothing on standard error', async () => {
    const { lines, stderr } = await get(['--json'])
    const warning = lines.find(l => l.type === 'warning')
    expect(warning).to.include({ code: 'origin-retry', level: 'warn', error: 'origin-error' })
    expect(warning?.message).to.match(/^origin answered 503/)
    expect(stderr).to.equal('')
  })

  it('with --json and --log-level: both', async () => {
    const { lines, stderr } = await get(['--json', '--log-level', 'warn'])
    expect(lines.filter(l => l.type === 'warning')).to.have.length(1)
    expect(stderr).to.match(/^df: warning: origin answered 503 [^\n]*\n$/)
  })

  it('with DEBUG=dragonfly:*: each event under its code, and nothing of others', async () => {
    const { stderr } = await get(['--quiet'], { DEBUG: 'dragonfly:*' })
    expect(stderr).to.match(/^\S+ dragonfly:origin-retry origin answered 503/m)
    expect(stderr).to.match(/^\S+ dragonfly:source-decided task \w+: read-origin$/m)
    for (const line of stderr.trimEnd().split('\n')) expect(line).to.match(/^\S+ dragonfly:/)
    expect((await get(['--quiet'], { DEBUG: 'dragonfly:peer-*' })).stderr).to.equal('')
  })

  it('a seed: links and answers at --log-level debug; its metrics on the control socket', async () => {
    const seed = await lab.seed('seed', ['--log-level', 'debug', '--log-format', 'json', '--allow-origin', '127.0.0.1'])
    const { lines } = await get(['--json', '--no-origin', '--seed', seed.address, ...LISTEN])
    expect(lines.at(-1)).to.include({ type: 'done', fromSeeds: BODY.length })

    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      httpGet({ socketPath: lab.path('seed', 'control.sock'), path: '/v1/metrics' }, resolve).on('error', reject)
    })
    expect(response.statusCode).to.equal(200)
    expect(response.headers['content-type']).to.match(/^text\/plain; version=0\.0\.4/)
    const scraped = (await text(response)).split('\n')
    expect(scraped).to.include('# TYPE dragonfly_verified_bytes_total counter')
    expect(scraped).to.include(`dragonfly_verified_bytes_total{source="origin"} ${BODY.length}`)
    expect(scraped).to.include('dragonfly_resolve_requests_total 1')
    expect(scraped).to.include('dragonfly_origin_retries_total 1')
    expect(scraped).to.include('dragonfly_origin_requests_total 2')
    expect(scraped.some(line => /^dragonfly_store_bytes [1-9]\d*$/.test(line))).to.equal(true)

    seed.child.kill('SIGTERM')
    const ended = await seed.ended
    const log = ended.stderr
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
    expect(log.map(l => l.code)).to.include.members(['origin-retry', 'resolve-answered', 'link-opened', 'link-closed'])
    expect(log.find(l => l.code === 'resolve-answered')).to.include({ level: 'debug', url })
    expect(
      ended.lines.filter(l => l.level === 'debug'),
      'NDJSON has no debugging',
    ).to.deep.equal([])
    expect(ended.stderr).to.not.include(SECRET)
  })
})
