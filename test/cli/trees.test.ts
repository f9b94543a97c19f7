// What a tree may write, what is wanted of it, what goes, and in which order it comes.
import { mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { Inward } from '../../src/cli/inward.ts'
import { parseMetalink, readMetalink } from '../../src/cli/metalink.ts'
import { Tally } from '../../src/cli/tally.ts'
import { treeFilter } from '../../src/cli/tree-filter.ts'
import { isListed } from '../../src/cli/tree-kept.ts'
import { refuseToSweep, removeStray, strays } from '../../src/cli/tree-mirror.ts'
import { TreeNames } from '../../src/cli/tree-names.ts'
import { TreePlace } from '../../src/cli/tree-place.ts'
import { smallLanes, Waiting } from '../../src/cli/waiting.ts'

async function failure(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => expect.fail('it succeeded'),
    (error: Error) => error.message,
  )
}

describe('names of a tree', () => {
  const added = async (ignoresCase: boolean, ...paths: string[]) => {
    const names = new TreeNames(async () => ignoresCase)
    const said: string[] = []
    for (const one of paths) said.push(await names.add(one.split('/')).catch((error: Error) => `! ${error.message}`))
    return said
  }

  it('are those of files, each once', async () => {
    const long = 'x'.repeat(256)
    const bad = ['..', '.', '', 'a/../b', '/a', 'a//b', 'a/', 'a\\b', 'a\0', 'a\nb', long]
    for (const name of bad) expect(await added(false, name), name).to.match(/^! the name .* is none that a file can have here/)
    const deep = Array(129).fill('a').join('/')
    const far = Array(20).fill('y'.repeat(200)).join('/')
    for (const name of [deep, far]) expect((await added(false, name))[0]).to.match(/is too long for a file here$/)
    expect(await added(false, 'a', 'b/c', 'b/d', 'a')).to.deep.equal(['a', 'b/c', 'b/d', '! the name "a" comes twice'])
  })

  it('are not those of a file and a folder', async () => {
    const clash = (name: string) => `! the name "${name}" is a file and a folder`
    expect(await added(false, 'a', 'a/b')).to.deep.equal(['a', clash('a/b')])
    expect((await added(false, 'a/b/c', 'a/b'))[1]).to.match(/^! /)
    // one that differs by case does not hide it
    expect((await added(false, 'A', 'a', 'A/b'))[2]).to.equal(clash('A/b'))
    expect((await added(false, 'A', 'a', 'A'))[2]).to.equal('! the name "A" comes twice')
  })

  it('differ by case where that counts', async () => {
    const paths = ['README', 'readme', 'B/x', 'b/x', 'b/y', 'é', 'e\u0301']
    expect(await added(false, ...paths)).to.deep.equal(paths)
    expect((await added(true, ...paths)).map(said => said.startsWith('!'))).to.deep.equal([
      false,
      true,
      false,
      true,
      false,
      false,
      true,
    ])
  })
})

describe('filters of a tree', () => {
  const wanted = async (include: string[], exclude: string[], paths: string[]) => {
    const filter = await treeFilter({ include, exclude })
    return paths.filter(filter)
  }
  const ALL = ['a.bin', '.hidden.bin', 'd/a.bin', 'd/e/b.bin', 'd/x.txt', 'onnx/m.bin', 'd/onnx/m.bin']

  it('match names at any depth, and paths from the top', async () => {
    expect(await wanted([], [], ALL)).to.deep.equal(ALL)
    expect(await wanted(['*.bin'], [], ALL)).to.deep.equal(ALL.filter(name => name.endsWith('.bin')))
    expect(await wanted(['d/*'], [], ALL)).to.deep.equal(['d/a.bin', 'd/x.txt'])
    expect(await wanted(['d/**'], [], ALL)).to.deep.equal(['d/a.bin', 'd/e/b.bin', 'd/x.txt', 'd/onnx/m.bin'])
    expect(await wanted(['/*.bin'], [], ALL)).to.deep.equal(['a.bin', '.hidden.bin'])
    expect(await wanted(['onnx/'], [], ALL)).to.deep.equal(['onnx/m.bin', 'd/onnx/m.bin'])
    expect(await wanted(['/onnx/'], [], ALL)).to.deep.equal(['onnx/m.bin'])
    expect(await wanted(['*.{txt,none}', 'a.bin'], ['d/a*'], ALL)).to.deep.equal(['a.bin', 'd/x.txt'])
    expect(await wanted([], ['*.bin'], ALL)).to.deep.equal(['d/x.txt'])
    expect(await wanted(['!(a).bin', '!a.bin'], [], ALL)).to.deep.equal([])
  })

  it('are bounded', async () => {
    expect(await failure(treeFilter({ include: [''] }))).to.match(/1 to 1024 characters/)
    expect(await failure(treeFilter({ exclude: ['x'.repeat(1025)] }))).to.match(/^--exclude takes a pattern of 1 to 1024/)
    expect(await failure(treeFilter({ exclude: Array(101).fill('x') }))).to.match(/more than 100 patterns/)
  })
})

