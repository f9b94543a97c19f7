// Machines as containers, CI and cron have them: homes that cannot be written, odd outputs, limits, no network but loopback.
import { spawnSync } from 'node:child_process'
import { chmod, chown, mkdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { expect } from 'chai'
import { content, type HostileOrigin, honest, hostileOrigin } from '../origin/hostile-origin.ts'
import { CONTAINED, hasContainers } from '../store/child.ts'
import { noLinks } from '../store/no-links.ts'
import { expectFile, receipt, refusal } from './expectations.ts'
import { DF, type Ended, type Lab, LISTEN } from './lab.ts'
import { labForEach } from './lab-for-each.ts'

const CONTENT = content(3_000_007)
/** A user id without a name. */
const NOBODY = 54_321

describe('df get, on machines as they are', () => {
  let lab: Lab
  let origin: HostileOrigin

  labForEach(l => {
    lab = l
  })

  beforeEach(async () => {
    origin = await hostileOrigin(request => honest(request, CONTENT, { etag: '"1"' }))
    await lab.folder('out')
  })

  const warnings = ({ lines }: Ended): string[] => lines.filter(l => l.type === 'warning').map(l => String(l.message))

  describe('without a home that can be written, pieces lie beside the output for this run, and one line says so:', () => {
    async function works(env: NodeJS.ProcessEnv, prefix: readonly string[] = []): Promise<void> {
      const [command, ...args] = [...prefix, DF, 'get', '--json', '-o', 'out/file', origin.url] as string[] as [
        string,
        ...string[],
      ]
      const ended = await lab.run(command, args, 'home', env).ended
      receipt(ended)
      await expectFile(lab.path('out/file'), CONTENT)
      expect(await lab.files('out')).to.deep.equal(['file'])
      expect(warnings(ended)).to.have.lengthOf(1)
      expect(warnings(ended)[0]).to.match(/pieces are kept in \S+out\/\.df-store-\w+ for this run/)
      const [streamer, ...streamed] = [...prefix, DF, 'get', '-o', '-', origin.url] as string[] as [string, ...string[]]
      const stream = await lab.run(streamer, streamed, 'home', env).ended
      expect(stream.code, stream.stderr).to.equal(0)
      expect(stream.stdout.equals(CONTENT)).to.equal(true)
    }

    it('below a file', async () => {
      await writeFile(lab.path('file'), '')
      await works({ DRAGONFLY_HOME: lab.path('file/home') })
    })

    it('on a read-only file system, with a store from before', async function () {
      await mkdir(lab.path('old/store/entries'), { recursive: true })
      await mkdir(lab.path('old/store/trash'))
      if (!(await lab.readOnly('old'))) return this.skip()
      await works({ DRAGONFLY_HOME: lab.path('old') })
    })

    for (const [what, env] of [
      ['a user id without a name and without HOME', {}],
      ['HOME=/', { HOME: '/' }],
      ["root's", { HOME: '/root' }],
      ['a folder that is not there', { HOME: '/nonexistent' }],
    ] as const) {
      it(what, async function () {
        if (spawnSync('setpriv', ['--reuid', String(NOBODY), 'true']).status !== 0) {
          console.warn('SKIPPED: only root with setpriv (util-linux) can be somebody else')
          return this.skip()
        }
        await chmod(lab.dir, 0o755)
        await chown(lab.path('out'), NOBODY, NOBODY)
        const as = ['setpriv', '--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups']
        await works(env, [...as, 'env', '-u', 'DRAGONFLY_HOME', ...(what.includes('without HOME') ? ['-u', 'HOME'] : [])])
      })
    }

    it('a store that was named, and a seed, say what is wrong instead', async () => {
      await writeFile(lab.path('file'), '')
      const named = await lab.df(['get', '--json', '--store', 'file/store', '-o', 'out/file', origin.url]).ended
      expect(refusal(named, 6, 'store-error')).to.include('file/store')
      const seed = await lab.df(['seed', 'start', '--json'], 'file/home').ended
      expect(seed.code).to.equal(6)
    })
  })

  describe('output', () => {
    it('to /dev/null takes no room and replaces nothing', async () => {
      receipt(await lab.df(['get', '--json', '-o', '/dev/null', origin.url]).ended)
    })

    it('to /dev/full is told', async () => {
      const full = await lab.df(['get', '--json', '-o', '/dev/full', origin.url]).ended
      expect(refusal(full, 6, 'no-space')).to.include('/dev/full')
    })

    it('beyond ulimit -f is refused before the first byte, and not as a full disk', async () => {
      const limited = await lab.run('sh', [
        '-c',
        'ulimit -f 2048; exec "$@"',
        'sh',
        DF,
        'get',
        '--json',
        '-o',
        'out/f',
        origin.url,
      ]).ended
      expect(refusal(limited, 6, 'no-space')).to.match(/too large for .* \(ulimit -f\)/)
      expect(await lab.files('out')).to.deep.equal([])
    })
  })

  describe('an unfinished download that nobody goes on with', () => {
    const DAY = 86_400

    /** Leaves half of a download in `home`; resolves to the key of its entry. */
    async function leaveHalf(home: string): Promise<string> {
      const stalling = await hostileOrigin(request => ({
        ...honest(request, CONTENT, { etag: '"half"' }),
        stallAfter: 2_000_000,
      }))
      const get = lab.df(['get', '--json', '-o', 'out/half', `${stalling.url}?signature=1`], home)
      await get.said(said => /"bytes":[1-9]/.test(String(said)))
      get.child.kill('SIGINT')
      await get.ended
      const [key] = await lab.kept(home)
      return key as string
    }
    async function age(home: string, key: string, days: number): Promise<void> {
      const at = Date.now() / 1000 - days * DAY
      await utimes(lab.path(home, 'store/entries', key, 'marks'), at, at)
    }

    for (const [what, args] of [
      ['the next download', ['get', '-o', 'out/next', 'URL']],
      ['df gc', ['gc']],
      ['df seed gc', ['seed', 'gc']],
    ] as const) {
      it(`goes after 7 days, with ${what}`, async () => {
        const key = await leaveHalf('host')
        expect(key).to.be.a('string')
        const given = args.map(arg => (arg === 'URL' ? origin.url : arg))
        await age('host', key, 6)
        expect((await lab.df(given, 'host').ended).code).to.equal(0)
        expect(await lab.kept('host')).to.deep.equal([key])
        await age('host', key, 8)
        const ended = await lab.df(given, 'host').ended
        expect(ended.code).to.equal(0)
        expect(await lab.kept('host')).to.deep.equal([])
        if (args[0] !== 'get') expect(String(ended.stdout)).to.include('1 broken or abandoned entry')
      })
    }

    it('stays when it is pinned; a finished one stays as long as there is room', async () => {
      const pinned = await leaveHalf('host')
      expect((await lab.df(['seed', 'pin', pinned.split('.')[0] as string], 'host').ended).code).to.equal(0)
      const linger = ['get', '--json', '--listen', '/ip4/127.0.0.1/tcp/0', '--linger', '1s', '-o', 'out/whole', origin.url]
      expect((await lab.df(linger, 'host').ended).code).to.equal(0)
      const both = await lab.kept('host')
      expect(both).to.have.lengthOf(2)
      for (const key of both) await age('host', key, 400)
      await lab.df(['gc'], 'host').ended
      expect(await lab.kept('host')).to.deep.equal(both)
    })
  })

  it('one identity is one seed, in two containers with one volume too', async function () {
    if (!hasContainers()) return this.skip()
    const seed = (...args: string[]) =>
      lab.run('unshare', [...CONTAINED, DF, 'seed', 'start', '--json', ...LISTEN, ...args], 'volume')
    const first = seed()
    const { peerId } = await first.line('ready')
    const second = await seed().ended
    expect(refusal(second, 6, 'store-locked')).to.match(/identity\.lock is held by a process of another container/)
    first.child.kill('SIGKILL')
    await first.ended
    for (;;) {
      const third = seed()
      const ready = await third.line('ready').catch(() => undefined)
      third.child.kill('SIGKILL')
      await third.ended
      if (ready === undefined) continue
      expect(ready.peerId).to.equal(peerId)
      return
    }
  })

  it('works on a file system without hard links and permissions', async function () {
    const shim = await noLinks(lab.dir)
    if (shim === undefined) return this.skip()
    const env = { LD_PRELOAD: shim }
    for (const args of [
      ['-o', 'out/one'],
      ['--linger', '1s', ...LISTEN, '-o', 'out/two'],
    ]) {
      const ended = await lab.df(['get', '--json', ...args, origin.url], 'fat', env).ended
      receipt(ended)
      expect(warnings(ended)).to.deep.equal([])
      await expectFile(lab.path(args.at(-1) as string), CONTENT)
    }
    const seed = lab.df(['seed', 'start', '--json', ...LISTEN], 'fat', env)
    await seed.line('ready')
  })

  it('a content that comes compressed though not asked for so is saved as it is, and told', async () => {
    const zipped = await hostileOrigin(request => {
      const act = honest(request, CONTENT, { etag: '"1"' })
      return { ...act, headers: { ...act.headers, 'content-encoding': 'gzip' } }
    })
    const ended = await lab.df(['get', '--json', '-o', 'out/file', zipped.url]).ended
    receipt(ended)
    expect(warnings(ended)).to.deep.equal([
      'the origin sent compressed bytes (Content-Encoding: gzip) although the request asked for none; they are saved as they were sent',
    ])
    expect((await readFile(lab.path('out/file'))).equals(CONTENT)).to.equal(true)
  })

  describe('with no network but loopback', () => {
    const ALONE = ['--net', 'sh', '-c', 'ip link set lo up; exec "$@"', 'sh', DF]

    it('a seed says that nobody reaches it, unless it was told what to announce', async function () {
      if (spawnSync('unshare', ['--net', 'ip', 'link']).status !== 0) {
        console.warn('SKIPPED: cannot make a network namespace here (needs root on Linux, and iproute2)')
        return this.skip()
      }
      const start = (home: string, ...args: string[]) => lab.run('unshare', [...ALONE, 'seed', 'start', '--json', ...args], home)
      const silent = start('one')
      expect((await silent.line('warning')).message).to.match(/^no other host can connect to this one, .*--announce$/)
      const told = start('two', '--announce', '/ip4/192.0.2.1/tcp/4801')
      const { addresses, peerId } = await told.line('ready')
      expect(addresses).to.deep.equal([`/ip4/192.0.2.1/tcp/4801/p2p/${peerId}`])
      for (const { child } of [silent, told]) child.kill('SIGTERM')
      expect(warnings(await told.ended)).to.deep.equal([])
      await silent.ended
    })
  })
})
