import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { DF, type Ended, run, start } from './processes.ts'

const CONTENT = randomBytes(3 * 2 ** 20 + 1)
const SHA256 = createHash('sha256').update(CONTENT).digest('hex')

describe('df get, alone', () => {
  let dir: string
  let server: http.Server
  let url: string
  let seenHeaders: http.IncomingHttpHeaders
  let env: NodeJS.ProcessEnv

  before(async () => {
    server = http.createServer((request, response) => {
      seenHeaders = request.headers
      const { pathname } = new URL(request.url ?? '/', 'http://x')
      if (pathname.startsWith('/missing')) return response.writeHead(404).end()
      if (pathname.startsWith('/broken')) return response.writeHead(501).end()
      if (pathname.includes('tagged')) response.setHeader('etag', '"1"').setHeader('accept-ranges', 'bytes')
      response.setHeader('content-length', CONTENT.length)
      // The whole of a stalling file never comes.
      if (pathname.startsWith('/stall')) return response.write(CONTENT.subarray(0, 2 ** 20 + 5))
      return response.end(CONTENT)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  after(() => {
    server.closeAllConnections()
    server.close()
  })

  beforeEach(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'df-get-'))
    env = { PATH: '/usr/bin:/bin', HOME: os.homedir(), DRAGONFLY_HOME: path.join(dir, 'home') }
  })
  afterEach(() => rm(dir, { recursive: true, force: true }))

  const df = (...args: string[]): Promise<Ended> => run(DF, ['get', ...args], { env, cwd: dir })
  const files = async (): Promise<string[]> => (await readdir(dir)).filter(file => file !== 'home')
  const jsonLines = (text: string): Array<Record<string, unknown>> =>
    text
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))

  it('saves under the name in the URL and prints a receipt', async () => {
    const ended = await df(`${url}/file.bin?x=1`)
    expect(ended).to.include({ code: 0, stdout: '' })
    expect(ended.stderr).to.include(`saved file.bin  3.0 MiB in `).and.include(`sha256 ${SHA256}\n`)
    expect(ended.stderr).to.match(/\nfrom origin 100 %; checked against: the origin's own answer\n$/)
    expect(CONTENT.equals(await readFile(path.join(dir, 'file.bin')))).to.equal(true)
    expect(await files()).to.deep.equal(['file.bin'])
  })

  it('says nothing with --quiet, and sends headers', async () => {
    expect(await df('--quiet', '-o', 'f', '-H', 'X-Tell: it', `${url}/x`)).to.include({ code: 0, stdout: '', stderr: '' })
    expect(seenHeaders['x-tell']).to.equal('it')
  })

  it('speaks NDJSON: started, progress, done', async () => {
    const ended = await df('--json', '-o', 'f', `${url}/x`)
    const lines = jsonLines(ended.stdout)
    expect(ended).to.include({ code: 0, stderr: '' })
    expect(lines[0]).to.have.all.keys('type', 'peerId', 'addresses').and.include({ type: 'started' })
    expect(new Set(lines.slice(1, -1).map(line => line.type))).to.deep.equal(new Set(['progress']))
    expect(lines.at(-1)).to.include({
      type: 'done',
      bytes: CONTENT.length,
      fromOrigin: CONTENT.length,
      sha256: SHA256,
      trust: 'origin',
    })
    expect(lines.at(-1)).to.include.keys('url', 'output', 'cid', 'fromPeers', 'fromSeeds', 'resumed', 'seconds', 'peers')
  })

  it('streams to standard output, NDJSON aside', async () => {
    const sum = spawn('sha256sum', { stdio: ['pipe', 'pipe', 'inherit'] })
    const child = spawn(DF, ['get', '--json', '-o', '-', `${url}/x`], { env, cwd: dir, stdio: ['ignore', sum.stdin, 'pipe'] })
    sum.stdin.destroy()
    let stderr = ''
    child.stderr?.setEncoding('utf8').on('data', text => {
      stderr += text
    })
    const [[printed]] = await Promise.all([once(sum.stdout, 'data'), once(child, 'close')])
    expect(String(printed)).to.include(SHA256)
    expect(jsonLines(stderr).at(-1)).to.include({ type: 'done', output: '-', sha256: SHA256 })
    expect(await files()).to.deep.equal([])
  })

  it('ends quietly with 141 when the reader goes away', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is for bash
    const script = '"$1" get -o - "$2" | head -c 10 | wc -c; echo "${PIPESTATUS[0]}"'
    const ended = await run('/bin/bash', ['-c', script, 'sh', DF, `${url}/stall`], { env, cwd: dir })
    expect(ended.stdout).to.equal('10\n141\n')
    // a line of progress may come first on a busy machine, a complaint may not
    expect(ended.stderr).to.not.include('df:')
  })

  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    it(`leaves no half file after ${signal}, and ends with ${code}`, async () => {
      const { child, says, ended } = start(DF, ['get', '--json', '-o', 'f', `${url}/stall`], { env, cwd: dir })
      await says(/"type":"progress","bytes":[1-9]/)
      child.kill(signal)
      const { stdout, ...rest } = await ended
      expect(rest).to.include({ code, signal: null, stderr: '' })
      expect(jsonLines(stdout).at(-1)).to.include({ type: 'error', code: 'aborted' })
      expect(await files()).to.deep.equal([])
    })
  }

  it('says that the same command goes on, when it does', async () => {
    for (const [file, hint] of [
      ['stall', ''],
      ['stall-tagged', '; the same command continues where this one stopped'],
    ] as const) {
      const { child, says, ended } = start(DF, ['get', '--json', '-o', 'f', `${url}/${file}`], { env, cwd: dir })
      await says(/"type":"progress","bytes":[1-9]/)
      child.kill('SIGINT')
      const last = jsonLines((await ended).stdout).at(-1)
      expect(`; ${last?.hint ?? ''}`).to.equal(hint === '' ? '; ' : hint)
    }
  })

  it('outlives a closed terminal under nohup', async function () {
    if (process.platform !== 'linux') return this.skip()
    const script = ['nohup', DF, 'get', '--json', '-o', 'f', `${url}/stall`]
    const { child, says, ended } = start('/usr/bin/env', script, { env, cwd: dir })
    await says(/"type":"progress","bytes":[1-9]/)
    child.kill('SIGHUP')
    child.kill('SIGTERM')
    expect(await ended).to.include({ code: 143 })
  })

  it('a wrong digest shows the right one, and the pieces are kept for it', async () => {
    const wrong = await df('--digest', '0'.repeat(64), '-o', 'f', `${url}/tagged`)
    expect(wrong).to.include({ code: 5 })
    expect(wrong.stderr).to.include(`it has sha256:${SHA256}`)
    const right = await df('--json', '--digest', SHA256, '-o', 'f', `${url}/tagged`)
    expect(jsonLines(right.stdout).at(-1)).to.include({ type: 'done', resumed: CONTENT.length, fromOrigin: 0 })
  })

  it('opens no port for --json', async () => {
    const [started] = jsonLines((await df('--json', '-o', 'f', `${url}/x`)).stdout)
    expect(started).to.deep.equal({ type: 'started', peerId: '', addresses: [] })
  })

  it('takes limits of origins from the environment', async () => {
    env.DRAGONFLY_ORIGIN_LIMIT = 'much'
    const ended = await df(`${url}/x`)
    expect(ended).to.include({ code: 2 })
    expect(ended.stderr).to.include('DRAGONFLY_ORIGIN_LIMIT')
  })

  it('works without a home that can be written', async () => {
    for (const home of ['/dev/null/nowhere', '']) {
      const alone = { PATH: env.PATH, HOME: home }
      expect(await run(DF, ['get', '-q', '-o', 'f', `${url}/x`], { env: alone, cwd: dir })).to.include({ code: 0, stderr: '' })
      const streamed = await run(DF, ['get', '-qO-', '-r', '0-3', `${url}/x`], { env: alone, cwd: dir })
      expect(streamed).to.include({ code: 0, stderr: '' })
      await rm(path.join(dir, 'f'))
    }
  })

  it('lingers after the done line until a signal, which is success', async () => {
    const { child, says, ended } = start(DF, ['get', '--json', '--linger', '1h', '-o', 'f', `${url}/x`], { env, cwd: dir })
    await says(/"type":"done"/)
    expect(CONTENT.equals(await readFile(path.join(dir, 'f')))).to.equal(true)
    child.kill('SIGTERM')
    expect(await ended).to.include({ code: 0, signal: null })
  })

  it('gives up after --timeout with 8', async () => {
    expect(await df('--timeout', '1s', '-o', 'f', `${url}/stall`)).to.include({ code: 8 })
    expect(await files()).to.deep.equal([])
  })

  const failures: Array<[what: string, code: number, args: () => string[]]> = [
    ['404', 3, () => [`${url}/missing`]],
    ['501', 4, () => [`${url}/broken`]],
    ['refused connection', 4, () => ['http://127.0.0.1:1/x']],
    ['unsupported scheme', 2, () => ['ftp://example.org/x']],
    ['malformed URL', 2, () => ['example.org/x']],
    ['malformed digest', 2, () => ['--digest', 'md5:00', `${url}/x`]],
    ['malformed header', 2, () => ['-H', 'nonsense', `${url}/x`]],
    ['malformed seed', 2, () => ['--seed', '/ip4/nonsense', `${url}/x`]],
    ['malformed bootstrap', 2, () => ['--bootstrap', 'nonsense', `${url}/x`]],
    ['malformed listen', 2, () => ['--listen', '/ip4/1.2.3.4/nonsense', `${url}/x`]],
    ['malformed trust', 2, () => ['--trust', 'nonsense', '--seed', '/ip4/nonsense', `${url}/x`]],
    ['wrong digest', 5, () => ['--digest', `sha256:${'0'.repeat(64)}`, `${url}/x`]],
    ['missing output folder', 6, () => ['-o', 'nowhere/f', `${url}/x`]],
    ['nobody to ask', 7, () => ['--no-origin', `${url}/x`]],
  ]
  for (const [what, code, args] of failures) {
    it(`${what} is exit code ${code} and one line`, async () => {
      // Without the warnings of tries before the last one.
      const ended = await df('--quiet', ...args())
      expect(ended).to.include({ code, stdout: '' })
      expect(ended.stderr)
        .to.match(/^df: [^\n]+\n$/)
        .and.not.match(/unexpected|undefined|\[object/)
      expect(await files()).to.deep.equal([])
    })
  }

  it('a malformed config file is exit code 2 and names the file and the key', async () => {
    await run('/bin/mkdir', [path.join(dir, 'home')])
    await writeFile(path.join(dir, 'home', 'config.json'), '{"seeds": "x"}')
    const ended = await df(`${url}/x`)
    expect(ended).to.include({ code: 2, stdout: '' })
    expect(ended.stderr).to.equal(`df: ${path.join(dir, 'home', 'config.json')}: seeds must be a list of at most 256 texts\n`)
  })

  it('DRAGONFLY_SEEDS is read', async () => {
    env.DRAGONFLY_SEEDS = '/ip4/nonsense'
    expect(await df(`${url}/x`)).to.include({ code: 2 })
  })
})