describe('the place of a tree', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'df-trees-'))
    await mkdir(path.join(dir, 'out', 'in'), { recursive: true })
    await mkdir(path.join(dir, 'other'))
  })
  afterEach(() => rm(dir, { recursive: true }))

  it('is never left by links', async () => {
    const out = path.join(dir, 'out')
    await symlink('..', path.join(out, 'up'))
    await symlink(path.join(dir, 'other'), path.join(out, 'in', 'away'))
    await symlink(path.join(dir, 'other', 'new'), path.join(out, 'file'))
    await symlink('in', path.join(out, 'inside'))
    await symlink(out, path.join(dir, 'link'))
    for (const folder of [out, path.join(dir, 'link')]) {
      const place = await TreePlace.at(folder)
      for (const name of ['up/x', 'in/away/a/b', 'file'])
        expect(await failure(place.fileOf(name))).to.match(/a link leads out of/)
      for (const name of ['a/b', 'in/x', 'inside/x', '..a']) expect(await place.fileOf(name)).to.equal(path.join(folder, name))
    }
    expect(await (await TreePlace.at(out)).ignoresCase()).to.equal(process.platform === 'darwin' || process.platform === 'win32')
    expect((await readdir(out)).filter(name => name.startsWith('.df'))).to.deep.equal([])
  })

  it('is swept of files that the tree does not have, and of folders that are empty then; not through links', async () => {
    const out = path.join(dir, 'out')
    await mkdir(path.join(out, 'a', 'b'), { recursive: true })
    for (const name of ['keep', 'KEEP', 'a/b/gone', 'gone.txt', 'in/keep']) await writeFile(path.join(out, name), name)
    await writeFile(path.join(dir, 'other', 'precious'), '')
    await symlink(path.join(dir, 'other'), path.join(out, 'away'))
    const files = new Set(['keep', 'in/keep'])
    const found = async (filter: (name: string) => boolean, ignoresCase: boolean) => {
      const names: string[] = []
      for await (const name of strays(out, { files, filter, ignoresCase: async () => ignoresCase })) names.push(name)
      return names
    }
    expect(await found(() => true, false)).to.have.members(['KEEP', 'a/b/gone', 'gone.txt'])
    expect(await found(() => true, true)).to.have.members(['a/b/gone', 'gone.txt'])
    expect(await found(name => name.endsWith('.txt'), true)).to.have.members(['gone.txt'])
    for (const name of await found(() => true, true)) await removeStray(out, name)
    expect(await readdir(out)).to.have.members(['keep', 'KEEP', 'in', 'away'])
    expect(await readdir(path.join(dir, 'other'))).to.deep.equal(['precious'])
    expect(await failure(removeStray(out, 'none'))).to.match(/cannot write/)
  })

  it('is swept only where it can be that of a tree: not the whole disk, nor a home and what it lies in', async () => {
    const home = await realpath(homedir())
    for (const real of ['/', home, path.dirname(home)])
      expect(await failure(refuseToSweep(real)), real).to.match(/everything else/)
    await refuseToSweep(path.join(home, 'models'))
    await refuseToSweep(`${home}-models`)
  })

  it('has a file already by length and digest, and without a digest by its time', async () => {
    const file = path.join(dir, 'out', 'x')
    await writeFile(file, 'abc')
    const sha256 = 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    const is = (listed: Parameters<typeof isListed>[1]) => isListed(file, listed, undefined)
    expect(await is({ length: 3, digest: sha256 })).to.equal(true)
    expect(await is({ length: 4, digest: sha256 })).to.equal(false)
    expect(await is({ digest: sha256 })).to.equal(false)
    expect(await is({ length: 3, checksum: { algorithm: 'md5', hex: '900150983cd24fb0d6963f7d28e17f72' } })).to.equal(true)
    const oid = 'f2ba8f84ab5c1bce84a7b441cb1959cfc7093b7f'
    expect(await is({ length: 3, checksum: { algorithm: 'git-blob', hex: oid } })).to.equal(true)
    expect(await is({ length: 3, checksum: { algorithm: 'git-blob', hex: '0' }, modified: Date.now() })).to.equal(false)
    expect(await is({ length: 3, modified: Date.now() })).to.equal(true)
    expect(await is({ length: 3, modified: Date.now() - 60_000 })).to.equal(false)
    expect(await is({ length: 3 })).to.equal(false)
  })
})

