// Folders that a seed or daemon watches and shares by name, as real processes: no origin anywhere.
import { createHash } from 'node:crypto'
import { appendFile, lstat, mkdir, readdir, readFile, readlink, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import { type Ended, type Lab, LISTEN, type Running } from './lab.ts'
import { labForEach } from './lab-for-each.ts'

const MiB = 1024 * 1024

describe('df seed start --share', () => {
  let lab: Lab
  labForEach(opened => {
    lab = opened
  })

  const folder = () => lab.path('www', 'models')
  const get = async (seed: { address: string }, url: string, flags: readonly string[] = [], home = 'getter'): Promise<Ended> =>
    await lab.df(['get', '--json', '--no-daemon', '--seed', seed.address, ...flags, url], home).ended
  const summary = ({ lines }: Ended) => lines.find(({ type }) => type === 'summary')
  const mirror = (seed: { address: string }, out = 'out') =>
    get(seed, 'dragonfly://models/', ['--mirror', '-P', lab.path(out)], `home-${out}`)
  const shared = (stdout: Buffer) =>
    stdout
      .toString()
      .split('\n')
      .filter(line => line.includes('"folder-shared"'))
      .map(line => JSON.parse(line) as { url: string; files: number; bytes: number; path: string; name: string })

  /** Resolves once the seed has told of so many versions, to the last of them. */
  async function version(seed: Running, count: number) {
    return shared(await seed.said(out => shared(out).length >= count)).at(-1) as ReturnType<typeof shared>[number]
  }

  async function someModels(): Promise<void> {
    await mkdir(`${folder()}/small/empty`, { recursive: true })
    await lab.file('models/a.bin', 3 * MiB)
    for (const name of ['one', 'two', 'three']) await writeFile(`${folder()}/small/${name}.json`, `{"is": "${name}"}`)
    await symlink('a.bin', `${folder()}/latest`)
  }

  it('gives two hosts the folder by its name, and what it becomes: a mirror follows', async () => {
    await someModels()
    const seed = await lab.seed('seed', ['--share', folder()])
    const { shares } = await seed.line('ready')
    expect((shares as object[])[0]).to.include({ path: folder(), files: 4, isWatched: true, latest: 'dragonfly://models/' })
    const firsts = await Promise.all([mirror(seed, 'out1'), mirror(seed, 'out2')])
    for (const [i, first] of firsts.entries()) {
      expect(first.code, JSON.stringify(first.lines)).to.equal(0)
      expect(summary(first)).to.include({ files: 4, kept: 0, removed: 0 })
      expect(await digestOf(lab.path(`out${i + 1}`))).to.equal(await digestOf(folder()))
    }
    await rm(`${folder()}/small/one.json`)
    await writeFile(`${folder()}/small/two.json`, 'changed')
    await mkdir(`${folder()}/new/deep`, { recursive: true })
    await lab.file('models/new/deep/b.bin', MiB)
    const { files } = await version(seed, 2)
    expect(files).to.be.at.least(3)
    while ((await digestOf(lab.path('out1'))) !== (await digestOf(folder()))) {
      const again = await mirror(seed, 'out1')
      expect(again.code, JSON.stringify(again.lines)).to.equal(0)
      await pause(100)
    }
    const second = await mirror(seed, 'out2')
    expect(summary(second)).to.include({ files: 2, removed: 1 })
    expect(await digestOf(lab.path('out2'))).to.equal(await digestOf(folder()))
  })

  it('gives single files and parts of the folder by their paths, and standard output', async () => {
    await someModels()
    const seed = await lab.seed('seed', ['--share', `m.1=${folder()}`])
    const large = await get(seed, 'dragonfly://m.1/a.bin', ['-P', lab.path('one')])
    expect(large.code, JSON.stringify(large.lines)).to.equal(0)
    expect(await lab.read('one/a.bin')).to.equal(await lab.read('www/models/a.bin'))
    await get(seed, 'dragonfly://m.1/small/two.json', ['-o', lab.path('as.json')])
    expect(await readFile(lab.path('as.json'), 'utf8')).to.equal('{"is": "two"}')
    const part = await get(seed, 'dragonfly://m.1/small/', ['--exclude', 'three*'])
    expect(part.code, JSON.stringify(part.lines)).to.equal(0)
    expect(await lab.files('small')).to.deep.equal(['empty', 'one.json', 'two.json'])
    const piped = (name: string) => lab.df(['get', '-q', '--no-daemon', '--seed', seed.address, '-o', '-', name], 'getter').ended
    expect((await piped('dragonfly://m.1/small/one.json')).stdout.toString()).to.equal('{"is": "one"}')
    expect((await piped('dragonfly://m.1/a.bin')).stdout.length).to.equal(3 * MiB)
    for (const [url, code] of [
      ['dragonfly://m.1/nothing', 'not-found'],
      ['dragonfly://m.1/small', 'not-found'],
      ['dragonfly://other/', 'not-found'],
      ['dragonfly://m.1/?x=1', 'bad-url'],
    ] as const) {
      const ended = await get(seed, url, ['-P', lab.path('nothing')])
      expect(ended.code, url).to.not.equal(0)
      expect(ended.lines.at(-1), url).to.include({ type: 'error', code })
    }
    expect(await lab.files('nothing')).to.deep.equal([])
  })

  it('gives nothing that lies outside of the folder', async () => {
    await someModels()
    await writeFile(lab.path('www', 'private'), 'private')
    await symlink('../private', `${folder()}/link`)
    await symlink(lab.path('www'), `${folder()}/absolute`)
    const seed = await lab.seed('seed', ['--share', folder()])
    await seed.said(out => out.includes('"folder-left-out"'))
    for (const path of ['../private', '%2e%2e/private', '..%2fprivate', 'link', 'absolute/private', '/etc/passwd']) {
      const ended = await get(seed, `dragonfly://models/${path}`, ['-P', lab.path('outside')])
      expect(ended.code, path).to.not.equal(0)
    }
    expect(await lab.files('outside')).to.deep.equal([])
    await mirror(seed)
    expect(await lab.filesWith(['private'])).to.deep.equal([lab.path('www', 'private')])
    expect(await lab.files('out')).to.deep.equal(['a.bin', 'latest', 'small'])
    // what takes the place of a folder later is not followed either
    await rename(`${folder()}/small`, lab.path('elsewhere'))
    await symlink(lab.path('www'), `${folder()}/small`)
    expect(await version(seed, 2)).to.include({ files: 1 })
  })

  it('keeps an earlier version for those who have its address', async () => {
    await someModels()
    const seed = await lab.seed('seed', ['--share', folder()])
    const first = await version(seed, 1)
    await lab.file('other.bin', 3 * MiB)
    const before = await lab.read('www/models/a.bin')
    await rename(lab.path('www', 'other.bin'), `${folder()}/a.bin`)
    await writeFile(`${folder()}/small/two.json`, 'changed')
    await version(seed, 2)
    const ended = await get(seed, first.url, ['-P', lab.path('out')])
    expect(ended.code, JSON.stringify(ended.lines)).to.equal(0)
    expect(await lab.read('out/a.bin')).to.equal(before)
    expect(await readFile(lab.path('out', 'small', 'two.json'), 'utf8')).to.equal('{"is": "two"}')
  })

  it('gives what has become of a file that is overwritten in place while it is fetched', async () => {
    await mkdir(folder(), { recursive: true })
    const before = await lab.file('models/a.bin', 24 * MiB)
    const seed = await lab.seed('seed', ['--share', folder()])
    const flags = ['--json', '--no-daemon', '--seed', seed.address, '--limit', '3M', '-P', lab.path('out')]
    const getting = lab.df(['get', ...flags, 'dragonfly://models/'], 'getter')
    await getting.line('progress')
    await writeFile(`${folder()}/a.bin`, Buffer.alloc(4 * MiB, 'changed'))
    const { code, lines } = await getting.ended
    expect(code, JSON.stringify(lines.slice(-3))).to.equal(0)
    // a store with bytes of its own gives the version that was asked for
    expect(await lab.read('out/a.bin')).to.be.oneOf([before, await lab.read('www/models/a.bin')])
    const again = await mirror(seed)
    expect(again.code).to.equal(0)
    expect(await lab.read('out/a.bin')).to.equal(await lab.read('www/models/a.bin'))
    expect(await lab.files('out')).to.deep.equal(['a.bin'])
  })

  it('reads only what has changed of 2,000 small files', async () => {
    for (let i = 0; i < 20; i++) await mkdir(`${folder()}/d${i}`, { recursive: true })
    const old = new Date(Date.now() - 60_000)
    for (let i = 0; i < 2000; i++) {
      await writeFile(`${folder()}/d${i % 20}/f${i}`, `file ${i} `.repeat(200))
      await utimes(`${folder()}/d${i % 20}/f${i}`, old, old)
    }
    const seed = await lab.seed('seed', ['--share', folder()])
    expect(await version(seed, 1)).to.include({ files: 2000 })
    expect(summary(await mirror(seed))).to.include({ files: 2000 })
    await writeFile(`${folder()}/d3/f3`, 'changed')
    await version(seed, 2)
    const again = await mirror(seed)
    expect(summary(again)).to.include({ files: 1, kept: 1999 })
    // the pack of the one file, and not those of the others
    const sent = again.lines.filter(({ type }) => type === 'packed').reduce((sum, { bytes }) => sum + (bytes as number), 0)
    expect(sent).to.be.below(MiB)
    expect(await digestOf(lab.path('out'))).to.equal(await digestOf(folder()))
  })

  it('goes on with a folder that is written to all the time', async () => {
    await someModels()
    await lab.file('models/growing.bin', MiB)
    let isOver = false
    const writing = (async () => {
      for (let i = 0; !isOver; i++) {
        await appendFile(`${folder()}/growing.bin`, Buffer.alloc(64 * 1024, i))
        await writeFile(`${folder()}/small/count.json`, `${i}`)
        await rm(`${folder()}/small/${i - 1}.json`, { force: true })
        await writeFile(`${folder()}/small/${i}.json`, `${i}`)
        await pause(5)
      }
    })()
    try {
      const seed = await lab.seed('seed', ['--share', folder()])
      // no moment is quiet, and it is looked at all the same
      const from = performance.now()
      await version(seed, 3)
      expect(performance.now() - from).to.be.below(40_000)
      const ended = await mirror(seed)
      const failed = ended.lines.filter(({ type }) => type === 'failed').map(({ url }) => url)
      expect(failed.filter(url => url !== 'growing.bin')).to.deep.equal([])
      expect(await lab.read('out/a.bin')).to.equal(await lab.read('www/models/a.bin'))
      isOver = true
      await writing
      while ((await digestOf(lab.path('out'))) !== (await digestOf(folder()))) await mirror(seed)
    } finally {
      isOver = true
      await writing
    }
  })

  it('is killed in the middle of a change, and shares the folder as it is after the next start', async () => {
    await someModels()
    const seed = await lab.seed('seed', ['--share', folder()])
    expect((await mirror(seed)).code).to.equal(0)
    for (let i = 0; i < 8; i++) await lab.file(`models/more-${i}.bin`, 4 * MiB)
    await writeFile(`${folder()}/small/two.json`, 'changed')
    // it reads them by now, or is about to
    await pause(1100)
    seed.child.kill('SIGKILL')
    await seed.ended
    await rm(`${folder()}/more-3.bin`)
    const again = await lab.seed('seed', ['--share', folder()])
    const ended = await mirror(again)
    expect(ended.code, JSON.stringify(ended.lines)).to.equal(0)
    expect(await digestOf(lab.path('out'))).to.equal(await digestOf(folder()))
  })

  it('says what cannot be shared before it starts, and what two folders would be called', async () => {
    await someModels()
    const start = (...folders: string[]) =>
      lab.df(['seed', 'start', '--json', ...LISTEN, ...folders.flatMap(one => ['--share', one])], 'seed').ended
    for (const folders of [['/nowhere'], [`${folder()}/a.bin`], [folder(), `${lab.path('www')}`, `models=${lab.path('www')}`]]) {
      const { code, lines } = await start(...folders)
      expect(code, folders.join()).to.equal(2)
      expect(lines.at(-1)).to.include({ type: 'error', code: 'bad-option' })
    }
  })

  it('is named in config.json, from where that file is', async () => {
    await someModels()
    await mkdir(lab.path('seed'))
    await writeFile(lab.path('seed', 'config.json'), JSON.stringify({ share: ['named=../www/models'] }))
    const seed = await lab.seed('seed')
    const ended = await get(seed, 'dragonfly://named/', ['-P', lab.path('out')])
    expect(ended.code, JSON.stringify(ended.lines)).to.equal(0)
    expect(await digestOf(lab.path('out'))).to.equal(await digestOf(folder()))
  })

  it('is shared by a daemon too, listed, and stopped by name, address or path', async () => {
    await someModels()
    await lab.file('a.bin', MiB)
    const daemon = lab.df(['daemon', 'start', '--json', ...LISTEN, '--share', folder()], 'sharer')
    const { addresses, peerId } = await daemon.line('ready')
    const way = ['--bootstrap', (addresses as string[])[0] as string, '--trust', peerId as string]
    const from = async (url: string, out: string) =>
      await lab.df(['get', '--json', '--no-daemon', ...way, '-P', lab.path(out), url], 'getter').ended
    const df = async (...args: string[]) => await lab.df(['share', '--json', ...args], 'sharer').ended
    const listed = async () => (await df('--list')).lines.map(({ path, isWatched }) => ({ path, isWatched }))
    await df(lab.path('www', 'a.bin'))
    await mkdir(lab.path('www', 'more'))
    const more = await df('--watch', lab.path('www', 'more'))
    expect(more.code, more.stderr).to.equal(0)
    expect(await listed()).to.deep.equal([
      { path: lab.path('www', 'a.bin'), isWatched: false },
      { path: folder(), isWatched: true },
      { path: lab.path('www', 'more'), isWatched: true },
    ])
    await writeFile(lab.path('www', 'more', 'later'), 'later')
    await version(daemon, 3)
    const later = await from('dragonfly://more/later', 'out')
    expect(later.code, JSON.stringify(later.lines)).to.equal(0)
    const { url } = (await df('--list')).lines[0] as { url: string }
    for (const what of [url, folder(), 'dragonfly://more/'])
      expect((await df('--stop', what)).lines[0], what).to.include({ type: 'unshared' })
    expect(await listed()).to.deep.equal([])
    while ((await lab.kept('sharer')).length > 0) await pause(20)
    const ended = await from('dragonfly://models/', 'nothing')
    expect(ended.lines.at(-1)).to.include({ code: 'not-found' })
    expect((await df('--stop', folder())).lines.at(-1)).to.include({ type: 'error', code: 'not-found' })
  })

  it('is planned with --dry-run, by its name or its address, and what does not go together is refused', async () => {
    await someModels()
    const seed = await lab.seed('seed', ['--share', folder()])
    const { url } = await version(seed, 1)
    await mkdir(lab.path('out'))
    await writeFile(lab.path('out', 'stray'), 'stray')
    for (const address of ['dragonfly://models/', url]) {
      const { code, lines } = await get(seed, address, [
        '--mirror',
        '--dry-run',
        '--include',
        '*.json',
        '--include',
        'stray',
        '-P',
        lab.path('out'),
      ])
      expect(code, JSON.stringify(lines)).to.equal(0)
      expect(lines.filter(({ type, action }) => type === 'planned' && action !== 'remove')).to.have.length(3)
      expect(lines.find(({ type }) => type === 'summary')).to.include({ removed: 1 })
    }
    expect(await lab.files('out')).to.deep.equal(['stray'])
    for (const args of [
      ['share'],
      ['share', '--list', 'x'],
      ['share', '--list', '--stop', 'x'],
      ['share', '--list', '--no-daemon'],
      ['share', '--watch', '--no-daemon', folder()],
      ['get', '--mirror', 'dragonfly://models/'],
      ['get', '-o', 'x', 'dragonfly://models/'],
      ['get', '-r', '0-9', 'dragonfly://models/a.bin'],
      ['get', '-I', 'dragonfly://models/a.bin'],
      ['get', 'dragonfly://models/', 'dragonfly://models/a.bin'],
    ])
      expect((await lab.df(args, 'nobody').ended).code, args.join(' ')).to.equal(2)
    for (const args of [['--list'], ['--stop', 'x'], ['--watch', folder()]]) {
      const { code, lines } = await lab.df(['share', '--json', ...args], 'nobody').ended
      expect(code, args.join()).to.not.equal(0)
      expect(lines.at(-1), args.join()).to.include({ type: 'error', code: 'no-daemon' })
    }
  })

  it('is asked for through the daemon of the host', async () => {
    await someModels()
    const seed = await lab.seed('seed', ['--share', folder()])
    const daemon = lab.df(['daemon', 'start', '--json', ...LISTEN, '--seed', seed.address], 'host')
    await daemon.line('ready')
    const ask = async (url: string) =>
      await lab.df(['get', '--json', '-P', lab.path('out'), '--seed', seed.address, url], 'host').ended
    expect(await ask('dragonfly://models/')).to.include({ code: 0 })
    expect(await digestOf(lab.path('out'))).to.equal(await digestOf(folder()))
    expect((await ask('dragonfly://other/')).lines.at(-1)).to.include({ code: 'not-found' })
  })
})

/** Of names, kinds, modes and bytes of all that is in a folder. */
async function digestOf(folder: string): Promise<string> {
  const hash = createHash('sha256')
  for (const name of (await readdir(folder, { recursive: true })).toSorted()) {
    const found = await lstat(`${folder}/${name}`)
    hash.update(`${name} ${found.isDirectory()} ${found.mode & 0o100} `)
    if (found.isSymbolicLink()) hash.update(await readlink(`${folder}/${name}`))
    if (found.isFile()) hash.update(await readFile(`${folder}/${name}`))
  }
  return hash.digest('hex')
}
