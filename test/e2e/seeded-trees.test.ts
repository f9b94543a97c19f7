// df get of trees through a seed, by real processes: packed once, verified, never stale; nginx is the origin.

import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { expect } from 'chai'
import { encodeUrlTree, NO_FACTS } from '../../src/core/url-tree.ts'
import { serveTrees, unserveTrees } from '../../src/net/tree-stream.ts'
import type { Network } from '../../src/node/context/node-context.ts'
import { createNode } from '../../src/node/node.ts'
import { sealTree } from '../../src/wire/envelope.ts'
import { hostileOrigin } from '../origin/hostile-origin.ts'
import { BucketStore, hasMoto } from '../origin/sources/bucket-store.ts'
import { NOWHERE } from '../origin/sources/environment.ts'
import { until } from '../waiting.ts'
import { LOOPBACK } from '../world/loopback.ts'
import type { Lab, Nginx } from './lab.ts'
import { labForEach } from './lab-for-each.ts'

const HOUR = 3_600_000
const hash = (text: string) => createHash('sha256').update(text).digest()

describe('df get of trees through a seed', () => {
  let lab: Lab
  let nginx: Nginx
  let env: NodeJS.ProcessEnv = {}

  labForEach(l => {
    lab = l
  })
  beforeEach(() => {
    env = {}
  })

  const get = (home: string, ...args: string[]) => lab.df(['get', '--json', ...args], home, { ...NOWHERE, ...env }).ended
  const file = (...names: string[]) => lab.path('www', 'tree', ...names)
  const text = async (...names: string[]) => await readFile(lab.path(...names), 'utf8')

  /** As one that was last changed an hour ago, or so long after that. */
  async function put(name: string, body: string, after = 0): Promise<void> {
    await writeFile(file(name), body)
    const at = new Date(Date.now() - HOUR + after)
    await utimes(file(name), at, at)
  }

  async function tree(): Promise<string> {
    await mkdir(file('d', 'e'), { recursive: true })
    for (let i = 0; i < 20; i++) await put(`${i}.txt`, `file ${i}`)
    await put('d/x y&z.txt', 'x')
    await put('d/e/empty', '')
    await put('d/large.bin', 'l'.repeat(200_000))
    nginx = await lab.nginx({ http: 'autoindex on;' })
    return `${nginx.url}/tree/`
  }

  /** Paths of what was asked for since. */
  async function asked(since = 0): Promise<string[]> {
    return (await nginx.requests()).slice(since).map(({ path }) => path)
  }
  const isPage = (path: string) => path.endsWith('/')

  it('two hosts read each file of the origin once; the second one only has it listed', async () => {
    const url = await tree()
    const { address } = await lab.seed()
    const first = await get('one', '--recursive', url, '-P', 'a', '--seed', address)
    expect(first.code, first.stderr).to.equal(0)
    expect(first.lines.at(-1)).to.include({ type: 'summary', files: 23, failed: 0 })
    const paths = await asked()
    const small = paths.filter(path => !isPage(path) && !path.endsWith('large.bin'))
    expect(small).to.have.length(22)
    expect(new Set(small).size).to.equal(22)
    const second = await get('two', '--recursive', url, '-P', 'b', '--seed', address)
    expect(second.code, second.stderr).to.equal(0)
    expect((await asked(paths.length)).filter(path => !path.endsWith('large.bin'))).to.have.members([
      '/tree/',
      '/tree/d/',
      '/tree/d/e/',
    ])
    for (const folder of ['a', 'b']) {
      expect((await lab.run('diff', ['-r', file(), lab.path(folder)]).ended).code, folder).to.equal(0)
    }
    const done = second.lines.filter(({ type }) => type === 'done')
    expect(
      done.filter(({ output }) => !String(output).endsWith('large.bin')).every(({ fromOrigin }) => fromOrigin === 0),
    ).to.equal(true)
    expect(done.find(({ output }) => String(output).endsWith('/7.txt'))).to.include({
      url: `${url}7.txt`,
      bytes: 6,
      trust: 'seed',
    })
  })

  it('what changed, came or went at the origin is seen at once; only that is read again', async () => {
    const url = await tree()
    const { address } = await lab.seed()
    const mirror = () => get('one', '--recursive', url, '-P', 'a', '--mirror', '--seed', address)
    expect((await mirror()).code).to.equal(0)
    await put('3.txt', 'FILE 3', 10 * 60_000)
    await put('new.txt', 'new')
    await rm(file('4.txt'))
    await writeFile(lab.path('a', 'stray'), 'mine')
    const before = (await nginx.requests()).length
    const { code, lines, stderr } = await mirror()
    expect(code, stderr).to.equal(0)
    // large.bin is asked for as ever, and not read
    expect(lines.at(-1)).to.include({ type: 'summary', kept: 20, removed: 2, failed: 0 })
    const read = (await asked(before)).filter(path => !isPage(path) && !path.endsWith('large.bin'))
    expect(read).to.have.members(['/tree/3.txt', '/tree/new.txt'])
    expect((await lab.run('diff', ['-r', file(), lab.path('a')]).ended).code).to.equal(0)
  })

  it('a file that was changed in the minute that the index shows, to one of the same length, is seen at once', async () => {
    const url = await tree()
    const now = new Date()
    await writeFile(file('3.txt'), 'file 3')
    await utimes(file('3.txt'), now, now)
    const { address } = await lab.seed()
    expect((await get('one', '--recursive', url, '-P', 'a', '--seed', address)).code).to.equal(0)
    await writeFile(file('3.txt'), 'FILE 3')
    const later = new Date(now.getTime() + (now.getSeconds() < 58 ? 1000 : -1000))
    await utimes(file('3.txt'), later, later)
    const { code } = await get('two', '--recursive', url, '-P', 'b', '--seed', address)
    expect([code, await text('b', '3.txt')]).to.deep.equal([0, 'FILE 3'])
  })

  it('a seed that is killed in the middle, does not read this origin, or has none to ask: this host gets it by itself', async () => {
    const url = await tree()
    let isSilent = true
    const slow = await hostileOrigin(({ url: path = '' }) => {
      if (path === '/t/') return { body: '<a href="a.txt"></a><a href="b.txt"></a>', headers: { etag: '"i"' } }
      return { body: path, headers: { etag: '"1"' }, silent: isSilent }
    })
    const seed = await lab.seed()
    const killed = get('one', '--recursive', new URL('/t/', slow.url).href, '-P', 'a', '--seed', seed.address)
    await until(() => slow.requests.some(({ url }) => url === '/t/b.txt'), 'the seed reads')
    isSilent = false
    seed.child.kill('SIGKILL')
    const { code, stderr, lines } = await killed
    expect(code, stderr).to.equal(0)
    expect(lines.at(-1)).to.include({ type: 'summary', files: 2, failed: 0 })
    expect(await text('a', 'b.txt')).to.equal('/t/b.txt')
    const strict = lab.df(['seed', 'start', '--json', '--listen', '/ip4/127.0.0.1/tcp/0'], 'strict')
    const [address] = (await strict.line('ready')).addresses as string[]
    const refused = await get('two', '--recursive', url, '-P', 'b', '--seed', address as string)
    expect(refused.code, refused.stderr).to.equal(0)
    expect((await lab.run('diff', ['-r', file(), lab.path('b')]).ended).code).to.equal(0)
  })

  it('filters choose; what is here stays; links that lead out, and packs that are mostly unwanted, do no harm', async () => {
    const url = await tree()
    const { address } = await lab.seed()
    const some = ['--recursive', url, '-P', 'a', '--include', '1*.txt', '--exclude', '11.txt', '--seed', address]
    expect((await get('one', ...some)).lines.at(-1)).to.include({ files: 10, kept: 0 })
    expect(await lab.files('a')).to.have.length(10)
    await writeFile(lab.path('a', '12.txt'), 'other')
    const again = await get('one', ...some)
    expect(again.lines.at(-1)).to.include({ files: 1, kept: 9 })
    expect(await text('a', '12.txt')).to.equal('file 12')
  })

  it('a trusted seed that lists hostile names and wrong places: they are left out, nothing lands outside, and a mirror removes nothing', async () => {
    const url = await tree()
    const seed = await createNode({ listen: [LOOPBACK], store: lab.path('evil'), home: lab.path('evil-home'), dhtServer: false })
    try {
      await seed.seed()
      const { host } = (seed as unknown as { network: Network }).network
      const pack = Buffer.from('goodevil')
      await writeFile(lab.path('pack'), pack)
      const { cid } = await seed.share(lab.path('pack'))
      const row = (path: string, offset: number, sha256: Uint8Array) => ({
        ...{ path, ref: '/tree/7.txt', facts: NO_FACTS },
        packed: { pack: 0, offset, size: 0, sha256, modified: undefined },
      })
      const empty = createHash('sha256').digest()
      const names = ['../x', '/etc/x', 'a/../../x', 'ok', 'ok', 'ok/below', 'C', 'a\\b', '..', 'nul\0', 'x'.repeat(300)]
      const good = {
        ...row('good', 0, empty),
        packed: { pack: 0, offset: 0, size: 4, sha256: hash('good'), modified: undefined },
      }
      const wrong = {
        ...row('wrong', 0, empty),
        packed: { pack: 0, offset: 4, size: 4, sha256: hash('other'), modified: undefined },
      }
      const files = [good, wrong, ...names.map(name => row(name, 0, empty))]
      await writeFile(lab.path('list'), encodeUrlTree({ files, packs: [{ root: cid, size: pack.length }] }))
      const list = await seed.share(lab.path('list'))
      await unserveTrees(host)
      await serveTrees(host, async (_peer, asked, say) => {
        const head = { url: asked.url, root: list.cid, length: list.bytes, listedAt: Date.now() }
        say({ type: 'tree', envelope: await sealTree(head, host.privateKey) })
      })
      await mkdir(lab.path('a'))
      await writeFile(lab.path('a', 'mine'), 'mine')
      const address = seed.addresses[0] as string
      const { code, lines } = await get('one', '--recursive', url, '-P', 'a', '--mirror', '--seed', address)
      expect(code).to.equal(2)
      expect(lines.at(-1)).to.include({ type: 'summary', files: 4, failed: 9 }).and.not.have.property('removed')
      expect(await lab.files('a')).to.have.members(['good', 'wrong', 'ok', 'C', 'mine'])
      // what is not as the list says comes by its URL
      expect([await text('a', 'good'), await text('a', 'wrong')]).to.deep.equal(['good', 'file 7'])
      expect(await lab.files('.')).to.not.include('x')
    } finally {
      await seed.stop()
    }
  })

  it('a trusted seed that leads out of the folder makes this host ask for nothing there', async () => {
    const url = `${await tree()}d/e/`
    await put('d/e/1.txt', '1')
    const seed = await createNode({ listen: [LOOPBACK], store: lab.path('evil'), home: lab.path('evil-home'), dhtServer: false })
    try {
      await seed.seed()
      const { host } = (seed as unknown as { network: Network }).network
      await unserveTrees(host)
      let listed = { cid: '', bytes: 0 }
      await serveTrees(host, async (_peer, asked, say) => {
        const head = { url: asked.url, root: listed.cid, length: listed.bytes, listedAt: Date.now() }
        say({ type: 'tree', envelope: await sealTree(head, host.privateKey) })
      })
      const refs = [
        '/admin?delete=all',
        '/tree/d/e/../admin',
        '/tree/d/e/%2e%2e/admin',
        ':pw@127.0.0.1/tree/d/e/x',
        '/tree/d/e/1.txt?admin',
        '/tree/d',
        '@h/tree/d/e/x',
      ]
      for (const [i, ref] of refs.entries()) {
        const files = [{ path: `admin${i}`, ref, packed: undefined, facts: NO_FACTS }]
        await writeFile(lab.path(`list${i}`), encodeUrlTree({ files, packs: [] }))
        listed = await seed.share(lab.path(`list${i}`))
        const { code, lines } = await get('one', '--recursive', url, '-P', 'a', '--seed', seed.addresses[0] as string)
        expect([code, lines.at(-1)?.files, lines.at(-1)?.failed], ref).to.deep.equal([0, 2, 0])
        expect(await lab.files('a'), ref).to.not.include(`admin${i}`)
      }
      expect((await asked()).filter(path => !path.startsWith('/tree/') || path.includes('admin'))).to.deep.equal([])
    } finally {
      await seed.stop()
    }
  })

  it('with two seeds, whichever has packed it', async () => {
    const url = await tree()
    const first = await lab.seed('first')
    const second = await lab.seed('second', ['--seed', first.address])
    const seeds = ['--seed', first.address, '--seed', second.address]
    for (const home of ['one', 'two', 'three']) {
      const { code, lines, stderr } = await get(home, '--recursive', url, '-P', home, ...seeds)
      expect(code, stderr).to.equal(0)
      expect(lines.at(-1)).to.include({ type: 'summary', files: 23, failed: 0 })
    }
    const small = (await asked()).filter(path => !isPage(path) && !path.endsWith('large.bin'))
    expect(small).to.have.length(22)
  })

  it('through a daemon, and with the credentials of this host as ever', async () => {
    const url = await tree()
    const { address } = await lab.seed()
    const daemon = lab.df(['daemon', 'start', '--json', '--listen', '/ip4/127.0.0.1/tcp/0', '--seed', address], 'one', NOWHERE)
    await daemon.line('ready')
    const { code, lines, stderr } = await get('one', '--recursive', url, '-P', 'a')
    expect(code, stderr).to.equal(0)
    expect(lines.at(-1)).to.include({ type: 'summary', files: 23, failed: 0 })
    const small = (await asked()).filter(path => !isPage(path) && !path.endsWith('large.bin'))
    expect(small).to.have.length(22)
    const before = (await nginx.requests()).length
    const own = await get('one', '--recursive', url, '-P', 'b', '-H', 'authorization: Bearer own')
    expect(own.code, own.stderr).to.equal(0)
    expect((await asked(before)).filter(path => path === '/tree/7.txt')).to.not.deep.equal([])
  })

  it('of a bucket that anybody may read: keys are read once for all hosts, and a new ETag is seen at once', async function () {
    this.timeout(60_000)
    if (!hasMoto()) return this.skip()
    const store = await BucketStore.start()
    try {
      env = { AWS_ENDPOINT_URL_S3: store.url }
      store.hasOpenLists = true
      await store.bucket('open')
      for (let i = 0; i < 12; i++) await store.object(`/open/set/d/${i}.txt`, Buffer.from(`object ${i}`), { isPublic: true })
      const { address } = await lab.seed()
      const reads = () => store.requests.filter(({ path }) => path.startsWith('/open/set/')).length
      for (const home of ['one', 'two']) {
        const { code, lines, stderr } = await get(home, 's3://open/set/', '-P', home, '--seed', address)
        expect(code, stderr).to.equal(0)
        expect(lines.at(-1)).to.include({ files: 12, failed: 0 })
        expect(lines.find(({ type }) => type === 'done')?.url).to.match(/^s3:\/\/open\/set\/d\/\d+\.txt$/)
      }
      expect(reads()).to.equal(12)
      await store.object('/open/set/d/5.txt', Buffer.from('OBJECT 5'), { isPublic: true })
      const { code } = await get('three', 's3://open/set/', '-P', 'three', '--seed', address)
      expect([code, await text('three', 'd', '5.txt'), reads()]).to.deep.equal([0, 'OBJECT 5', 13])
    } finally {
      await store.stop()
    }
  })
})