describe('df seed start', () => {
  let dir: string
  let env: NodeJS.ProcessEnv
  beforeEach(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'df-seed-'))
    env = { PATH: '/usr/bin:/bin', HOME: os.homedir(), DRAGONFLY_HOME: path.join(dir, 'home') }
  })
  afterEach(() => rm(dir, { recursive: true, force: true }))

  const LISTEN = ['--listen', '/ip4/127.0.0.1/tcp/0']

  it('tells its addresses as one JSON line, and keeps its identity', async () => {
    const ids = []
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const { child, says, ended } = start(DF, ['seed', 'start', '--json', ...LISTEN], { env, cwd: dir })
      await says(/\n/)
      child.kill(signal)
      const { code, stdout } = await ended
      const ready = JSON.parse(stdout.split('\n')[0] as string)
      expect(code).to.equal(0)
      expect(ready).to.have.all.keys('type', 'peerId', 'addresses').and.include({ type: 'ready' })
      expect(ready.addresses[0]).to.match(new RegExp(`^/ip4/127\\.0\\.0\\.1/tcp/\\d+/p2p/${ready.peerId}$`))
      ids.push(ready.peerId)
    }
    expect(ids[0]).to.equal(ids[1])
  })

  it('tells people what to paste', async () => {
    const { child, says, said, ended } = start(DF, ['seed', 'start', ...LISTEN], { env, cwd: dir })
    await says(/ URL\n/)
    child.kill('SIGINT')
    expect(await ended).to.include({ code: 0 })
    const address = /^(\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/\w+)$/m.exec(said.stdout)?.[1]
    expect(said.stdout).to.equal(`seed ready\n${address}\n\nOn other hosts:\n  df get --seed ${address} URL\n`)
  })

  it('says when it cannot listen', async () => {
    const server = http.createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const ended = await run(DF, ['seed', 'start', '--listen', `/ip4/127.0.0.1/tcp/${port}`], { env, cwd: dir })
    server.close()
    expect(ended).to.include({ code: 7, stdout: '' })
    expect(ended.stderr).to.match(/^df: [^\n]+\n$/)
  })

  it('refuses a malformed address', async () => {
    expect(await run(DF, ['seed', 'start', '--listen', 'nonsense'], { env, cwd: dir })).to.include({ code: 2, stdout: '' })
  })
})
