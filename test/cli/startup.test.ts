import { isAscii } from 'node:buffer'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { buildOnce } from './built.ts'
import { DF, DRAGONFLY, ROOT, run } from './processes.ts'

/** Small enough that nobody waits for the help. */
const MAX_LOADED = 64

/** Writes the URL of every module that is loaded to the file in $LOADED. */
const WATCH = `data:text/javascript,${encodeURIComponent(`
  import { appendFileSync } from 'node:fs'
  import { registerHooks } from 'node:module'
  registerHooks({ load: (url, context, next) => (appendFileSync(process.env.LOADED, url + '\\n'), next(url, context)) })
`)}`

/** Writes what the program has loaded at its end to the file in $LOADED. */
const HOOK = `process.on('exit', () => {
  const files = Object.keys(require('module')._cache)
  require('fs').writeFileSync(process.env.LOADED, JSON.stringify({ files, builtins: process.moduleLoadList }))
})`

/** A list of words, which the help shows. */
const SCHEMES = ['src/client/schemes.ts', 'src/core/source-schemes.ts']

describe('start-up', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'df-startup-'))
  })
  afterEach(() => rm(dir, { recursive: true }))

  async function loadedBy(...args: string[]): Promise<{ stderr: string; code: number | null; files: string[] }> {
    const log = path.join(dir, 'loaded')
    const env = { PATH: process.env.PATH, LOADED: log, NODE_DISABLE_COMPILE_CACHE: '1' }
    const { stderr, code } = await run(process.execPath, ['--import', WATCH, path.join(ROOT, 'src', 'cli', 'main.ts'), ...args], {
      env,
    })
    const files = (await readFile(log, 'utf8'))
      .split('\n')
      .filter(url => url.startsWith('file:'))
      .map(url => path.relative(ROOT, fileURLToPath(url)))
    return { stderr, code, files }
  }

  for (const args of [
    ['help'],
    ['--version'],
    ['get'],
    ['get', '--nonsense', 'x'],
    ['get', 'http://x', '--linger', 'soon'],
    ['get', '-h'],
    ['sim', '-h'],
    ['sim', '--peers', 'some'],
  ]) {
    it(`loads no library for: df ${args.join(' ')}`, async () => {
      const { files } = await loadedBy(...args)
      expect(files).to.include('src/cli/main.ts')
      const others = files.filter(file => file.startsWith('src/') && !file.startsWith('src/cli/'))
      expect(others.filter(file => !SCHEMES.includes(file))).to.deep.equal([])
      const packages = new Set(files.flatMap(file => /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []))
      expect([...packages].toSorted()).to.deep.equal(['commander', 'parse-duration'])
      expect(files.length).to.be.below(MAX_LOADED)
    })
  }

  it('does load the library to download', async () => {
    const { files, code } = await loadedBy('get', '--seed', 'nonsense', 'http://127.0.0.1:9/')
    expect(files).to.include('src/index.ts')
    expect(code).to.equal(2)
  })

  describe('as built', () => {
    before(async function () {
      this.timeout(60_000)
      await buildOnce()
    })

    /** What a df get has loaded at its end. */
    async function loadedByGet(...args: string[]): Promise<{ code: number | null; names: string[]; builtins: string[] }> {
      const hook = path.join(dir, 'hook.cjs')
      await writeFile(hook, HOOK)
      const loaded = path.join(dir, 'loaded')
      const env = { PATH: process.env.PATH, HOME: dir, LOADED: loaded, NODE_OPTIONS: `--require=${hook}` }
      const program = [path.join(ROOT, 'bin', 'start.cjs'), path.join(ROOT, 'dist', 'cli', 'main.cjs')]
      const { code } = await run(process.execPath, [...program, 'get', '-o', path.join(dir, 'out'), ...args], { env })
      const { files, builtins } = JSON.parse(await readFile(loaded, 'utf8')) as { files: string[]; builtins: string[] }
      const names = files.map(file => path.relative(ROOT, file)).filter(file => file.startsWith('dist'))
      return { code, names, builtins }
    }

    it('a download alone loads nothing of peers, nor more of Node than it needs', async () => {
      const server = createServer((_request, answer) => answer.end('content')).listen(0, '127.0.0.1')
      await once(server, 'listening')
      try {
        const { port } = server.address() as AddressInfo
        const { code, names, builtins } = await loadedByGet('--no-daemon', `http://127.0.0.1:${port}/file`)
        expect(code).to.equal(0)
        expect(names).to.deep.equal(['dist/cli/main.cjs', 'dist/cli/node.cjs'])
        expect(builtins).to.include('NativeModule net')
        for (const name of [
          'http',
          'https',
          'http2',
          'tls',
          'worker_threads',
          'child_process',
          'cluster',
          'stream/web',
          'assert',
        ])
          expect(builtins).to.not.include(`NativeModule ${name}`)
      } finally {
        server.close()
      }
    })

    it('a download from a seed loads nothing for a daemon that is not there, nor for workers', async () => {
      const nobody = '/ip4/127.0.0.1/tcp/9/p2p/12D3KooWCmxDQxuJ25Etx5Aw2kFj9PWX4VcgUtoeznwwxfMDPZFa'
      const { names, builtins } = await loadedByGet('--no-origin', '--timeout', '2s', '--seed', nobody, 'http://127.0.0.1:9/file')
      expect(names).to.deep.equal(['dist/cli/main.cjs', 'dist/cli/node.cjs', 'dist/cli/peer.cjs'])
      for (const name of ['http', 'https', 'http2', 'worker_threads']) expect(builtins).to.not.include(`NativeModule ${name}`)
    })

    it('is ASCII, of which V8 keeps one byte a character', async () => {
      const folder = path.join(ROOT, 'dist', 'cli')
      for (const name of (await readdir(folder)).filter(each => each.endsWith('.cjs')))
        expect(isAscii(await readFile(path.join(folder, name))), name).to.equal(true)
    })
  })

  describe('a usage error is exit code 2 and one line', () => {
    const wrong: Array<[args: string[], line: RegExp]> = [
      [['get'], /^df: no URL given; give URLs, or a list of them with -i FILE\n$/],
      [['get', '--sed', 'x', 'http://x'], /^df: unknown option '--sed' \(Did you mean --seed\?\); see df help\n$/],
      [['get', 'http://x', 'y'], /^df: not a URL: "y"; .*\n$/],
      [['get', 'http://x', '--timeout', 'soon'], /^df: --timeout: not a duration: "soon"; .*\n$/],
      [['get', 'http://x', '--json', '--quiet', '-o'], /^df: option '-o, --output <file>' argument missing; .*\n$/],
      [['seed'], /^df: no command given; see df help\n$/],
      [['seed', 'stop'], /^df: unknown command 'stop'.*\n$/],
      [['help', 'me'], /^df: no help on 'me'; see df help\n$/],
    ]
    for (const [args, line] of wrong) {
      it(`df ${args.join(' ')}`, async () => {
        const ended = await run(
          DF,
          args.filter(arg => arg !== '--json'),
          { env: { PATH: '/usr/bin:/bin' } },
        )
        expect(ended).to.include({ code: 2, stdout: '' })
        expect(ended.stderr).to.match(line)
      })
    }

    it('under the other name too', async () => {
      const ended = await run(DRAGONFLY, [], { env: { PATH: '/usr/bin:/bin' } })
      expect(ended).to.include({ code: 2, stdout: '', stderr: 'dragonfly: no command given; see dragonfly help\n' })
    })

    it('as one JSON object for who asks for JSON', async () => {
      const ended = await run(DF, ['get', '--json'], { env: { PATH: '/usr/bin:/bin' } })
      expect(ended).to.include({ code: 2, stderr: '' })
      expect(JSON.parse(ended.stdout)).to.include({ type: 'error', code: 'bad-option' })
    })
  })
})
