// df get as a person or a program uses it: names, places, streams, what it says, what it leaves.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { stat, symlink, writeFile } from 'node:fs/promises'
import { expect } from 'chai'
import { content, honest, hostileOrigin, pausing } from '../origin/hostile-origin.ts'
import { complaint, expectFile, receipt } from './expectations.ts'
import { DF, type Ended, hasNginx, hasScript, type Lab } from './lab.ts'
import { labForEach } from './lab-for-each.ts'

const KiB = 1024
const MiB = 1024 * KiB
/** Three pieces, the last one short. */
const CONTENT = content(600_001)
/** Computed by an independent implementation of UnixFS (dag-pb nodes written by hand in Python). */
const GOLDEN = {
  bytes: 600_001,
  sha256: '12b4625d4ac24ac6ed8d3e324762235e1e5c7b8f0ba89b9311a39ae13389f8b2',
  cid: 'bafybeifjdtmy4eugq7n4lvdlk4ctdxumsmusc2oowonpkmhookmopndyla',
}
const ALONE = { fromPeers: 0, fromSeeds: 0, resumed: 0, peers: 0, trust: 'origin' }

describe('df get', () => {
  let lab: Lab

  labForEach(l => {
    lab = l
  })

  /** URL of an origin that gives CONTENT under any path. */
  const origin = async (headers: Record<string, string> = {}): Promise<string> => {
    const { url } = await hostileOrigin(request => {
      const act = honest(request, CONTENT, { etag: '"1"' })
      return { ...act, headers: { ...act.headers, ...headers } }
    })
    return new URL('/', url).href
  }
  const get = (...args: string[]): Promise<Ended> => lab.df(['get', ...args], 'home').ended
  /** The file holds CONTENT, and nothing else but it and what we know of stands in its folder. */
  const expectSaved = async (file: string, folder: string, names: string[]): Promise<void> => {
    await expectFile(lab.path(file), CONTENT)
    expect(await lab.files(folder)).to.deep.equal(names)
  }

  it('with no seed and no configuration: the file, a receipt with exactly the promised fields, nothing left over', async () => {
    const url = `${await origin()}dir/some%20file.bin?x=1#part`
    const ended = await get('--json', url)
    const done = receipt(ended)
    const file = lab.path('some file.bin')
    expect(ended.stderr).to.equal('')
    expect(done).to.include({ ...GOLDEN, ...ALONE, url, output: file, fromOrigin: CONTENT.length })
    expect(done.seconds).to.be.within(0.001, 60)
    await expectSaved('some file.bin', '', ['home', 'some file.bin'])
    expect(await lab.kept('home')).to.deep.equal([])
    const progress = ended.lines.filter(l => l.type === 'progress')
    expect(progress).to.not.deep.equal([])
    const keys = ['type', 'bytes', 'fromOrigin', 'fromPeers', 'fromSeeds', 'resumed', 'peers', 'rate', 'received']
    // the length is left out while it is not known
    for (const line of progress) expect(line).to.have.all.keys('length' in line ? [...keys, 'length'] : keys)
    expect(progress.at(-1)).to.include({ bytes: CONTENT.length, length: CONTENT.length })
  })

  const names: Array<[what: string, disposition: string, path: string, name: string]> = [
    ['Content-Disposition', 'attachment; filename="nice name.iso"', 'download.php?id=7', 'nice name.iso'],
    ['a path in Content-Disposition: its last part', 'attachment; filename="../../x"', 'dir/y', 'x'],
    ['an encoded hostile path', "attachment; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd", 'dir/y', 'passwd'],
    ['a hidden name: no dot file', 'attachment; filename=".bashrc"', 'dir/y', 'bashrc'],
    ['a useless Content-Disposition: the URL', 'attachment; filename=".."', 'dir/y.bin', 'y.bin'],
    ['an encoded slash in the URL', '', 'dir/..%2f..%2fz', 'z'],
    ['no name anywhere', '', '', 'index.html'],
  ]
  for (const [what, disposition, path, name] of names) {
    it(`without -o, ${what}: ${name}`, async () => {
      await lab.folder('a/b/c')
      const url = `${await origin(disposition === '' ? {} : { 'content-disposition': disposition })}${path}`
      const ended = await lab.run('sh', ['-c', 'cd a/b/c && exec "$0" get --quiet "$1"', DF, url], 'home').ended
      expect(ended, ended.stderr).to.include({ code: 0, stderr: '' })
      await expectSaved(`a/b/c/${name}`, 'a/b/c', [name])
      expect([await lab.files('a/b'), await lab.files('a'), await lab.files('')]).to.deep.equal([['c'], ['b'], ['a', 'home']])
    })
  }

  it('-o FILE, -o FOLDER, -o FOLDER/ and a file behind a symbolic link', async () => {
    const url = `${await origin({ 'content-disposition': 'attachment; filename=it.bin' })}x`
    for (const name of ['one', 'two', 'three']) await lab.folder(name)
    await writeFile(lab.path('three/real'), 'old')
    await symlink('real', lab.path('three/link'))
    const [file, folder, slash, link] = await Promise.all([
      lab.df(['get', '--json', '-o', 'one/f', url]).ended,
      lab.df(['get', '--json', '-o', 'two', url]).ended,
      lab.df(['get', '--json', '-o', 'one/', url]).ended,
      lab.df(['get', '--json', '-o', 'three/link', url]).ended,
    ])
    expect(receipt(file).output).to.equal(lab.path('one/f'))
    expect(receipt(folder).output).to.equal(lab.path('two/it.bin'))
    expect(receipt(slash).output).to.equal(lab.path('one/it.bin'))
    receipt(link)
    await expectSaved('one/f', 'one', ['f', 'it.bin'])
    await expectSaved('one/it.bin', 'one', ['f', 'it.bin'])
    await expectSaved('two/it.bin', 'two', ['it.bin'])
    await expectSaved('three/real', 'three', ['link', 'real'])
    await expectSaved('three/link', 'three', ['link', 'real'])
  })

  for (const chunked of [false, true]) {
    it(`-o - streams while the origin still sends (${chunked ? 'unknown' : 'known'} length)`, async () => {
      const body = content(4 * MiB + 1)
      const { url, goOn } = await pausing({ body, chunked }, 2 * MiB + 5)
      const df = lab.df(['get', '--json', '-o', '-', url], 'home')
      // the origin waits for us: what comes now came before the end was sent
      const early = await df.said(stdout => stdout.length >= 2 * MiB)
      expect(early.length).to.equal(2 * MiB)
      goOn()
      const ended = await df.ended
      expect(Buffer.compare(ended.stdout, body)).to.equal(0)
      const lines = ended.stderr
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line))
      expect(receipt(ended, lines)).to.include({ output: '-', bytes: body.length, fromOrigin: body.length })
      expect(await lab.files('')).to.deep.equal(['home'])
      expect(await lab.kept('home')).to.deep.equal([])
    })
  }

  it('an existing file is replaced only when the new one is complete', async () => {
    const folder = await lab.folder('out')
    await writeFile(`${folder}/f`, 'old content')
    const body = content(2 * MiB)
    const { url, goOn } = await pausing({ body }, 2 * MiB - 1)
    const df = lab.df(['get', '--json', '-o', 'out/f', url], 'home')
    await df.said(stdout => /"bytes":[1-9]/.test(stdout.toString()))
    expect(readFileSync(`${folder}/f`, 'utf8')).to.equal('old content')
    goOn()
    receipt(await df.ended)
    await expectFile(`${folder}/f`, body)
    const bad = await hostileOrigin(() => ({ body: content(MiB), cutAfter: MiB - 7 }))
    complaint(await get('--quiet', '-o', 'out/f', bad.url), 4)
    await expectFile(`${folder}/f`, body)
    expect(await lab.files('out')).to.deep.equal(['f'])
  })

  it('the file has the permissions that the umask leaves', async () => {
    const url = await origin()
    const modes: Array<[umask: string, extra: string[], mode: number]> = [
      ['022', [], 0o644],
      ['027', [], 0o640],
      ['077', [], 0o600],
      ['002', ['--linger', '1ms'], 0o664],
    ]
    await Promise.all(
      modes.map(async ([umask, extra, mode]) => {
        const script = `umask ${umask}; exec "$0" get --quiet -o f-${umask} "$@"`
        const ended = await lab.run('sh', ['-c', script, DF, ...extra, url]).ended
        expect(ended, ended.stderr).to.include({ code: 0 })
        expect((await stat(lab.path(`f-${umask}`))).mode & 0o7777, umask).to.equal(mode)
      }),
    )
  })

  it('plain lines when not on a terminal: no control characters, and a receipt', async () => {
    const ended = await get('-o', 'f', await origin())
    expect(ended, ended.stderr).to.deep.include({ code: 0, stdout: Buffer.alloc(0) })
    expect(ended.stderr).to.match(/^[\P{Cc}\n]*$/u)
    expect(ended.stderr).to.include(`saved f  585.9 KiB in `).and.include(`sha256 ${GOLDEN.sha256}\n`)
    expect(ended.stderr).to.match(/\nfrom origin 100 %; checked against: the origin's own answer\n$/)
  })

  it('a long download says where it stands, line by line', async () => {
    if (!hasNginx()) return
    await lab.file('slow.bin', 5 * MiB)
    const nginx = await lab.nginx({ limitRate: '2m' })
    const ended = await get('-o', 'f', `${nginx.url}/slow.bin`)
    expect(ended.stderr).to.match(/^\d[^\n]* of 5\.0 MiB \(\d+ %\), [^\n]*\/s, [^\n]* left, from origin 100 %\n/)
  })

  it('nothing at all with --quiet', async () => {
    expect(await get('--quiet', '-o', 'f', await origin())).to.deep.include({ code: 0, stdout: Buffer.alloc(0), stderr: '' })
    await expectSaved('f', '', ['f', 'home'])
  })

  it('a live bar on a terminal, gone when the receipt comes', async function () {
    // a terminal needs `script` of util-linux; without it the lab says so
    if (!hasScript()) return this.skip()
    const body = content(2 * MiB)
    const { url, goOn } = await pausing({ body }, MiB)
    const command = `stty cols 100; exec "${DF}" get -o f "${url}"`
    const df = lab.run('script', ['-qec', command, '/dev/null'], 'home', { TERM: 'xterm', SHELL: '/bin/sh', NO_COLOR: '1' })
    await df.said(stdout => /50 % █{10}░{10} {2}1\.0 MiB of 2\.0 MiB/.test(stdout.toString()))
    goOn()
    const ended = await df.ended
    expect(ended.code, ended.stdout.toString()).to.equal(0)
    const last = ended.stdout.toString().split('█').at(-1) as string
    expect(last).to.match(
      /\p{Cc}\[[^\n]*saved f {2}2\.0 MiB in [^\n]*\/s\)\r\nsha256 [0-9a-f]{64}\r\nfrom origin 100 %; checked against: /u,
    )
    expect(createHash('sha256').update(body).digest('hex')).to.equal(await lab.read('f'))
  })
})
