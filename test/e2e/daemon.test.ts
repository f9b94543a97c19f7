import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import http from 'node:http'
import { createServer } from 'node:net'
import { expect } from 'chai'
import { openDaemon } from '../../src/client/index.ts'
import { type Ended, hasNginx, type Lab, LISTEN, type Running } from './lab.ts'
import { labForEach } from './lab-for-each.ts'

const MiB = 1024 * 1024
const HOME = 'host'

describe('the daemon of a host', () => {
  let lab: Lab
  before(function () {
    if (!hasNginx()) this.skip()
  })
  labForEach(opened => {
    lab = opened
  })

  async function startDaemon(extra: readonly string[] = []): Promise<Running> {
    const daemon = lab.df(['daemon', 'start', '--json', ...LISTEN, ...extra], HOME)
    await daemon.line('ready')
    return daemon
  }

  const status = async () => (await lab.df(['daemon', 'status', '--json'], HOME).ended).lines[0] as Record<string, unknown>
  const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
  const done = (ended: Ended) => ended.lines.find(line => line.type === 'done') as Record<string, unknown>
  const warnings = (ended: Ended) => ended.lines.filter(line => line.type === 'warning').map(line => line.code)

  it('reads the origin once for ten df get at once, and not again for the next', async () => {
    const digest = await lab.file('a.bin', 6 * MiB)
    // long enough that all ten are there before it ends
    const origin = await lab.nginx({ limitRate: '1m' })
    await startDaemon()
    const all = Array.from(
      { length: 10 },
      (_, i) => lab.df(['get', '--json', '-o', lab.path(`a${i}`), `${origin.url}/a.bin`], HOME).ended,
    )
    for (const [i, ended] of (await Promise.all(all)).entries()) {
      expect(ended.code, ended.stderr).to.equal(0)
      expect(sha256(await readFile(lab.path(`a${i}`)))).to.equal(digest)
      expect(done(ended)).to.include({ output: lab.path(`a${i}`), bytes: 6 * MiB, sha256: digest })
    }
    const before = await origin.requests()
    const again = await lab.df(['get', '--json', '-o', lab.path('again'), `${origin.url}/a.bin`], HOME).ended
    expect(done(again)).to.include({ fromOrigin: 0, resumed: 6 * MiB })
    const bodies = (await origin.requests()).slice(before.length).filter(({ bytes }) => bytes > 0)
    expect(bodies).to.deep.equal([])
    expect((await origin.requests()).reduce((sum, { bytes }) => sum + bytes, 0)).to.be.at.most(6.1 * MiB)
    expect(await status()).to.include({ role: 'daemon', jobs: 0, total: 1 })
  })

  it('streams, gives ranges and heads, and leaves the file time of the content', async () => {
    const digest = await lab.file('b.bin', 2 * MiB)
    const origin = await lab.nginx()
    await startDaemon()
    const url = `${origin.url}/b.bin`
    const streamed = await lab.df(['get', '-o', '-', url], HOME).ended
    expect(streamed.code, streamed.stderr).to.equal(0)
    expect(sha256(streamed.stdout)).to.equal(digest)
    const part = await lab.df(['get', '-r', '10-19', '-o', lab.path('part'), url], HOME).ended
    expect(part.code, part.stderr).to.equal(0)
    expect(await readFile(lab.path('part'))).to.deep.equal(streamed.stdout.subarray(10, 20))
    const head = await lab.df(['get', '--head', url], HOME).ended
    expect(head.stdout.toString()).to.include(`content-length: ${2 * MiB}`)
  })

  it('tells the errors of a download as its own process would', async () => {
    await lab.file('c.bin', 1000)
    const origin = await lab.nginx()
    await startDaemon()
    const absent = await lab.df(['get', '--json', '-o', lab.path('c'), `${origin.url}/absent`], HOME).ended
    expect(absent.code).to.equal(3)
    expect(absent.lines.at(-1)).to.include({ type: 'error', code: 'origin-not-found' })
    const nowhere = await lab.df(['get', '-o', lab.path('no', 'folder'), `${origin.url}/c.bin`], HOME).ended
    expect(nowhere.code).to.equal(6)
    const digest = `sha256:${'0'.repeat(64)}`
    const wrong = await lab.df(['get', '--digest', digest, '-o', lab.path('c'), `${origin.url}/c.bin`], HOME).ended
    expect(wrong.code, wrong.stderr).to.equal(5)
    expect(await lab.files('.')).to.not.include('c')
  })

  it('cancels a download with the death of its client', async () => {
    await lab.file('d.bin', 64 * MiB)
    const origin = await lab.nginx({ limitRate: '4m' })
    await startDaemon()
    const client = lab.df(['get', '--json', '-o', lab.path('d'), `${origin.url}/d.bin`], HOME)
    await client.line('progress')
    expect(await status()).to.include({ jobs: 1, reads: 1 })
    client.child.kill('SIGKILL')
    await client.ended
    // mocha's limit ends it
    for (let now = await status(); now.jobs !== 0 || now.reads !== 0; now = await status());
    expect(await lab.files('.')).to.not.include('d')
  })

  for (const output of ['file', 'stream']) {
    it(`does not take a download to a ${output} with it when it is killed`, async () => {
      const digest = await lab.file('e.bin', 12 * MiB)
      const origin = await lab.nginx({ limitRate: '6m' })
      const daemon = await startDaemon()
      const url = `${origin.url}/e.bin`
      const client = lab.df(output === 'file' ? ['get', '--json', '-o', lab.path('e'), url] : ['get', '-o', '-', url], HOME)
      if (output === 'file') await client.line('progress')
      else await client.said(stdout => stdout.length > 2 * MiB)
      daemon.child.kill('SIGKILL')
      const ended = await client.ended
      expect(ended.code, ended.stderr).to.equal(0)
      expect(sha256(output === 'file' ? await readFile(lab.path('e')) : ended.stdout)).to.equal(digest)
      if (output === 'file') expect(warnings(ended)).to.include('daemon-lost')
      else expect(ended.stderr).to.include('goes on by itself')
    })
  }

  it('is not used for what is a matter of another node', async () => {
    await lab.file('f.bin', 1000)
    const origin = await lab.nginx()
    await startDaemon()
    const other = '/ip4/127.0.0.1/tcp/9/p2p/12D3KooWBNXrCAJvRZ4Ce7ykr1XG6BrHubUmFkHs7Xsgc7JLM486'
    for (const flags of [['--no-daemon'], ['--seed', other], ['--store', lab.path('pieces')]]) {
      const ended = await lab.df(['get', '--json', ...flags, '-o', lab.path('f'), `${origin.url}/f.bin`], HOME).ended
      expect(ended.code, ended.stderr).to.equal(0)
      expect(done(ended)).to.include({ fromOrigin: 1000 })
    }
    expect(await status()).to.include({ total: 0 })
  })

  it('holds a limit of the host that is set while it downloads', async () => {
    const digest = await lab.file('l.bin', 6 * MiB)
    const origin = await lab.nginx()
    await startDaemon(['--limit', '1MiB'])
    const client = lab.df(['get', '--json', '-o', lab.path('l'), `${origin.url}/l.bin`], HOME)
    await client.line('progress')
    const set = await lab.df(['daemon', 'set', '--json', 'limit=none', 'upload-limit=5M'], HOME).ended
    expect(set.lines).to.deep.equal([{ type: 'limits', up: '5M', now: { up: 5_000_000 } }])
    expect((await client.ended).code).to.equal(0)
    expect(sha256(await readFile(lab.path('l')))).to.equal(digest)
    expect((await lab.df(['daemon', 'set', 'limit=fast'], HOME).ended).code).to.equal(2)
    expect((await lab.df(['daemon', 'set', 'speed=5M'], HOME).ended).code).to.equal(2)
    const shown = await lab.df(['daemon', 'set'], HOME).ended
    expect(shown.stdout.toString()).to.match(/^limit +none\nupload-limit +5M\ntotal-limit +none\n$/)
  })

  it('starts when it is needed and leaves when idle, if that was asked for', async () => {
    await lab.file('g.bin', 1000)
    const origin = await lab.nginx()
    const auto = { DRAGONFLY_DAEMON: 'auto' }
    const ended = await lab.df(['get', '-o', lab.path('g'), `${origin.url}/g.bin`], HOME, auto).ended
    expect(ended.code, ended.stderr).to.equal(0)
    const { pid } = await status()
    expect(pid).to.be.a('number')
    const second = await lab.df(['daemon', 'start'], HOME).ended
    expect(second.code).to.equal(6)
    const stopped = await lab.df(['daemon', 'stop', '--json'], HOME).ended
    expect(stopped.lines).to.deep.equal([{ type: 'stopped', pid }])
    const idle = lab.df(['daemon', 'start', '--idle', '1s', ...LISTEN], HOME)
    expect((await idle.ended).code).to.equal(0)
    expect((await lab.df(['daemon', 'status'], HOME).ended).code).to.equal(7)
    expect(
      (await lab.df(['get', '-o', lab.path('g'), `${origin.url}/g.bin`], HOME, { DRAGONFLY_DAEMON: 'sometimes' }).ended).code,
    ).to.equal(2)
  })

  it('of another version is left alone', async () => {
    await lab.file('h.bin', 1000)
    const origin = await lab.nginx()
    await lab.folder(HOME)
    const server = http.createServer((_request, response) => response.end(JSON.stringify({ api: 99, version: '9.0.0' })))
    await new Promise<void>(resolve => server.listen(lab.path(HOME, 'control.sock'), resolve))
    try {
      const ended = await lab.df(['get', '--json', '-o', lab.path('h'), `${origin.url}/h.bin`], HOME).ended
      expect(ended.code, ended.stderr).to.equal(0)
      expect(warnings(ended)).to.deep.equal(['daemon-lost'])
      expect(JSON.stringify(ended.lines)).to.include('9.0.0')
    } finally {
      server.close()
    }
  })

  it('lets the members of a group download, with their own rights, and see nothing else', async function () {
    if (process.getuid?.() !== 0) {
      console.warn('SKIPPED: only root can become other users')
      return this.skip()
    }
    const digest = await lab.file('i.bin', MiB)
    const origin = await lab.nginx()
    await chmod(lab.dir, 0o755)
    const socket = lab.path('shared', 'df.sock')
    await startDaemon(['--socket-group', 'nogroup', '--socket', socket])
    await lab.folder('theirs')
    spawnSync('chown', ['nobody', lab.path('theirs')])
    const asNobody = (args: string[]) =>
      lab.run('setpriv', ['--reuid=nobody', '--regid=nogroup', '--clear-groups', ...args], 'theirs/home', {
        DRAGONFLY_SOCKET: socket,
        HOME: lab.path('theirs'),
      }).ended
    const df = (await import('./lab.ts')).DF
    const ended = await asNobody([df, 'get', '--json', '-o', lab.path('theirs', 'i'), `${origin.url}/i.bin`])
    expect(ended.code, ended.stderr).to.equal(0)
    expect(sha256(await readFile(lab.path('theirs', 'i')))).to.equal(digest)
    expect(
      spawnSync('stat', ['-c', '%U', lab.path('theirs', 'i')])
        .stdout.toString()
        .trim(),
    ).to.equal('nobody')
    expect(await status()).to.include({ total: 1 })
    // a place that only the daemon may write to
    const refused = await asNobody([df, 'get', '-o', lab.path('i'), `${origin.url}/i.bin`])
    expect(refused.code).to.equal(6)
    const shared = await openDaemon(socket)
    await shared.status().then(
      () => expect.fail('it told its status'),
      error => expect(error).to.include({ code: 'not-found' }),
    )
    await shared.stop()
  })

  it('serves the local API on a loopback port to whoever has the token', async () => {
    const digest = await lab.file('j.bin', MiB)
    const origin = await lab.nginx()
    const free = createServer()
    await new Promise<void>(resolve => free.listen(0, '127.0.0.1', resolve))
    const { port } = free.address() as { port: number }
    await new Promise(resolve => free.close(resolve))
    await startDaemon(['--api', `127.0.0.1:${port}`])
    const url = `http://127.0.0.1:${port}/v1/content?url=${encodeURIComponent(`${origin.url}/j.bin`)}`
    expect((await fetch(url)).status).to.equal(403)
    const token = (await readFile(lab.path(HOME, 'api-token'), 'utf8')).trim()
    const authorization = `Bearer ${token}`
    expect((await fetch(url, { headers: { authorization: `Bearer ${token.slice(1)}x` } })).status).to.equal(403)
    const whole = await fetch(url, { headers: { authorization } })
    expect(sha256(Buffer.from(await whole.arrayBuffer()))).to.equal(digest)
    const part = await fetch(url, { headers: { authorization, range: 'bytes=5-14' } })
    expect(part.status).to.equal(206)
    expect(part.headers.get('content-range')).to.equal(`bytes 5-14/${MiB}`)
    expect((await part.arrayBuffer()).byteLength).to.equal(10)
    const beyond = await fetch(url, { headers: { authorization, range: `bytes=${MiB}-` } })
    expect(beyond.status).to.equal(416)
  })

  it('writes over a bind-mounted or existing file as its own process does', async () => {
    const digest = await lab.file('k.bin', MiB)
    const origin = await lab.nginx()
    await startDaemon()
    await writeFile(lab.path('k'), 'old', { mode: 0o640 })
    const ended = await lab.df(['get', '-o', lab.path('k'), `${origin.url}/k.bin`], HOME).ended
    expect(ended.code, ended.stderr).to.equal(0)
    expect(sha256(await readFile(lab.path('k')))).to.equal(digest)
    expect(
      spawnSync('stat', ['-c', '%a', lab.path('k')])
        .stdout.toString()
        .trim(),
    ).to.equal('640')
    const full = await lab.df(['get', '-o', '/dev/full', `${origin.url}/k.bin`], HOME).ended
    expect(full.code, full.stderr).to.equal(6)
  })
})