describe('downloads that wait', () => {
  it('come with the large ones first and small ones beside them; of unknown length as they came', async () => {
    const waiting = new Waiting<{ length?: number; name?: string }>()
    for (const length of [5, 1, 9, 3]) waiting.add({ length })
    expect(await waiting.take(false)).to.include({ length: 9 })
    expect(await waiting.take(true)).to.include({ length: 1 })
    waiting.add({ length: 7 })
    expect(await waiting.take(false)).to.include({ length: 7 })
    expect(await waiting.take(true)).to.include({ length: 3 })
    expect(waiting.size).to.equal(1)
    const below = waiting.below(1)
    expect(await waiting.take(true)).to.include({ length: 5 })
    await below
    const later = waiting.take(true)
    for (const name of ['a', 'b', 'c']) waiting.add({ name })
    expect([await later, await waiting.take(true), await waiting.take(false)]).to.deep.equal(
      ['a', 'b', 'c'].map(name => ({ name })),
    )
    const none = waiting.take(false)
    waiting.end()
    expect(await none).to.equal(undefined)
    expect([1, 4, 8].map(smallLanes)).to.deep.equal([0, 1, 2])
  })

  it('count as the files that they become', () => {
    const tally = new Tally(0, () => 0)
    tally.expect(300, true, 5000)
    tally.packed({ url: '299 small files' }, 299, 4000)
    expect(tally.words()[0]).to.match(/^299 of 300 files /)
    expect(tally.part).to.equal(0.8)
  })

  it('are told of in bytes where their list has them', () => {
    const tally = new Tally(0, () => 0)
    tally.expect(2, false, 3 * 1024 ** 2)
    expect(tally.words()[0]).to.match(/^0 of 2\+ files {2}0 B of 3\.0 MiB/)
    tally.expect(3, true, 4 * 1024 ** 2)
    tally.skipped({ url: 'a' }, 1024 ** 2)
    expect(tally.words()[0]).to.match(/^1 of 3 files {2}1\.0 MiB of 4\.0 MiB/)
    expect(tally.part).to.equal(0.25)
  })
})

describe('a Metalink', () => {
  const meta = (inner: string) => `<?xml version="1.0"?><metalink xmlns="urn:ietf:params:xml:ns:metalink">${inner}</metalink>`
  const url = (at: string, priority = '') => `<url${priority && ` priority="${priority}"`}>${at}</url>`

  it('has files with URLs by priority, length and digest', () => {
    const digest = 'A'.repeat(64)
    const files = parseMetalink(
      meta(`<file name="a/b.iso"><size> 14 </size><hash type="md5">x</hash><hash type="sha-256">${digest}</hash>
        <pieces length="1" type="sha-256"><hash>${'b'.repeat(64)}</hash></pieces><metaurl mediatype="torrent">http://t/</metaurl>
        ${url('http://last/')}${url('http://second/', '2')}${url('ftp://no/', '1')}${url(' http://first/?a&amp;b ', '1')}</file>
        <file name="c">${url('http://c/', '-1')}</file><file name="d">${url('ftp://d/')}</file>`),
    )
    expect(files).to.deep.equal([
      {
        path: ['a', 'b.iso'],
        urls: ['http://first/?a&b', 'http://second/', 'http://last/'],
        length: 14,
        digest: `sha256:${'a'.repeat(64)}`,
      },
      { path: ['c'], urls: ['http://c/'] },
    ])
    const many = Array.from({ length: 100 }, (_, i) => url(`http://h/${i}`)).join('')
    expect(parseMetalink(meta(`<file name="x">${many}</file>`))[0]?.urls).to.have.length(16)
  })

  it('of another kind, without files, or too long is refused', async () => {
    for (const text of ['', 'x', '<html></html>', '<metalink version="3.0"><files></files></metalink>']) {
      expect(() => parseMetalink(text)).to.throw(/no Metalink 4/)
    }
    expect(() => parseMetalink(meta(''))).to.throw(/no file with an http/)
    expect(await failure(readMetalink('/nonexistent/x.meta4'))).to.match(/cannot read .* there is no such file/)
    const dir = await mkdtemp(path.join(tmpdir(), 'df-meta-'))
    await writeFile(path.join(dir, 'x'), Buffer.alloc(17 * 1024 * 1024))
    expect(await failure(readMetalink(path.join(dir, 'x')))).to.match(/longer than 16777216 bytes/)
    await rm(dir, { recursive: true })
    if (process.platform !== 'win32') expect(await failure(readMetalink('/dev/zero'))).to.match(/longer than 16777216 bytes/)
  })

  it('of the public network leads to no private address, by any of its names; one of a private network, or a file, does', async () => {
    const hosts: Record<string, string[]> = {
      'example.org': ['93.184.215.14'],
      'rebound.example': ['93.184.215.14', '10.0.0.7'],
      'wiki.corp': ['10.1.2.3'],
      '169.254.169.254': ['169.254.169.254'],
      '::1': ['::1'],
    }
    const resolve = async (host: string) => hosts[host] ?? Promise.reject(new Error('ENOTFOUND'))
    const check = async (home: string, url: string) => await new Inward(home, resolve).check(url)
    const home = 'https://example.org/a.meta4'
    for (const url of ['http://wiki.corp/', 'http://rebound.example/', 'http://169.254.169.254/latest', 'http://[::1]:80/'])
      expect(await failure(check(home, url)), url).to.match(/names a private address/)
    for (const url of ['https://example.org/x', 'https://only.the.proxy.knows/x']) await check(home, url)
    await check('http://wiki.corp/a.meta4', 'http://[::1]/x')
    await check('file:///home/me/a.meta4', 'http://wiki.corp/x')
  })
})
