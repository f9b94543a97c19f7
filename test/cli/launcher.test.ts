import { existsSync } from 'node:fs'
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { crc32 } from 'node:zlib'
import { expect } from 'chai'
import { DF, DRAGONFLY, ROOT, run, start } from './processes.ts'

describe('launcher', () => {
  let dir: string
  /** A folder for PATH with what the launcher needs, and without Node. */
  let tools: string

  beforeEach(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'df-launcher-'))
    tools = path.join(dir, 'tools')
    await mkdir(tools)
    for (const tool of ['readlink', 'find', 'df']) await symlink(`/usr/bin/${tool}`, path.join(tools, tool))
  })
  afterEach(() => rm(dir, { recursive: true }))

  async function script(file: string, text: string): Promise<string> {
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, `#!/bin/sh\n${text}\n`)
    await chmod(file, 0o755)
    return file
  }

  /** Filesystem, size and place: what does not change between two runs. */
  function table(text: string): string[] {
    return text.split('\n').map(line => {
      const columns = line.split(/\s+/)
      return [columns[0], columns[1], ...columns.slice(5)].join(' ')
    })
  }

  describe("the system's df", () => {
    for (const args of [[], ['-h'], ['-P', '/'], ['--help'], ['--version'], ['./get'], ['-x', 'a b']]) {
      it(`answers: df ${args.join(' ')}`, async () => {
        const options = { env: { PATH: tools, LANG: 'C' }, cwd: dir }
        await writeFile(path.join(dir, 'get'), '')
        const [ours, theirs] = await Promise.all([run(DF, args, options), run(path.join(tools, 'df'), args, options)])
        const prefix = (text: string): string => text.replaceAll(/^\S*df: /gm, 'df: ').replaceAll(/^(Usage|Try): .*$/gm, '')
        expect(table(ours.stdout)).to.deep.equal(table(theirs.stdout))
        expect(prefix(ours.stderr).replaceAll(`'${tools}/df`, "'df")).to.equal(
          prefix(theirs.stderr).replaceAll(`'${tools}/df`, "'df"),
        )
        expect(ours.code).to.equal(theirs.code)
      })
    }

    it('never answers for a command of ours', async () => {
      const tellNode = await script(path.join(dir, 'node'), 'echo ours')
      for (const page of await readdir(path.join(ROOT, 'man'))) {
        const [, word] = /^df-(.*)\.1$/.exec(page) ?? []
        if (word === undefined) continue
        const { stdout } = await run(DF, [word], { env: { PATH: tools, DRAGONFLY_NODE: tellNode }, cwd: dir })
        expect(stdout, word).to.equal('ours\n')
      }
    })

    for (const word of ['ls', 'rm', 'verify', 'pin', 'unpin']) {
      it(`answers for a file that is called ${word}, unless a URL follows`, async () => {
        const other = path.join(dir, 'other')
        await script(path.join(other, 'df'), 'echo "system $*"')
        const tellNode = await script(path.join(dir, 'node'), 'echo ours')
        const said = async (...args: string[]) => {
          const env = { PATH: `${other}:${tools}`, DRAGONFLY_NODE: tellNode }
          return (await run(DF, args, { env, cwd: dir })).stdout
        }
        expect(await said(word)).to.equal('ours\n')
        expect(await said(word, '--json')).to.equal('ours\n')
        await symlink('/nowhere', path.join(dir, word))
        expect(await said(word)).to.equal(`system ${word}\n`)
        expect(await said(word, '-h')).to.equal(`system ${word} -h\n`)
        expect(await said(word, 'https://example.org/x')).to.equal('ours\n')
        expect(await said('-h', word)).to.equal(`system -h ${word}\n`)
      })
    }

    it('gets its arguments untouched', async () => {
      const other = path.join(dir, 'other')
      await script(path.join(other, 'df'), 'for a in "$@"; do echo "<$a>"; done')
      const { stdout } = await run(DF, ['-h', 'a b', '*', '', '$x'], { env: { PATH: `${other}:${tools}` } })
      expect(stdout).to.equal('<-h>\n<a b>\n<*>\n<>\n<$x>\n')
    })

    it('is found behind our own launchers: linked, copied, or wrapped', async () => {
      const [linked, copied, wrapped] = ['linked', 'copied', 'wrapped'].map(name => path.join(dir, name, 'df')) as [
        string,
        string,
        string,
      ]
      await mkdir(path.dirname(linked))
      await symlink(DF, linked)
      await mkdir(path.dirname(copied))
      await copyFile(DF, copied)
      await script(wrapped, `exec ${DF} "$@"`)
      for (const first of [linked, copied, wrapped]) {
        const PATH = [first, linked, copied, wrapped].map(file => path.dirname(file)).join(':')
        const { stdout, code } = await run(first, ['-P', '/'], { env: { PATH: `${PATH}:${tools}`, LANG: 'C' } })
        expect(code, first).to.equal(0)
        expect(stdout, first).to.match(/^Filesystem .*\n.* \/\n$/)
      }
    })

    it('is found without any PATH', async () => {
      expect((await run(DF, ['-P', '/'], { env: { PATH: '/nowhere' } })).stdout).to.include(' /\n')
    })
  })

  describe('our commands', () => {
    const env = { PATH: '/nowhere', HOME: os.tmpdir() }

    it('run through chains of relative and absolute links', async () => {
      await mkdir(path.join(dir, 'a', 'b'), { recursive: true })
      await symlink(path.join(path.relative(path.join(dir, 'a'), ROOT), 'bin', 'df'), path.join(dir, 'a', 'df'))
      await symlink('../df', path.join(dir, 'a', 'b', 'df'))
      await symlink(path.join(dir, 'a', 'b', 'df'), path.join(dir, 'df'))
      const PATH = `${dir}:${tools}`
      for (const [command, cwd] of [
        [path.join(dir, 'df'), '/'],
        ['df', '/'],
        ['./b/df', path.join(dir, 'a')],
      ] as const) {
        expect(await run(command, ['version'], { env: { ...env, PATH }, cwd })).to.include({ code: 0, stderr: '' })
      }
    })

    it('run in a folder with a space and a PATH that starts with a colon', async () => {
      const spaced = path.join(dir, 'my bin')
      await mkdir(spaced)
      await symlink(DRAGONFLY, path.join(spaced, 'dragonfly'))
      const ended = await run(path.join(spaced, 'dragonfly'), ['--version'], {
        env: { ...env, PATH: `:${tools}`, CDPATH: '/:/tmp' },
      })
      expect(ended).to.include({ code: 0, stderr: '' })
    })

    it('are all that dragonfly knows', async () => {
      const { version } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'))
      const options = { env: { ...env, PATH: tools } }
      expect(await run(DRAGONFLY, ['--version'], options)).to.include({ code: 0, stdout: `${version}\n` })
      expect((await run(DRAGONFLY, ['--help'], options)).stdout).to.match(/^Usage: dragonfly /)
      expect(await run(DRAGONFLY, ['-h'], options)).to.include({ code: 0 })
      expect(await run(DRAGONFLY, ['/'], options)).to.include({ code: 2, stdout: '' })
    })

    it('keep their compiled code where nobody else can write, under any umask', async () => {
      const cache = path.join(dir, 'cache')
      const compiled = path.join(cache, 'dragonfly', 'compile')
      const version = () =>
        run('/bin/sh', ['-c', `umask 000; exec '${DRAGONFLY}' --version`], {
          env: { ...env, PATH: tools, XDG_CACHE_HOME: cache },
        })
      expect(await version()).to.include({ code: 0 })
      for (const folder of [cache, path.dirname(compiled), compiled]) expect((await stat(folder)).mode & 0o777).to.equal(0o700)
      // what an earlier version left open is closed, and what others may have put there is gone
      for (const folder of [path.dirname(compiled), compiled]) await chmod(folder, 0o777)
      await writeFile(path.join(compiled, 'planted'), 'x')
      expect(await version()).to.include({ code: 0 })
      for (const folder of [path.dirname(compiled), compiled]) expect((await stat(folder)).mode & 0o022).to.equal(0)
      expect(await readdir(compiled)).to.not.include('planted')
    })

    describe('keep the bytecode of what they called', () => {
      let compiled: string
      let kept: string
      const help = (...args: string[]) =>
        run(DRAGONFLY, args, { env: { ...env, PATH: tools, XDG_CACHE_HOME: path.join(dir, 'cache') } })
      beforeEach(async () => {
        compiled = path.join(dir, 'cache', 'dragonfly', 'compile')
        expect(await help('help')).to.include({ code: 0 })
        const [name = '', ...others] = await readdir(compiled)
        expect(name).to.match(/^main\.cjs-[\da-f]{8}-[\da-f]{8}\.code$/)
        expect(others).to.deep.equal([])
        kept = path.join(compiled, name)
      })

      it('once for each command, for this user alone', async () => {
        const first = await stat(kept)
        expect(first.mode & 0o777).to.equal(0o600)
        expect(await help('help')).to.include({ code: 0 })
        expect((await stat(kept)).ino).to.equal(first.ino)
        expect(await help('version')).to.include({ code: 0 })
        const bytes = await readFile(kept)
        expect(bytes.toString('latin1', 8, 512).trim()).to.match(/^help:\d+ version:\d+$/)
        expect(bytes.length).to.be.above(200_000)
      })

      it('and more of it after a run that took longer, and called more', async () => {
        const sim = async (...args: string[]) => {
          expect(await help('sim', ...args)).to.include({ code: 0 })
          const files = (await readdir(compiled)).filter(name => !name.startsWith('main'))
          const all = await Promise.all(files.map(name => readFile(path.join(compiled, name))))
          const ms = all.map(bytes => Number(/ sim:(\d+)/.exec(bytes.toString('latin1', 8, 512))?.[1]))
          return { bytes: all.reduce((sum, { length }) => sum + length, 0), ms: Math.max(...ms) }
        }
        const short = await sim('--list')
        const long = await sim('equal-24', '--pieces', '200')
        expect(long.ms).to.be.above(1.5 * short.ms)
        expect(long.bytes).to.be.above(1.02 * short.bytes)
        expect(await sim('--list')).to.deep.equal(long)
      })

      it('and make it anew when it is damaged or cut off', async () => {
        const whole = await readFile(kept)
        const damaged = Buffer.from(whole)
        damaged[whole.length >> 1] = (damaged[whole.length >> 1] as number) ^ 0x55
        for (const bytes of [damaged, whole.subarray(0, 1000), Buffer.alloc(0)]) {
          await writeFile(kept, bytes)
          const { code, stdout } = await help('help')
          expect(code).to.equal(0)
          expect(stdout).to.match(/^Usage: dragonfly /)
          const fresh = await readFile(kept)
          expect(fresh.length).to.be.above(200_000)
          expect(crc32(fresh.subarray(8)).toString(16).padStart(8, '0')).to.equal(fresh.toString('latin1', 0, 8))
        }
      })

      it('for a month, unless it is in use', async () => {
        const old = path.join(compiled, 'main.cjs-00000000-00000000.code')
        await writeFile(old, 'of an earlier version')
        const then = new Date(Date.now() - 31 * 24 * 3600 * 1000)
        await utimes(old, then, then)
        expect(await help('version')).to.include({ code: 0 })
        expect(await readdir(compiled)).to.deep.equal([path.basename(kept)])
      })

      it('nowhere when told so', async () => {
        await rm(compiled, { recursive: true })
        const told = { ...env, PATH: tools, XDG_CACHE_HOME: path.join(dir, 'cache'), NODE_DISABLE_COMPILE_CACHE: '1' }
        expect(await run(DRAGONFLY, ['help'], { env: told })).to.include({ code: 0 })
        expect(existsSync(compiled)).to.equal(false)
      })
    })

    it('keep the pid of the launcher', async () => {
      const tellPid = await script(path.join(dir, 'node'), 'echo $$')
      const { child, ended } = start(DF, ['get', 'x'], { env: { DRAGONFLY_NODE: tellPid, PATH: tools } })
      expect(Number((await ended).stdout)).to.equal(child.pid)
    })

    it('say what to do when there is no Node', async () => {
      const root = path.join(dir, 'package')
      await mkdir(path.join(root, 'bin'), { recursive: true })
      await copyFile(DF, path.join(root, 'bin', 'df'))
      const ended = await run(path.join(root, 'bin', 'df'), ['get', 'x'], { env: { PATH: tools } })
      expect(ended).to.include({ code: 2, stdout: '' })
      expect(ended.stderr).to.match(/^df: Node was not found; install Node 22\.19 .*\n$/)
    })

    it('say what to do when Node is too old', async () => {
      const pretend = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'22.18.9'}})`
      const old = await script(path.join(dir, 'node'), `exec '${process.execPath}' --import "${pretend}" "$@"`)
      const ended = await run(DRAGONFLY, ['get', 'x'], { env: { DRAGONFLY_NODE: old, PATH: tools } })
      expect(ended).to.include({ code: 2, stdout: '' })
      expect(ended.stderr).to.match(/^dragonfly: needs Node 22\.19 or newer and found 22\.18\.9 \(.*\); .*\n$/)
    })

    it('run what was built while it is not older than its sources', async () => {
      const root = path.join(dir, 'checkout')
      for (const folder of ['bin', 'src/cli', 'dist/cli']) await mkdir(path.join(root, folder), { recursive: true })
      await copyFile(DF, path.join(root, 'bin', 'df'))
      const tellMain = await script(path.join(dir, 'node'), 'for a in "$@"; do case $a in */main.*) echo "$a" ;; esac; done')
      const main = async (): Promise<string> =>
        path.relative(
          root,
          (await run(path.join(root, 'bin', 'df'), ['get'], { env: { DRAGONFLY_NODE: tellMain, PATH: tools } })).stdout.trim(),
        )
      const write = async (file: string, time: Date): Promise<void> => {
        await writeFile(path.join(root, file), '')
        await utimes(path.join(root, file), time, time)
      }
      await write('dist/cli/main.cjs', new Date(2020, 1))
      expect(await main()).to.equal('dist/cli/main.cjs')
      await write('src/cli/main.ts', new Date(2020, 0))
      expect(await main()).to.equal('dist/cli/main.cjs')
      await write('src/other.ts', new Date(2020, 2))
      expect(await main()).to.equal('src/cli/main.ts')
      await rm(path.join(root, 'dist'), { recursive: true })
      expect(await main()).to.equal('src/cli/main.ts')
    })
  })
})
