import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { buildOnce } from '../cli/built.ts'
import { type Ended, ROOT, run } from '../cli/processes.ts'

const CONTENT = randomBytes(2 ** 20 + 7)

/** What a program in TypeScript that embeds Dragonfly would write; it is compiled against the installed package. */
const CONSUMER = `
import { createNode, DragonflyError, type Receipt } from 'dragonfly-p2p'

export async function fetchIt(url: string, file: string): Promise<Receipt> {
  await using node = await createNode({ listen: [], network: false, onEvent: event => event.message.trim() })
  let length: number = 0
  for await (const chunk of node.get(url, { signal: AbortSignal.timeout(1000) })) length += chunk.byteLength
  try {
    return await node.download(url, file, { onProgress: ({ bytes }) => bytes.toFixed(length) })
  } catch (error) {
    if (error instanceof DragonflyError && error.code === 'origin-not-found') throw new Error(error.hint)
    throw error
  }
}

// @ts-expect-error: the options are typed, not any
createNode({ seeds: 7 })
// @ts-expect-error: so is the node
createNode().then(node => node.nonsense)
`

/** Makes Node say that it is one release older than the oldest that serves. */
const PRETEND_OLD = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'22.18.9'}})`

/** Targets of the relative links and pictures of a page, without what follows a `#`. */
function relativeLinks(markdown: string): string[] {
  const targets = [...markdown.matchAll(/\]\(([^)\s#]+)|\b(?:href|src|srcset)="([^"#]+)/g)].map(match => match[1] ?? match[2])
  return targets.filter(target => target !== undefined && !/^[a-z]+:/.test(target)) as string[]
}

describe('the package, installed', () => {
  let dir: string
  let files: string[]
  let installed: Ended
  let prefix: string
  let env: NodeJS.ProcessEnv

  async function must(command: string, args: string[], cwd: string, more: NodeJS.ProcessEnv = {}): Promise<Ended> {
    const ended = await run(command, args, { cwd, env: { ...process.env, ...more } })
    if (ended.code !== 0) throw new Error(`${command} ${args.join(' ')}: ${ended.code}\n${ended.stdout}\n${ended.stderr}`)
    return ended
  }

  const installedAt = (): string => path.join(prefix, 'lib', 'node_modules', 'dragonfly-p2p')

  before(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'df-install-'))
    prefix = path.join(dir, 'prefix')
    await buildOnce()
    const { stdout } = await must('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', dir], ROOT)
    const [packed] = JSON.parse(stdout) as [{ filename: string; files: Array<{ path: string }> }]
    files = packed.files.map(file => file.path)
    expect(files).to.include.members([
      'bin/df',
      'bin/dfget',
      'bin/dragonfly',
      'bin/start.cjs',
      'dist/cli/main.cjs',
      'dist/cli/hash-thread.cjs',
      'dist/cli/link-worker.cjs',
      'dist/hash-thread.cjs',
      'dist/link-worker.cjs',
      'dist/index.js',
      'dist/index.d.ts',
      'LICENSE',
    ])
    expect(files.filter(file => /^(src|test|bench)\//.test(file))).to.deep.equal([])
    // what the library's door leads to, and nothing from inside
    expect(files.filter(file => /^dist\/(net|wire|swarm|discovery)\/.*\.d\.ts$/.test(file))).to.deep.equal([])
    installed = await must(
      'npm',
      ['install', '--global', '--prefix', prefix, '--no-fund', '--no-audit', path.join(dir, packed.filename)],
      dir,
    )
    // As on a host where a new enough Node is installed, and nothing of this checkout.
    const nodes = path.join(dir, 'nodes')
    await mkdir(nodes)
    await symlink(process.execPath, path.join(nodes, 'node'))
    const PATH = [path.join(prefix, 'bin'), nodes, '/usr/bin', '/bin'].join(':')
    env = { PATH, HOME: path.join(dir, 'home'), DRAGONFLY_HOME: path.join(dir, 'home', 'dragonfly'), LANG: 'C' }
  })
  after(() => rm(dir, { recursive: true, force: true }))

  it('npm asks for no leave to run scripts of it', async () => {
    expect(installed.stdout + installed.stderr).to.not.match(/script/i)
    const { scripts } = JSON.parse(await readFile(path.join(installedAt(), 'package.json'), 'utf8'))
    expect(scripts).to.not.have.any.keys('preinstall', 'install', 'postinstall', 'prepare')
  })

  it('no link of its README is dead', async () => {
    const links = relativeLinks(await readFile(path.join(installedAt(), 'README.md'), 'utf8'))
    expect(links).to.include.members(['docs/architecture.md', 'LICENSE'])
    const isThere = (link: string): boolean => files.some(file => file === link || file.startsWith(`${link}/`))
    expect(links.filter(link => !isThere(link))).to.deep.equal([])
  })

  it("df -P / is the system's", async () => {
    const ended = await run('df', ['-P', '/'], { env, cwd: dir })
    expect(ended).to.include({ code: 0, stderr: '' })
    expect(ended.stdout).to.match(/^Filesystem .*\n.* \/\n$/)
  })

  it('dragonfly --version is ours', async () => {
    const { version } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'))
    for (const command of ['dragonfly', path.join(prefix, 'bin', 'dragonfly')]) {
      expect(await run(command, ['--version'], { env, cwd: dir })).to.include({ code: 0, stdout: `${version}\n`, stderr: '' })
    }
  })

  it('both names get a file', async () => {
    const server = http.createServer((_request, response) => response.end(CONTENT)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/it.bin`
    try {
      for (const name of ['df', 'dragonfly']) {
        const ended = await run(name, ['get', '-o', `${name}.bin`, '--json', url], { env, cwd: dir })
        expect(ended).to.include({ code: 0, stderr: '' })
        const done = JSON.parse(ended.stdout.trimEnd().split('\n').at(-1) as string)
        expect(done).to.include({ type: 'done', sha256: createHash('sha256').update(CONTENT).digest('hex') })
        expect(CONTENT.equals(await readFile(path.join(dir, `${name}.bin`)))).to.equal(true)
      }
    } finally {
      server.close()
    }
    expect(await readdir(path.join(dir, 'home', '.cache', 'dragonfly', 'compile'))).to.not.deep.equal([])
  })

  it('its types serve a program that embeds it, and the library loads', async () => {
    const app = path.join(dir, 'app')
    await mkdir(path.join(app, 'node_modules'), { recursive: true })
    await symlink(installedAt(), path.join(app, 'node_modules', 'dragonfly-p2p'))
    await writeFile(path.join(app, 'package.json'), '{"type": "module"}')
    await writeFile(path.join(app, 'main.ts'), CONSUMER)
    const compilerOptions = {
      strict: true,
      module: 'nodenext',
      target: 'es2024',
      lib: ['es2024', 'esnext.disposable'],
      types: ['node'],
      skipLibCheck: false,
      noEmit: true,
    }
    const typeRoots = [path.join(ROOT, 'node_modules', '@types')]
    await writeFile(
      path.join(app, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...compilerOptions, typeRoots }, files: ['main.ts'] }),
    )
    await must(process.execPath, [path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', app], app)
    const program = "import('dragonfly-p2p').then(library => console.log(typeof library.createNode))"
    expect((await must(process.execPath, ['--input-type=module', '-e', program], app)).stdout).to.equal('function\n')
  })

  it('an old Node is told so, by the program and by the library', async () => {
    const needs = /needs Node 22\.19 or newer and found 22\.18\.9 \(.*\)/
    const node = path.join(dir, 'old-node')
    await writeFile(node, `#!/bin/sh\nexec '${process.execPath}' --import "${PRETEND_OLD}" "$@"\n`, { mode: 0o755 })
    for (const name of ['df', 'dragonfly']) {
      const ended = await run(name, ['get', 'x'], { env: { ...env, DRAGONFLY_NODE: node }, cwd: dir })
      expect(ended).to.include({ code: 2, stdout: '' })
      expect(ended.stderr)
        .to.match(needs)
        .and.match(new RegExp(`^${name}: .*\\n$`))
    }
    const program = `import(${JSON.stringify(path.join(installedAt(), 'dist', 'index.js'))}).catch(error => console.log(error.message))`
    const { stdout } = await must(node, ['-e', program], dir)
    expect(stdout)
      .to.match(needs)
      .and.match(/^dragonfly-p2p .*\n$/)
  })

  it('package.json asks for the Node that the program asks for', async () => {
    const { engines } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'))
    expect(engines.node).to.equal('>=22.19')
  })
})
