// df get of trees, by real processes: a hub, a bucket, an index; kept, changed, mirrored, interrupted, hostile.
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { expect } from 'chai'
import { hostileOrigin } from '../origin/hostile-origin.ts'
import { BucketStore, hasMoto } from '../origin/sources/bucket-store.ts'
import { NOWHERE } from '../origin/sources/environment.ts'
import { COMMIT, type HubFile, HubServer, NEXT_COMMIT } from '../origin/sources/hub-server.ts'
import type { Lab, Running } from './lab.ts'
import { labForEach } from './lab-for-each.ts'

const ALICE = { accessKeyId: 'AKIAALICE0000000AAAA', secretAccessKey: 'alicesecretkey77' }
const MiB = 1024 * 1024

describe('df get of trees', () => {
  let lab: Lab
  let env: NodeJS.ProcessEnv

  labForEach(l => {
    lab = l
  })

  const start = (...args: string[]): Running => lab.df(['get', ...args], 'home', { ...NOWHERE, ...env })
  const get = (...args: string[]) => start('--json', ...args).ended
  const text = async (name: string) => await readFile(lab.path('out', name), 'utf8')

  describe('of a hub', () => {
    const large = randomBytes(3 * MiB)
    const changed = randomBytes(2 * MiB)
    const FILES: HubFile[] = [
      { repo: 'org/model', path: 'a/shard-1.safetensors', body: large },
      { repo: 'org/model', path: 'a/shard-2.safetensors', body: randomBytes(2 * MiB), commit: COMMIT },
      { repo: 'org/model', path: 'a/shard-2.safetensors', body: changed, commit: NEXT_COMMIT },
      { repo: 'org/model', path: 'old.txt', body: Buffer.from('old'), isLarge: false, commit: COMMIT },
      { repo: 'org/model', path: 'config.json', body: Buffer.from('{}'), isLarge: false },
      ...Array.from({ length: 12 }, (_, i): HubFile => ({ repo: 'org/model', path: `b/${i}.txt`, body: Buffer.from(`${i}`) })),
    ]
    let hub: HubServer

    beforeEach(async () => {
      hub = await HubServer.start(FILES)
      env = { HF_ENDPOINT: hub.url }
    })
    afterEach(() => hub.stop())

    it('everything comes once, with few requests; again nothing moves; of the next commit only what changed', async () => {
      const first = await get('hf://org/model', '-P', 'out')
      expect(first.code, first.stderr).to.equal(0)
      expect(first.lines.at(-1)).to.include({ type: 'summary', files: 16, kept: 0, failed: 0 })
      expect((await readFile(lab.path('out', 'a', 'shard-1.safetensors'))).equals(large)).to.equal(true)
      expect(await text('b/11.txt')).to.equal('11')
      const done = first.lines.find(({ type, output }) => type === 'done' && String(output).endsWith('config.json'))
      expect(done).to.include({ url: `hf://org/model@${COMMIT}/config.json` })
      const lists = hub.requests.filter(({ path }) => path.startsWith('/api/'))
      expect(lists).to.have.length(3)
      const before = hub.requests.length
      const again = await get('hf://org/model', '-P', 'out')
      expect(again.lines.at(-1)).to.include({ type: 'summary', files: 0, kept: 16, failed: 0, bytes: 0 })
      expect(again.lines.filter(({ type }) => type === 'skipped').map(({ reason }) => reason)).to.deep.equal(
        Array(16).fill('equal'),
      )
      // the list, and one byte of the first file
      expect(hub.requests.length - before).to.equal(4)
      await writeFile(lab.path('out', 'b', '3.txt'), 'X')
      await writeFile(lab.path('out', 'mine.txt'), 'mine')
      const bytes = hub.cdnBytes
      hub.head = NEXT_COMMIT
      const plan = await get('hf://org/model', '-P', 'out', '--mirror', '--dry-run')
      const planned = plan.lines.filter(({ type }) => type === 'planned')
      const names = planned.map(({ action, output }) => `${action} ${String(output).slice(lab.path('out').length + 1)}`)
      expect(names).to.have.members(['get a/shard-2.safetensors', 'get b/3.txt', 'remove old.txt', 'remove mine.txt'])
      expect(plan.lines.at(-1)).to.include({ type: 'summary', files: 2, bytes: 2 * MiB + 1, kept: 13, removed: 2, dryRun: true })
      expect(hub.cdnBytes - bytes).to.equal(0)
      const next = await get('hf://org/model', '-P', 'out', '--mirror')
      expect(next.lines.at(-1)).to.include({ type: 'summary', files: 2, kept: 13, removed: 2, failed: 0, bytes: 2 * MiB + 1 })
      expect(hub.cdnBytes - bytes).to.be.within(2 * MiB + 1, 2 * MiB + 100)
      expect((await readFile(lab.path('out', 'a', 'shard-2.safetensors'))).equals(changed)).to.equal(true)
      expect(await lab.files('out')).to.have.members(['a', 'b', 'config.json'])
    })

    it('filters choose, and a mirror with filters leaves the rest alone', async () => {
      await mkdir(lab.path('out', 'b'), { recursive: true })
      for (const name of ['mine.safetensors', 'mine.txt']) await writeFile(lab.path('out', name), 'mine')
      const filters = ['--include', '*.safetensors', '--include', 'config.*', '--exclude', 'a/*-2.*']
      const { code, lines, stderr } = await get('hf://org/model', '-P', 'out', '--mirror', ...filters)
      expect(code, stderr).to.equal(0)
      expect(lines.at(-1)).to.include({ type: 'summary', files: 2, removed: 1 })
      expect(await lab.files('out')).to.have.members(['a', 'b', 'config.json', 'mine.txt'])
      expect(await lab.files('out/a')).to.deep.equal(['shard-1.safetensors'])
      expect(await lab.files('out/b')).to.deep.equal([])
    })

    it('a list may be of files and of trees', async () => {
      const urls = ['hf://org/model/b/', 'hf://org/model/config.json', `${hub.url}/org/model/resolve/main/old.txt`]
      await writeFile(lab.path('list'), urls.join('\n'))
      const { code, lines, stderr } = await get('-i', 'list', '-P', 'out')
      expect(code, stderr).to.equal(0)
      expect(lines.at(-1)).to.include({ type: 'summary', files: 14 })
      expect((await lab.files('out')).length).to.equal(14)
    })

    it('through a seed the hub is read once, and the next host reads nothing of it', async () => {
      const { address } = await lab.seed()
      const before = hub.cdnBytes
      for (const name of ['one', 'two']) {
        const { code, lines, stderr } = await get('hf://org/model/a/', '-P', name, '--seed', address)
        expect(code, stderr).to.equal(0)
        expect(lines.at(-1)).to.include({ type: 'summary', files: 2, failed: 0 })
        const origin = lines.filter(({ type }) => type === 'done').map(({ fromOrigin }) => fromOrigin)
        expect(origin, name).to.deep.equal([0, 0])
      }
      expect(hub.cdnBytes - before).to.be.within(5 * MiB, 5 * MiB + 1000)
    })

    it('an interrupted one goes on', async () => {
      const first = start('--json', 'hf://org/model', '-P', 'out', '--parallel', '1', '--limit-rate', '2M')
      await first.line('done')
      first.child.kill('SIGINT')
      expect((await first.ended).code).to.equal(130)
      const kept = (await first.ended).lines.filter(({ type }) => type === 'done').length
      const { code, lines } = await get('hf://org/model', '-P', 'out')
      expect(code).to.equal(0)
      expect(lines.at(-1)).to.include({ type: 'summary', kept, files: 16 - kept })
    })

    it('hostile names are left out, each said; nothing lands outside, and a mirror removes nothing then', async () => {
      const bad = [
        '../evil',
        'a/../../evil',
        '/evil',
        'config.json/x',
        'a',
        'b/0.txt',
        'nul\0',
        `${'x'.repeat(300)}`,
        'c//d',
        '.',
      ]
      for (const path of bad) hub.moreEntries.push({ type: 'file', path, size: 1, oid: '0'.repeat(40) })
      await mkdir(lab.path('elsewhere'))
      await mkdir(lab.path('out'))
      await symlink(lab.path('elsewhere'), lab.path('out', 'b'))
      await symlink(lab.path('elsewhere', 'new'), lab.path('out', 'config.json'))
      await writeFile(lab.path('out', 'mine'), 'mine')
      const { code, lines, stderr } = await get('hf://org/model', '-P', 'out', '--mirror')
      expect(code, stderr).to.equal(2)
      const failed = lines.filter(({ type }) => type === 'failed')
      expect(lines.at(-1)).to.include({ type: 'summary', files: 3, failed: failed.length }).and.not.have.property('removed')
      expect(failed.filter(({ message }) => /a link leads out of/.test(String(message)))).to.have.length(13)
      expect(failed.filter(({ message }) => /none that a file can have here/.test(String(message)))).to.have.length(14)
      expect(await lab.files('elsewhere')).to.deep.equal([])
      expect(await lab.files('.')).to.not.include('evil')
      expect(await text('mine')).to.equal('mine')
    })
  })

  describe('of a bucket', () => {
    let store: BucketStore
    before(async function () {
      this.timeout(30_000)
      if (!hasMoto()) return this.skip()
      store = await BucketStore.start()
      store.readers.set(ALICE.accessKeyId, ALICE)
      await store.bucket('data')
      for (const key of ['set/a.bin', 'set/b/c d.bin', 'set/b//x', 'other']) await store.object(`/data/${key}`, Buffer.from(key))
    })
    after(() => store?.stop())
    beforeEach(() => {
      const { accessKeyId, secretAccessKey } = ALICE
      env = { AWS_ENDPOINT_URL_S3: store.url, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
    })

    it('keys become files; those that cannot are named and counted; again nothing moves, nor with -N', async () => {
      const { code, lines, stdout } = await get('s3://data/set/', '-P', 'out')
      expect(code, stdout.toString()).to.equal(2)
      expect(lines.at(-1)).to.include({ type: 'summary', files: 2, failed: 1 })
      expect(lines.find(({ type }) => type === 'failed')).to.include({ url: 's3://data/set/b//x', code: 'bad-url' })
      expect(await text('b/c d.bin')).to.equal('set/b/c d.bin')
      for (const more of [[], ['-N']]) {
        const before = store.requests.filter(({ path }) => path !== '/data/').length
        const again = await get('s3://data/set/', '-P', 'out', '--exclude', 'b//**', ...more)
        expect(again.lines.at(-1), more.join()).to.include({ type: 'summary', files: 0, kept: 2 })
        expect(again.code).to.equal(0)
        expect(store.requests.filter(({ path }) => path !== '/data/').length - before).to.equal(0)
      }
      expect(stdout.toString()).not.to.match(/X-Amz|AKIA/)
    })

    it('that anybody may list may have files that are not for everybody', async () => {
      store.hasOpenLists = true
      try {
        const { code, lines, stderr } = await get('s3://data', '-P', 'out', '--exclude', 'set/')
        expect(code, stderr).to.equal(0)
        expect(lines.at(-1)).to.include({ type: 'summary', files: 1 })
        expect(await text('other')).to.equal('other')
      } finally {
        store.hasOpenLists = false
      }
    })
  })

  describe('of an index', () => {
    it('is filtered and mirrored by the same way; a page that fails, or an empty index, removes nothing', async () => {
      let index = '<a href="a.bin"></a><a href="b.txt"></a><a href="d/"></a>'
      let isBroken = false
      const { url } = await hostileOrigin(({ url: path = '' }) => {
        if (path === '/t/d/' && isBroken) return { status: 404, body: '' }
        if (path === '/t/') return { body: index }
        return path === '/t/d/' ? { body: '<a href="e.bin"></a>' } : { body: path, headers: { etag: `"${path}"` } }
      })
      const root = new URL('/t/', url).href
      await mkdir(lab.path('out', 'd'), { recursive: true })
      await writeFile(lab.path('out', 'd', 'mine.bin'), 'mine')
      isBroken = true
      const broken = await get('--recursive', root, '-P', 'out', '--mirror', '--include', '*.bin', '--retry', '0')
      expect(broken.lines.at(-1)).to.include({ type: 'summary', files: 1, failed: 1 }).and.not.have.property('removed')
      isBroken = false
      const { code, lines, stderr } = await get('--recursive', root, '-P', 'out', '--mirror', '--include', '*.bin')
      expect(code, stderr).to.equal(0)
      expect(lines.at(-1)).to.include({ type: 'summary', files: 2, removed: 1 })
      expect(lines.find(({ type }) => type === 'removed')).to.include({ output: lab.path('out', 'd', 'mine.bin') })
      expect(await lab.files('out')).to.have.members(['a.bin', 'd'])
      index = '<title>Index of /t/</title>'
      expect((await get('--recursive', root, '-P', 'out', '--mirror')).lines.at(-1)).to.include({ removed: 0 })
      expect(await lab.files('out')).to.have.members(['a.bin', 'd'])
    })
  })

  describe('of an index that does not show all there is', () => {
    const keys = (names: string[], more = '') =>
      `<ListBucketResult>${names.map(name => `<Contents><Key>${name}</Key></Contents>`).join('')}${more}</ListBucketResult>`
    const folder = '<title>Index of /t/</title><ul><a href="a">a</a> <a href="d/">d/</a></ul>'
    const goesOn = '<IsTruncated>true</IsTruncated>'
    const shown: [what: string, pages: (path: string) => string][] = [
      ['HTML that breaks off', () => '<pre><a href="../">../</a> <a href="a">a</a> <a hre'],
      ['a list of keys that breaks off', () => keys(['a', 'b']).slice(0, 50)],
      [
        'a list that goes on nobody knows where',
        path => (path === '/t/' ? keys(['a'], `${goesOn}<NextMarker>a</NextMarker>`) : keys([], goesOn)),
      ],
      ['a list that goes on with itself', () => keys(['a'], `${goesOn}<NextMarker>a</NextMarker>`)],
      ['words for people in place of a folder', path => (path === '/t/' ? folder : '<h1>Back soon</h1><a href="/">Home</a>')],
      [
        'an error of a store in place of a folder',
        path => (path === '/t/' ? folder : '<?xml version="1.0"?><Error><Code>SlowDown</Code></Error>'),
      ],
    ]
    for (const through of ['this host', 'a seed']) {
      it(`nothing is removed, and it is said: by ${through}`, async () => {
        const seed = through === 'a seed' ? ['--seed', (await lab.seed()).address] : []
        for (const [what, pages] of shown) {
          const { url } = await hostileOrigin(({ url: path = '' }) =>
            path.endsWith('/') || path.includes('?') ? { body: pages(path) } : { body: 'a', headers: { etag: '"a"' } },
          )
          await mkdir(lab.path('out', 'd'), { recursive: true })
          for (const name of ['b', 'd/c']) await writeFile(lab.path('out', name), 'mine')
          const { code, lines } = await get('--recursive', new URL('/t/', url).href, '-P', 'out', '--mirror', ...seed)
          expect(code, what).to.be.oneOf([2, 4])
          expect(lines.at(-1), what).to.include({ type: 'summary', failed: 1 }).and.not.have.property('removed')
          expect(await lab.files('out'), what).to.include.members(['b', 'd'])
        }
      })
    }

    it('one of two trees that is empty removes nothing of the other', async () => {
      const { url } = await hostileOrigin(({ url: path = '' }) =>
        path.endsWith('/') ? { body: path === '/t/' ? '<ul><a href="a">a</a></ul>' : '<ul></ul>' } : { body: 'a' },
      )
      await mkdir(lab.path('out'), { recursive: true })
      await writeFile(lab.path('out', 'b'), 'mine')
      const roots = ['/t/', '/u/'].map(path => new URL(path, url).href)
      const { lines } = await get('--recursive', ...roots, '-P', 'out', '--mirror')
      expect(lines.at(-1)).to.include({ type: 'summary', files: 1, removed: 0 })
      expect(await lab.files('out')).to.have.members(['a', 'b'])
    })
  })

  describe('of a Metalink', () => {
    it('each file comes from the first URL that has it; headers go to its own host alone; nothing outside', async () => {
      env = {}
      const seen: [path: string | undefined, key: unknown][] = []
      const bytes = (text: string) => ({ body: text, headers: { etag: '"1"' } })
      const mirror = await hostileOrigin(({ url: path, headers }) => {
        seen.push([path, headers['x-key']])
        return path === '/good' || path === '/short'
          ? bytes('content')
          : path === '/bad'
            ? bytes('lies!!!')
            : { status: 404, body: '' }
      })
      const digest = `sha-256">${createHash('sha256').update('content').digest('hex')}`
      const at = (path: string, priority: number) => `<url priority="${priority}">${new URL(path, mirror.url).href}</url>`
      const file = (name: string, inner: string) => `<file name="${name}">${inner}</file>`
      const text = `<metalink xmlns="urn:ietf:params:xml:ns:metalink">
        ${file('d/x.bin', `<size>7</size><hash type="${digest}</hash>${at('/good', 3)}${at('/none', 1)}${at('/bad', 2)}`)}
        ${file('y.bin', `<size>8</size>${at('/short', 1)}`)}
        ${file('../evil', at('/good', 1))}</metalink>`
      const home = await hostileOrigin(({ headers }) => {
        seen.push(['meta', headers['x-key']])
        return { body: text, headers: { etag: '"m"' } }
      })
      await writeFile(lab.path('local'), text)
      for (const args of [
        [new URL('/x.meta4', home.url).href, '-H', 'x-key: secret'],
        ['--metalink', 'local'],
      ]) {
        const { code, lines, stderr } = await get(...args, '-P', 'out', '--retry', '0')
        expect(code, stderr).to.equal(5)
        const isAgain = lines.some(({ reason }) => reason === 'equal')
        expect(lines.at(-1)).to.include({ type: 'summary', failed: 2, files: isAgain ? 0 : 1, kept: isAgain ? 1 : 0 })
        expect(await readFile(lab.path('out', 'd', 'x.bin'), 'utf8')).to.equal('content')
        expect(await lab.files('out')).to.deep.equal(['d'])
      }
      expect(seen.filter(([, key]) => key !== undefined).map(([path]) => path)).to.deep.equal(['meta'])
      expect(seen.map(([path]) => path)).to.include.members(['/none', '/bad', '/good', '/short'])
      const saved = await get(new URL('/x.meta4', home.url).href, '-o', 'saved')
      expect(saved.code).to.equal(0)
      expect(await readFile(lab.path('saved'), 'utf8')).to.equal(text)
    })
  })

  it('refuses what fits no tree, and what needs one', async () => {
    env = {}
    const cases: [args: string[], message: RegExp][] = [
      [['hf://o/r', '--mirror'], /--mirror removes files: it needs -P DIR/],
      [['hf://o/r', '-P', 'out', '--mirror', '-r', '0-1'], /--mirror is for whole files/],
      [['hf://o/r', 'hf://o/r/x', '-P', 'out', '--mirror'], /--mirror is for trees alone/],
      [['hf://o/r', '-o', 'x'], /-o is for one file/],
      [['s3://bucket/', '-o', '-'], /a tree becomes files/],
      [['hf://o/r', '--digest', `sha256:${'0'.repeat(64)}`], /--digest works with one URL only/],
      [['https://h/x', '--include', '*'], /--include is for trees/],
      [['hf://o/r', '--include', 'x'.repeat(1025)], /a pattern of 1 to 1024 characters/],
    ]
    const ended = await Promise.all(cases.map(([args]) => start(...args).ended))
    for (const [i, { code, stderr }] of ended.entries()) {
      expect(stderr).to.match(cases[i]?.[1] as RegExp)
      expect(code).to.equal(2)
    }
  })
})
