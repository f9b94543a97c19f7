// Several downloads by one command, and everything below a folder, against real servers.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { expect } from 'chai'
import { content, honest, hostileOrigin, pausing } from '../origin/hostile-origin.ts'
import { DF, type Ended, hasNginx, hasScript, type Lab } from './lab.ts'
import { labForEach } from './lab-for-each.ts'

const MiB = 1024 * 1024

describe('df get of many', () => {
  let lab: Lab

  labForEach(l => {
    lab = l
  })

  const get = (...args: string[]): Promise<Ended> => lab.df(['get', ...args], 'home').ended

  describe('URLs', () => {
    before(function () {
      if (!hasNginx()) this.skip()
    })

    it('of a list, at the same time over few connections: every one, a summary, and nothing else', async () => {
      const names = Array.from({ length: 60 }, (_, i) => `f${i}.bin`)
      const digests = await Promise.all(names.map(name => lab.file(name, 16 * 1024)))
      const nginx = await lab.nginx({ http: "log_format connection '$connection'; access_log connections connection;" })
      await writeFile(lab.path('list'), `# a list\n${names.map(name => `${nginx.url}/${name}\n`).join('')}`)
      const { code, stdout, lines } = await get('-i', 'list', '-P', 'out', '--json', '--parallel', '4')
      expect(code, stdout.toString()).to.equal(0)
      expect(await lab.files('out')).to.have.members(names)
      for (const [i, name] of names.entries()) expect(await lab.read(`out/${name}`)).to.equal(digests[i])
      expect(lines.filter(({ type }) => type === 'done')).to.have.lengthOf(60)
      expect(lines.at(-1)).to.include({ type: 'summary', files: 60, failed: 0, kept: 0, bytes: 60 * 16 * 1024 })
      const urls = new Set(lines.filter(({ type }) => type === 'progress').map(({ url }) => url))
      expect(urls.size).to.equal(60)
      expect(await lab.files('home/store/entries')).to.deep.equal([])
    })

    it('one failure stops no other one, and the exit code is that of the first URL that failed', async () => {
      await lab.file('a', 1000)
      await lab.file('b', 1000)
      const { url } = await lab.nginx()
      const broken = await hostileOrigin(() => ({ status: 500, body: 'no' }))
      const urls = [`${url}/a`, `${url}/nope`, broken.url, `${url}/b`]
      const ended = await get(...urls, '-P', 'out', '--retry', '0')
      expect(ended.code).to.equal(3)
      expect(await lab.files('out')).to.have.members(['a', 'b'])
      expect(ended.stderr).to.match(/^df: \S+\/nope: origin answered 404/m)
      expect(ended.stderr).to.match(/\n2 files, 1\.9 KiB in [^\n]*, 2 failed\n$/)
      expect(await get(urls[2] as string, urls[1] as string, '-P', 'out', '--retry', '0')).to.include({ code: 4 })
      const json = await get(...urls, '-P', 'out', '--retry', '0', '--json')
      expect(json.lines.filter(({ type }) => type === 'failed').map(({ url }) => url)).to.have.members(urls.slice(1, 3))
      expect(json.lines.at(-1)).to.include({ type: 'summary', files: 2, failed: 2 })
    })

    it('of one file name do not overwrite each other, by their URL and by what the origin calls them', async () => {
      await Promise.all(['a', 'b', 'c'].map(name => mkdir(lab.path('www', name), { recursive: true })))
      const bodies = ['a', 'b', 'c']
      for (const name of bodies) await writeFile(lab.path('www', name, 'x.bin'), name)
      const { url } = await lab.nginx()
      const named = await hostileOrigin(request => {
        const act = honest(request, content(10), { etag: '"1"' })
        return { ...act, headers: { ...act.headers, 'content-disposition': 'attachment; filename="x.bin"' } }
      })
      for (let i = 0; i < 2; i++) {
        const { code, stderr } = await get(...bodies.map(name => `${url}/${name}/x.bin`), `${named.url}other`, '-P', 'out')
        expect(code, stderr).to.equal(0)
        expect(stderr).to.match(/^df: several URLs have the same file name/m)
        const texts = await Promise.all(['x.bin', 'x.bin.1', 'x.bin.2'].map(name => readFile(lab.path('out', name), 'utf8')))
        expect(texts).to.deep.equal(bodies)
        expect(await lab.files('out')).to.have.members(['x.bin', 'x.bin.1', 'x.bin.2', 'x.bin.3'])
      }
    })

    it('on standard output come one after the other, in order', async () => {
      await writeFile(lab.path('1'), '')
      const names = Array.from({ length: 8 }, (_, i) => `n${i}`)
      await mkdir(lab.path('www'), { recursive: true })
      for (const name of names) await writeFile(lab.path('www', name), `${name}\n`)
      const { url } = await lab.nginx()
      const { stdout, code } = await get('-q', '-o', '-', ...names.map(name => `${url}/${name}`))
      expect(code).to.equal(0)
      expect(stdout.toString()).to.equal(names.map(name => `${name}\n`).join(''))
    })

    it('leave what is there, each by its own name', async () => {
      await lab.file('a', 10)
      const { url } = await lab.nginx()
      await mkdir(lab.path('out'))
      await writeFile(lab.path('out', 'a'), 'mine')
      const { stderr, code } = await get('--no-clobber', `${url}/a`, `${url}/a?2`, '-P', 'out')
      expect(code).to.equal(0)
      expect(stderr).to.match(/\n1 file, 10 B in [^\n]*, 1 kept\n$/)
      expect(await readFile(lab.path('out', 'a'), 'utf8')).to.equal('mine')
      expect(await lab.files('out')).to.have.members(['a', 'a.1'])
    })
  })

  describe('folders', () => {
    const FILES = ['top.txt', 'a/one.txt', 'a/b c/two#?.txt', 'ü/drei.txt']
    const makeTree = async () => {
      for (const file of FILES) {
        await mkdir(path.dirname(lab.path('www', 'pub', file)), { recursive: true })
        await writeFile(lab.path('www', 'pub', file), file)
      }
      await writeFile(lab.path('www', 'above.txt'), 'not for you')
    }
    const expectTree = async (args: string[]) => {
      const { code, stderr } = await get('--recursive', ...args, '-P', 'out')
      expect(code, stderr).to.equal(0)
      expect(stderr).to.match(/^4 files, \d+ B in [^\n]*\n$/m)
      for (const file of FILES) expect(await readFile(lab.path('out', file), 'utf8')).to.equal(file)
      expect(await lab.files('out')).to.have.members(['top.txt', 'a', 'ü'])
    }

    it('of nginx', async function () {
      if (!hasNginx()) return this.skip()
      await makeTree()
      const { url } = await lab.nginx({ extra: 'autoindex on;' })
      await expectTree([`${url}/pub`])
    })

    it('of python -m http.server', async function () {
      await makeTree()
      const python = spawn('python3', ['-u', '-m', 'http.server', '0', '--bind', '127.0.0.1'], { cwd: lab.path('www') })
      const started = await Promise.race([once(python.stdout, 'data'), once(python, 'error')])
      const port = /port (\d+)/.exec(String(started[0]))?.[1]
      if (port === undefined) {
        console.warn('SKIPPED: python3 is not installed')
        return this.skip()
      }
      try {
        await expectTree([`http://127.0.0.1:${port}/pub/`])
      } finally {
        python.kill()
        await once(python, 'close')
      }
    })

    it('of S3, page by page', async () => {
      const keys = Array.from({ length: 25 }, (_, i) => `data/k${i % 3}/f${i}.txt`)
      const { url, requests } = await hostileOrigin(request => {
        const { pathname, searchParams } = new URL(request.url ?? '', 'http://h')
        if (pathname !== '/bucket/') return { body: pathname, headers: { etag: `"${pathname}"` } }
        const from = Number(searchParams.get('continuation-token') ?? 0)
        const more =
          from + 10 < keys.length
            ? `<IsTruncated>true</IsTruncated><NextContinuationToken>${from + 10}</NextContinuationToken>`
            : ''
        const contents = keys
          .slice(from, from + 10)
          .map(key => `<Contents><Key>${key}</Key></Contents>`)
          .join('')
        return { body: `<?xml version="1.0"?><ListBucketResult>${more}${contents}</ListBucketResult>` }
      })
      const { code, stderr } = await get('--recursive', new URL('/bucket/?list-type=2&prefix=data/', url).href, '-P', 'out')
      expect(code, stderr).to.equal(0)
      expect(stderr).to.match(/^25 files, /m)
      expect(await readFile(lab.path('out', 'k2', 'f23.txt'), 'utf8')).to.equal('/bucket/data/k2/f23.txt')
      expect(requests.length).to.be.at.least(28)
    })

    it('that are hostile: nothing lands outside, it ends, and it says so', async () => {
      const { url } = await hostileOrigin(request =>
        request.url?.endsWith('/') === true
          ? { body: '<a href="..%2f..%2fevil"></a><a href="../up"></a><a href="f"></a><a href="deeper/"></a>' }
          : { body: 'x', headers: { etag: '"x"' } },
      )
      const { code, stderr } = await get('--recursive', new URL('/a/', url).href, '-P', 'deep/out')
      expect(code, stderr).to.equal(2)
      expect(stderr).to.match(/a name that no file can have here: "\.\.%2f\.\.%2fevil"; such names were left out/)
      expect(stderr).to.match(/more than 16 folders one in the other; the rest was left out; raise it with --level/)
      expect(stderr).to.match(/\n33 files, /)
      expect(await lab.files('deep')).to.deep.equal(['out'])
      expect(await lab.files('deep/out')).to.have.members(['f', 'up', 'deeper'])
      expect(await lab.files('.')).to.not.include('evil')
    })
  })

  describe('on a terminal', () => {
    for (const columns of [40, 80, 120]) {
      it(`of ${columns} columns: a bar for each that takes its time, none wider than the screen, and lines behind them`, async function () {
        if (!hasScript()) return this.skip()
        const slow = await Promise.all([pausing({ body: content(2 * MiB) }, MiB), pausing({ body: content(2 * MiB, 1) }, MiB)])
        const urls = slow.map(({ url }, i) => `"${new URL(`/file-${i}.iso`, url).href}"`)
        const command = `stty cols ${columns} rows 20; exec "${DF}" get -P out ${urls.join(' ')}`
        const df = lab.run('script', ['-qec', command, '/dev/null'], 'home', { TERM: 'xterm', SHELL: '/bin/sh' })
        await df.said(stdout =>
          /file-0\.iso[^\n]*50 %[^\n]*\n[^\n]*file-1\.iso[^\n]*50 %/.test(stripVTControlCharacters(stdout.toString())),
        )
        for (const { goOn } of slow) goOn()
        const { code, stdout } = await df.ended
        expect(code, stdout.toString()).to.equal(0)
        const text = stdout.toString()
        expect(text).to.include('\x1b[36m')
        // what is drawn at one place begins with a move of the cursor there
        // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what a terminal gets
        const drawn = text.split(/\r\n|\x1b\[\d*G/).map(part => stripVTControlCharacters(part))
        for (const line of drawn.filter(part => part.includes('%'))) expect(line.length, line).to.be.below(columns)
        expect(stripVTControlCharacters(text)).to.match(
          /saved out\/file-[01]\.iso {2}2\.0 MiB in [^\n]*\r\nsha256 [0-9a-f]{64}\r\n/,
        )
        expect(stripVTControlCharacters(text)).to.match(/2 files, 4\.0 MiB in [^\r]*\r\n$/)
      })
    }
  })
})
