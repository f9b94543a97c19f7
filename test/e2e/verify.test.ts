// df verify, ls, rm, gc and pin on a host: with its daemon, with a seed that is named, and with nobody.
import { createHash } from 'node:crypto'
import { open, readFile, stat, truncate } from 'node:fs/promises'
import { request } from 'node:http'
import { expect } from 'chai'
import { type Ended, hasNginx, type Lab, LISTEN, type Running } from './lab.ts'
import { labForEach } from './lab-for-each.ts'

const MiB = 1024 * 1024
const HOME = 'host'

describe('df verify', () => {
  let lab: Lab
  before(function () {
    if (!hasNginx()) this.skip()
  })
  labForEach(opened => {
    lab = opened
  })

  async function startDaemon(...extra: string[]): Promise<Running> {
    const daemon = lab.df(['daemon', 'start', '--json', ...LISTEN, ...extra], HOME)
    await daemon.line('ready')
    return daemon
  }

  async function stopDaemon(): Promise<void> {
    expect((await lab.df(['daemon', 'stop'], HOME).ended).code).to.equal(0)
  }

  async function get(url: string, ...flags: string[]): Promise<Record<string, unknown>> {
    const ended = await lab.df(['get', '--json', '-o', lab.path('out'), ...flags, url], HOME).ended
    expect(ended.code, ended.stderr).to.equal(0)
    return ended.lines.find(line => line.type === 'done') as Record<string, unknown>
  }

  /** `df verify --json …`: its end, the contents that it told, and the summary. */
  async function verify(...args: string[]): Promise<{ ended: Ended; contents: Record<string, unknown>[]; done: unknown }> {
    const ended = await lab.df(['verify', '--json', ...args], HOME).ended
    const contents = ended.lines.filter(line => line.type === 'content')
    return { ended, contents, done: ended.lines.find(line => line.type === 'done') }
  }

  /** Writes over some bytes of every entry whose data has this length. */
  async function spoil(length: number, at = MiB + 17): Promise<string> {
    for (const key of await lab.kept(HOME)) {
      const file = lab.path(HOME, 'store', 'entries', key, 'data')
      if ((await stat(file)).size !== length) continue
      const handle = await open(file, 'r+')
      await handle.write(Buffer.from('not what it was'), 0, 15, at)
      await handle.close()
      return key
    }
    throw new Error(`nothing of ${length} bytes is kept`)
  }

  const sha256 = async (file: string) =>
    createHash('sha256')
      .update(await readFile(file))
      .digest('hex')
  const dataOf = (key: string) => lab.path(HOME, 'store', 'entries', key, 'data')

  it('finds what is broken and fetches that again, through the daemon', async () => {
    const digest = await lab.file('a.bin', 3 * MiB)
    await lab.file('b.bin', 2 * MiB)
    const origin = await lab.nginx()
    await startDaemon()
    await get(`${origin.url}/a.bin`)
    await get(`${origin.url}/b.bin`)
    const good = await verify()
    expect(good.ended.code, good.ended.stderr).to.equal(0)
    expect(good.done).to.deep.equal({ type: 'done', contents: 2, bytes: 5 * MiB, good: 2, repaired: 0, removed: 0, broken: 0 })
    const key = await spoil(3 * MiB)
    const before = await origin.bytes()
    const { ended, contents, done } = await verify()
    expect(ended.code, `${ended.stdout}${ended.stderr}`).to.equal(0)
    expect(done).to.include({ good: 1, repaired: 1, broken: 0 })
    expect(contents.find(({ state }) => state === 'repaired')).to.include({ url: `${origin.url}/a.bin`, broken: 1 })
    expect(await sha256(dataOf(key))).to.equal(digest)
    // a read of the origin goes on to its end
    expect((await origin.bytes()) - before).to.be.within(1, 2.1 * MiB)
    const text = await lab.df(['verify'], HOME).ended
    expect(text.stdout.toString()).to.equal('verified 2 contents (5.0 MiB): all good\n')
  })

  it('looks at one content by URL or id, and knows the URL of none that has a query', async () => {
    await lab.file('a.bin', 3 * MiB)
    await lab.file('b.bin', 2 * MiB)
    const origin = await lab.nginx()
    await startDaemon()
    const signed = `${origin.url}/a.bin?key=SECRET`
    await get(signed)
    await get(`${origin.url}/b.bin`)
    await spoil(3 * MiB)
    const other = await verify(`${origin.url}/b.bin`)
    expect(other.done).to.include({ contents: 1, good: 1 })
    const unknown = await verify('bafynothing')
    expect(unknown.ended.code).to.equal(2)
    expect(unknown.ended.lines).to.have.nested.property('[0].code', 'not-found')
    const all = await verify()
    expect(all.ended.code).to.equal(5)
    const left = all.contents.find(({ state }) => state === 'broken') as { id: string; reason: string }
    expect(left.reason).to.match(/URL is not kept/)
    expect((await verify(left.id)).ended.code).to.equal(5)
    const named = await verify(signed)
    expect(named.ended.code, named.ended.stdout.toString()).to.equal(0)
    expect(named.contents).to.have.nested.property('[0].state', 'repaired')
    expect((await verify()).done).to.include({ good: 2 })
  })

  it('tells what stays broken when the origin is gone', async () => {
    await lab.file('a.bin', 3 * MiB)
    const origin = await lab.nginx()
    await startDaemon()
    await get(`${origin.url}/a.bin`)
    await spoil(3 * MiB)
    await origin.stop()
    const { ended, contents } = await verify()
    expect(ended.code).to.equal(5)
    expect(contents).to.have.nested.property('[0].state', 'broken')
    expect(contents[0]?.reason).to.be.a('string')
    const text = await lab.df(['verify'], HOME).ended
    expect(text.stdout.toString()).to.match(
      /^broken http:\S+ \(bafy\w+\), 1 of 24 pieces broken: .+\nverified 1 content .*: 1 broken\n$/,
    )
  })

  it('without anybody only tells, and with a seed repairs', async () => {
    const digest = await lab.file('a.bin', 3 * MiB)
    const origin = await lab.nginx()
    const seed = await lab.seed()
    await startDaemon('--seed', seed.address)
    await get(`${origin.url}/a.bin`)
    await stopDaemon()
    const key = await spoil(3 * MiB)
    const alone = await verify()
    expect(alone.ended.code).to.equal(5)
    expect(alone.contents[0]?.reason).to.match(/start df daemon, or name a seed/)
    await origin.stop()
    const { ended } = await verify('--seed', seed.address)
    expect(ended.code, ended.stdout.toString()).to.equal(0)
    expect(await sha256(dataOf(key))).to.equal(digest)
  })

  it('forgets what is broken of an unfinished content, and removes what nobody can make sense of', async () => {
    const digest = await lab.file('a.bin', 8 * MiB)
    const origin = await lab.nginx({ limitRate: '4m' })
    const url = `${origin.url}/a.bin`
    const client = lab.df(['get', '--no-daemon', '-o', lab.path('out'), url], HOME)
    const kept = async () => {
      const [key] = await lab.kept(HOME)
      return key === undefined ? 0 : (await stat(dataOf(key)).catch(() => undefined))?.size
    }
    for (let size = await kept(); (size ?? 0) < 3 * MiB; size = await kept());
    client.child.kill('SIGINT')
    await client.ended
    const [key] = await lab.kept(HOME)
    await spoil((await stat(dataOf(key as string))).size)
    const { ended, contents } = await verify()
    expect(ended.code, ended.stdout.toString()).to.equal(0)
    expect(contents[0]).to.include({ state: 'repaired', broken: 1 })
    expect((await verify()).contents[0]).to.include({ state: 'good', broken: 0 })
    await get(url, '--no-daemon')
    expect(await sha256(lab.path('out'))).to.equal(digest)
    await startDaemon()
    await get(url)
    await stopDaemon()
    const [finished] = await lab.kept(HOME)
    await truncate(lab.path(HOME, 'store', 'entries', finished as string, 'records'), 3)
    expect((await verify()).contents[0]).to.include({ state: 'removed' })
    expect(await lab.kept(HOME)).to.deep.equal([])
  })

  it('keeps nobody from downloading, ends with Ctrl-C, and runs once at a time', async () => {
    await lab.file('a.bin', 3 * MiB)
    await lab.file('big.bin', 64 * MiB)
    const origin = await lab.nginx()
    await startDaemon()
    await get(`${origin.url}/big.bin`)
    const running = lab.df(['verify', '--json'], HOME)
    await running.line('progress')
    expect(await get(`${origin.url}/a.bin`)).to.include({ fromOrigin: 3 * MiB })
    running.child.kill('SIGINT')
    const ended = await running.ended
    // on a fast disk it was done before
    if (ended.code !== 0) {
      expect(ended.code).to.equal(130)
      expect(ended.lines.at(-1)).to.include({ type: 'error', code: 'aborted' })
    }
    expect((await verify()).ended.code).to.equal(0)
  })

  it('is refused what is no request', async () => {
    await startDaemon()
    const ask = (body: string, length = Buffer.byteLength(body)) =>
      new Promise<number>((resolve, reject) => {
        const headers = { 'content-type': 'application/json', 'content-length': length }
        const path = '/v1/verify'
        request({ socketPath: lab.path(HOME, 'control.sock'), method: 'POST', path, headers, agent: false }, response => {
          response.resume()
          resolve(response.statusCode ?? 0)
        })
          .on('error', reject)
          .end(body)
      })
    expect(await ask('{}')).to.equal(200)
    expect(await ask('{"contents":[]}')).to.equal(400)
    expect(await ask('{"contents":[""]}')).to.equal(400)
    expect(await ask('{"all":true}')).to.equal(400)
    expect(await ask(JSON.stringify({ contents: Array(1001).fill('x') }))).to.equal(400)
    expect(await ask('', 300_000)).to.equal(413)
  })

  it('lists, pins, removes and collects for the daemon as for nobody', async () => {
    await lab.file('a.bin', MiB)
    await lab.file('b.bin', MiB)
    const origin = await lab.nginx()
    await startDaemon()
    const urls = [`${origin.url}/a.bin`, `${origin.url}/b.bin`] as const
    for (const url of urls) await get(url)
    const shown = async () => (await lab.df(['ls', '--json'], HOME).ended).lines.map(({ url, isPinned }) => [url, isPinned])
    expect((await lab.df(['pin', urls[0]], HOME).ended).code).to.equal(0)
    expect(await shown()).to.have.deep.members([
      [urls[0], true],
      [urls[1], false],
    ])
    expect((await lab.df(['rm', urls[1]], HOME).ended).code).to.equal(0)
    await stopDaemon()
    expect(await shown()).to.deep.equal([[urls[0], true]])
    expect((await lab.df(['unpin', urls[0]], HOME).ended).code).to.equal(0)
    expect((await lab.df(['gc', '--json', '--quota', '1'], HOME).ended).lines[0]).to.include({ type: 'gc', contents: 1 })
    expect(await shown()).to.deep.equal([])
  })

  it('is not needed before a repeat: what was changed in the store is not given out', async () => {
    const digest = await lab.file('a.bin', 3 * MiB)
    const origin = await lab.nginx()
    await startDaemon()
    const url = `${origin.url}/a.bin`
    await get(url)
    expect(await get(url)).to.include({ resumed: 3 * MiB, sha256: digest })
    await spoil(3 * MiB)
    expect(await get(url)).to.include({ resumed: 3 * MiB - 128 * 1024, sha256: digest })
    expect(await sha256(lab.path('out'))).to.equal(digest)
  })
})
