// Looking after a seed, as a person does: a seed process, downloads against it, and the commands that show and clear up.
import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { rm, stat, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { expect } from 'chai'
import { startHost } from '../../src/net/host.ts'
import { resolve } from '../../src/net/resolve.ts'
import { nextAnswer } from '../world/asker.ts'
import { content } from '../world/content.ts'
import type { TestOrigin } from '../world/origin.ts'
import { World } from '../world/world.ts'
import { type Ended, Lab } from './lab.ts'

const MiB = 2 ** 20
const LENGTH = 2 * MiB + 5
const BODY = content('admin', LENGTH)

interface Content {
  type: string
  id: string
  url: string
  length: number
  bytes: number
  version: string
  isPinned: boolean
  isBusy: boolean
  isReading: boolean
  peers: number
}

interface Status {
  peerId: string
  pid: number
  addresses: string[]
  uptime: number
  contents: Content[]
  total: number
  reads: number
  askers: { all: number; hits: number }
  bytes: { fromOrigin: number; toPeers: number }
  disk: { used: number; quota: number; free: number; evicted: { contents: number }; trouble?: string }
}

describe('looking after a seed', () => {
  let lab: Lab
  let world: World
  let origin: TestOrigin

  beforeEach(async () => {
    lab = await Lab.open()
    world = await World.open()
    origin = await world.origin(BODY)
  })
  afterEach(async () => {
    await lab.close()
    await world.close()
  })

  const url = (name: string) => `${origin.url}/${name}`
  const socket = () => lab.path('seed', 'control.sock')

  /** `df seed …` on the seed's home. */
  async function seedDf(...args: string[]): Promise<Ended> {
    return await lab.df(['seed', ...args], 'seed').ended
  }

  async function lines(...args: string[]): Promise<Record<string, unknown>[]> {
    const ended = await seedDf(...args, '--json')
    expect(ended, `${ended.stdout}${ended.stderr}`).to.include({ code: 0, stderr: '' })
    return ended.lines
  }

  async function status(): Promise<Status> {
    return (await lines('status'))[0] as unknown as Status
  }

  async function ls(): Promise<Content[]> {
    return (await lines('ls')) as unknown as Content[]
  }

  /** Each name has its own bytes: equal ones would be kept once. */
  async function get(address: string, name: string, ...more: string[]): Promise<void> {
    origin.body = content(`admin ${name}`, LENGTH)
    const ended = await lab.df(['get', '--quiet', '--no-origin', '--seed', address, '-o', lab.path('out'), ...more, url(name)])
      .ended
    expect(ended, ended.stderr).to.include({ code: 0 })
  }

  /** Asks again until it is so: what a process told another takes a moment to be noticed. */
  async function statusWhen(isSo: (status: Status) => boolean, what: string): Promise<Status> {
    for (let tries = 0; tries < 40; tries++) {
      const now = await status()
      if (isSo(now)) return now
    }
    throw new Error(`not in time: ${what}`)
  }

  it('says that none is running', async () => {
    const ended = await seedDf('status')
    expect(ended).to.include({ code: 7 })
    expect(ended.stderr).to.match(/^df: no seed is running here \(.*\/seed\); .*\n$/)
    expect((await seedDf('status', '--json')).lines).to.have.nested.property('[0].code', 'no-source')
  })

  it('shows what it keeps, read and gave', async () => {
    const seed = await lab.seed()
    expect(await status()).to.deep.include({ contents: [], total: 0, reads: 0, askers: { all: 0, hits: 0 } })
    await get(seed.address, 'f?key=SECRET')
    const once = await statusWhen(s => s.contents[0]?.isBusy === false, 'nobody is at it')
    expect(once).to.include({ peerId: seed.peerId, pid: seed.pid, reads: 0, total: 1 })
    expect(once.addresses).to.include(seed.address)
    expect(once.bytes).to.include({ fromOrigin: LENGTH, toPeers: LENGTH })
    expect(once.askers).to.deep.equal({ all: 1, hits: 0 })
    expect(once.contents[0]).to.include({ url: `${url('f')}?…`, length: LENGTH, isPinned: false, isReading: false, peers: 0 })
    expect(once.contents[0]?.version).to.include('one')
    expect(once.contents[0]?.bytes).to.be.within(LENGTH, LENGTH + 64 * 1024)
    expect(once.disk.used).to.be.within(LENGTH, LENGTH + 64 * 1024)
    expect(once.disk.quota).to.be.above(LENGTH)
    await get(seed.address, 'f?key=SECRET')
    const twice = await status()
    expect(twice.askers).to.deep.equal({ all: 2, hits: 1 })
    expect(twice.bytes).to.include({ fromOrigin: LENGTH, toPeers: 2 * LENGTH })
    const { stdout } = await seedDf('status')
    expect(stdout.toString()).to.match(/requests +2, 50 % served from the store\n/)
    expect(stdout.toString()).to.match(/\n1 content:\nhttp:\S+\/f\?…\n +bafy\w+\n +2\.0 MiB on disk of 2\.0 MiB, version /)
    expect(`${stdout}${JSON.stringify(twice)}`).to.not.include('SECRET')
  })

  it('shows who is at it while it is read', async () => {
    const seed = await lab.seed()
    origin.hold(MiB)
    const peer = lab.df(['get', '--json', '--no-origin', '--seed', seed.address, '-o', lab.path('out'), url('f')])
    const now = await statusWhen(s => s.contents[0]?.peers === 1, 'a peer is linked')
    expect(now).to.include({ reads: 1 })
    expect(now.contents[0]).to.include({ isBusy: true, isReading: true, length: LENGTH })
    expect((await seedDf('rm', url('f'))).stderr).to.match(/is being downloaded or served/)
    origin.release()
    expect(await peer.ended).to.include({ code: 0 })
  })

  it('removes by URL and by id, with a seed and without', async () => {
    const seed = await lab.seed()
    for (const name of ['a', 'b', 'c']) await get(seed.address, name)
    expect((await ls()).map(c => c.url).toSorted()).to.deep.equal([url('a'), url('b'), url('c')])
    await statusWhen(s => s.contents.every(c => !c.isBusy), 'nobody is at it')
    const [removed] = await lines('rm', url('a'))
    expect(removed).to.include({ type: 'removed', asked: url('a'), contents: 1 })
    expect((await ls()).map(c => c.url).toSorted()).to.deep.equal([url('b'), url('c')])
    const again = await seedDf('rm', url('a'))
    expect(again).to.include({ code: 2 })
    expect(again.stderr).to.match(/nothing is stored of http/)
    const some = await seedDf('rm', url('a'), url('b'), '--json')
    expect(some).to.include({ code: 2, stderr: '' })
    expect(some.lines.map(({ type, asked, code }) => ({ type, asked, code }))).to.deep.equal([
      { type: 'failed', asked: url('a'), code: 'not-found' },
      { type: 'removed', asked: url('b'), code: undefined },
    ])
    await get(seed.address, 'b')
    // the seed is none the worse for it
    await get(seed.address, 'a')
    seed.child.kill('SIGTERM')
    await seed.ended
    const left = await ls()
    expect(left).to.have.length(3)
    await lines('rm', (left[0] as Content).id, url('c'))
    expect(await ls()).to.have.length(left[0]?.url === url('c') ? 2 : 1)
  })

  it('keeps what is pinned when it clears up', async () => {
    const seed = await lab.seed('seed', ['--quota', '7MiB'])
    for (const name of ['a', 'b', 'c']) await get(seed.address, name)
    await statusWhen(s => s.contents.every(c => !c.isBusy), 'nobody is at it')
    const [pin] = await lines('pin', url('a'))
    expect(pin).to.include({ type: 'pinned', asked: url('a') })
    const [gone] = await lines('gc')
    expect(gone).to.include({ type: 'gc', contents: 1, broken: 0 })
    expect((await ls()).map(c => c.url).toSorted()).to.deep.equal([url('a'), url('c')])
    expect((await ls()).find(c => c.isPinned)?.url).to.equal(url('a'))
    expect((await status()).disk.evicted).to.have.property('contents', 1)
    // over a restart, and for a store that nobody runs on
    seed.child.kill('SIGTERM')
    await seed.ended
    expect((await lines('gc', '--quota', '1'))[0]).to.include({ contents: 1 })
    expect((await ls()).map(c => c.url)).to.deep.equal([url('a')])
    await lines('unpin', url('a'))
    await lines('gc', '--quota', '1')
    expect(await ls()).to.deep.equal([])
  })

  it('evicts for a new content what was used least recently, and not what it serves', async () => {
    const seed = await lab.seed('seed', ['--quota', '7MiB'])
    for (const name of ['a', 'b', 'c']) await get(seed.address, name)
    await statusWhen(s => s.contents.every(c => !c.isBusy), 'nobody is at it')
    const first = (await ls()).toReversed()[0] as Content
    expect(first.url).to.equal(url('a'))
    // somebody who has asked for it, and not gone away, holds on to it
    const host = await startHost({ listen: [] })
    world.atEnd(() => host.stop())
    await host.connect([seed.address])
    const leave = new AbortController()
    const asked = { url: url('a'), headers: [], filter: [], tag: undefined, digest: undefined, revalidate: false }
    const replies = resolve(host, seed.peerId, asked, leave.signal)
    expect(await nextAnswer(replies)).to.have.property('type', 'resolved')
    await statusWhen(s => s.contents.find(c => c.url === url('a'))?.isBusy === true, 'a is in use')
    await get(seed.address, 'd')
    // room is made at once, the files go a moment later
    await statusWhen(s => s.contents.length === 3, 'one of four is gone')
    expect((await ls()).map(c => c.url).toSorted()).to.deep.equal([url('a'), url('c'), url('d')])
    leave.abort()
  })

  it('on a full disk serves what it has, and says so', async function () {
    // only root may mount a disk; the lab says so
    if (!(await lab.disk('disk', 8 * MiB))) return this.skip()
    const seed = await lab.seed('seed', ['--store', lab.path('disk', 'store')])
    await get(seed.address, 'a')
    await lines('pin', url('a'))
    execFileSync('sh', ['-c', `cat /dev/zero > ${lab.path('disk', 'other')} 2>/dev/null || true`])
    const ended = await lab.df(['get', '--quiet', '--seed', seed.address, '-o', lab.path('out'), url('b')]).ended
    expect(ended).to.include({ code: 0 })
    expect((await status()).disk.trouble).to.match(/no space|free/)
    expect((await seedDf('status')).stdout.toString()).to.match(/TROUBLE/)
    const { fromOrigin } = (await status()).bytes
    await get(seed.address, 'a')
    expect((await status()).bytes.fromOrigin).to.equal(fromOrigin)
    await rm(lab.path('disk', 'other'))
    await get(seed.address, 'b')
    expect((await status()).disk.trouble).to.equal(undefined)
    seed.child.kill('SIGTERM')
    const warnings = (await seed.ended).lines.filter(l => l.type === 'warning' && /accepts nothing new/.test(String(l.message)))
    expect(warnings).to.have.length(1)
  })

  describe('its socket', () => {
    it('is its owner’s alone, and goes with it', async () => {
      const seed = await lab.seed()
      expect((await stat(socket())).mode & 0o777).to.equal(0o600)
      expect((await stat(lab.path('seed'))).mode & 0o777).to.equal(0o700)
      seed.child.kill('SIGTERM')
      expect(await seed.ended).to.include({ code: 0 })
      expect(await lab.files('seed')).to.not.include('control.sock')
    })

    it('is replaced when a dead process left it', async () => {
      const dead = await lab.seed()
      dead.child.kill('SIGKILL')
      await dead.ended
      expect((await stat(socket())).isSocket()).to.equal(true)
      expect(await seedDf('status')).to.include({ code: 7 })
      const seed = await lab.seed()
      expect((await status()).peerId).to.equal(seed.peerId)
    })

    it('stays that of the first when a second seed is started on one home', async () => {
      const seed = await lab.seed()
      const second = await seedDf('start', '--listen', '/ip4/127.0.0.1/tcp/0')
      expect(second).to.include({ code: 6 })
      expect(second.stderr).to.include(String(seed.pid))
      expect((await status()).pid).to.equal(seed.pid)
    })

    it('is served where others could have replaced it once that is mended, and told', async () => {
      await lab.folder('seed')
      execFileSync('chmod', ['777', lab.path('seed')])
      const seed = await lab.seed()
      const warning = await seed.line('warning')
      expect(warning.message).to.match(/was open to other users/)
      expect(statSync(lab.path('seed')).mode & 0o022).to.equal(0)
      expect((await status()).pid).to.equal(seed.pid)
      await get(seed.address, 'a')
    })

    it('refuses what is no request of its', async () => {
      await lab.seed()
      const asks: [method: string, path: string, status: number][] = [
        ['GET', '/v1/status?limit=0', 200],
        ['GET', '/v1/status?limit=10001', 400],
        ['GET', '/v1/status?limit=-1', 400],
        ['GET', '/v1/contents?limit=x', 400],
        ['GET', '/v1/openapi.json', 200],
        ['GET', '/', 404],
        ['GET', '/v1/gc', 404],
        ['DELETE', '/v1/contents/..%2f..%2fx', 404],
        ['DELETE', `/v1/contents/${'x'.repeat(8193)}`, 400],
        ['DELETE', `/v1/contents/${'x'.repeat(30_000)}`, 414],
        ['PUT', `/v1/contents/${encodeURIComponent('http://h/').repeat(5000)}/pin`, 431],
        ['PUT', '/v1/contents/http%3A%2F%2F%5B/pin', 400],
      ]
      for (const [method, path, expected] of asks) {
        const { status: got, text } = await ask(method, path)
        expect(got, `${method} ${path.slice(0, 60)}: ${text}`).to.equal(expected)
      }
      expect((await ask('POST', '/v1/gc', 'x'.repeat(2000))).status).to.equal(413)
    })

    async function ask(method: string, path: string, body = ''): Promise<{ status: number; text: string }> {
      const headers = body === '' ? {} : { 'content-type': 'application/json', 'content-length': String(body.length) }
      return await new Promise((done, reject) => {
        const sent = request({ socketPath: socket(), method, path, headers, agent: false }, response => {
          let text = ''
          response.setEncoding('utf8').on('data', chunk => {
            text += chunk
          })
          response.on('end', () => done({ status: response.statusCode ?? 0, text }))
        })
        sent.on('error', error => reject(new Error(`${method} ${path.slice(0, 60)}: ${error.message}`))).end(body)
      })
    }
  })

  it('keeps no secret of what it was asked for', async () => {
    const seed = await lab.seed()
    await get(seed.address, 'f?key=SECRETQUERY', '-H', 'Authorization: Bearer SECRETTOKEN')
    await writeFile(lab.path('out'), '')
    const [kept] = await ls()
    expect(kept?.url).to.equal(url('f'))
    seed.child.kill('SIGTERM')
    await seed.ended
    expect(await lab.filesWith(['SECRETQUERY', 'SECRETTOKEN'])).to.deep.equal([])
  })
})
