// The examples as a newcomer runs them: each a process of its own, against a real origin.
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { ROOT, type Running, run, start } from './cli/processes.ts'

const LOOPBACK = '/ip4/127.0.0.1/tcp/0'
const CONTENT = randomBytes(3 * 2 ** 20 + 7)
const SHA256 = createHash('sha256').update(CONTENT).digest('hex')
const LINES = 12_345
const ZIPPED = gzipSync(`${'a line of a log\n'.repeat(LINES)}and no more`)

describe('examples', () => {
  let dir: string
  let server: http.Server
  let url: string
  let reads: string[]

  beforeEach(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'df-examples-'))
    reads = []
    server = http.createServer((request, response) => {
      if (request.method === 'GET') reads.push(request.url ?? '')
      const found = { '/big.iso': CONTENT, '/log.gz': ZIPPED }[request.url ?? '']
      response.writeHead(found === undefined ? 404 : 200, { etag: '"1"', 'content-length': found?.byteLength ?? 0 })
      response.end(request.method === 'HEAD' ? undefined : found)
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterEach(async () => {
    server.close()
    server.closeAllConnections()
    await rm(dir, { recursive: true, force: true })
  })

  function example(name: string, ...args: string[]): [string, string[], { cwd: string; env: NodeJS.ProcessEnv }] {
    const env = { ...process.env, DRAGONFLY_HOME: path.join(dir, `home-${name}`), TMPDIR: dir, DRAGONFLY_SEEDS: '' }
    return [process.execPath, [path.join(ROOT, 'examples', `${name}.ts`), ...args], { cwd: dir, env }]
  }

  /** Starts the seed example; the caller stops it. */
  async function startSeed(): Promise<{ seed: Running; address: string }> {
    const seed = start(...example('seed', '--allow-origin', '127.0.0.1', LOOPBACK))
    await seed.says(/^\/ip4\/.*\n/)
    return { seed, address: seed.said.stdout.split('\n')[0] as string }
  }

  it('get.ts downloads from the origin alone', async () => {
    const ended = await run(...example('get', `${url}/big.iso`, dir))
    expect(ended.code, ended.stderr).to.equal(0)
    expect(JSON.parse(ended.stdout)).to.include({ sha256: SHA256, fromOrigin: CONTENT.byteLength, trust: 'origin' })
    expect(CONTENT.equals(await readFile(path.join(dir, 'big.iso')))).to.equal(true)
  })

  it('get.ts says what is wrong, and with what code', async () => {
    const ended = await run(...example('get', `${url}/absent`, dir))
    expect(ended.code).to.equal(1)
    expect(ended.stderr).to.match(/^origin-not-found: /m)
  })

  it('get.ts and embed.ts get everything from seed.ts, which reads the origin once for each', async () => {
    const { seed, address } = await startSeed()
    try {
      const got = await run(...example('get', `${url}/big.iso`, dir, address))
      expect(got.code, got.stderr).to.equal(0)
      expect(JSON.parse(got.stdout)).to.include({ sha256: SHA256, fromSeeds: CONTENT.byteLength, fromOrigin: 0, trust: 'seed' })
      const embedded = await run(...example('embed', `${url}/log.gz`, address))
      expect(embedded.code, embedded.stderr).to.equal(0)
      expect(JSON.parse(embedded.stdout)).to.include({ lines: LINES, fromSeeds: ZIPPED.byteLength, fromOrigin: 0 })
      expect(reads).to.deep.equal(['/big.iso', '/log.gz'])
    } finally {
      seed.child.kill('SIGTERM')
    }
    expect(await seed.ended).to.include({ code: 0, signal: null })
  })

  it('embed.ts unpacks what the origin gives', async () => {
    const ended = await run(...example('embed', `${url}/log.gz`))
    expect(ended.code, ended.stderr).to.equal(0)
    expect(JSON.parse(ended.stdout)).to.include({ lines: LINES, bytes: ZIPPED.byteLength, fromOrigin: ZIPPED.byteLength })
  })

  it('demo.ts ends in a table, with one read of the origin, and leaves nothing behind', async () => {
    const ended = await run(...example('demo', '--size', '4MiB', '--peers', '3', '--rate', '4MiB'))
    expect(ended.code, ended.stdout + ended.stderr).to.equal(0)
    expect(ended.stdout.match(/^peer \d .* equal$/gm)).to.have.length(3)
    expect(ended.stdout).to.include('The origin was asked once and sent 1.00 × the file')
    expect((await readdir(dir)).filter(name => name.startsWith('df-demo-'))).to.deep.equal([])
  })

  it('demo.ts cleans up after Ctrl-C', async () => {
    const demo = start(...example('demo', '--size', '64MiB', '--peers', '2', '--rate', '1MiB'))
    await demo.says(/origin read/)
    demo.child.kill('SIGINT')
    expect(await demo.ended).to.include({ code: 130, stderr: '' })
    expect((await readdir(dir)).filter(name => name.startsWith('df-demo-'))).to.deep.equal([])
  })
})
