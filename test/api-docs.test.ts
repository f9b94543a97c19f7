// The examples in the docstrings of the library: they compile against the package's types, and run against a real origin and seed.
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import type { DragonflyNode } from '../src/node/api/dragonfly-node.ts'
import { createNode } from '../src/node/node.ts'
import { ROOT, run } from './cli/processes.ts'

const CONTENT = randomBytes(2 ** 20 + 1)
const SHA256 = createHash('sha256').update(CONTENT).digest('hex')

interface Example {
  file: string
  title: string
  code: string
}

/** `@example TITLE`, then a block of TypeScript, within a docstring. */
function examplesIn(file: string, source: string): Example[] {
  const docs = [...source.matchAll(/\/\*\*[\s\S]*?\*\//g)].map(([text]) => text.replace(/^ *\* ?/gm, ''))
  return docs.flatMap(text =>
    [...text.matchAll(/@example (.*)\n```ts\n([\s\S]*?)```/g)].map(([, title = '', code = '']) => ({ file, title, code })),
  )
}

async function allExamples(): Promise<Example[]> {
  const entries = await readdir(path.join(ROOT, 'src'), { recursive: true, withFileTypes: true })
  const files = entries.filter(e => e.isFile() && e.name.endsWith('.ts')).map(e => path.join(e.parentPath, e.name))
  const found = await Promise.all(files.map(async file => examplesIn(file, await readFile(file, 'utf8'))))
  return found.flat()
}

const EXAMPLES = await allExamples()

describe('examples in docstrings', () => {
  let app: string
  let origin: http.Server
  let seed: DragonflyNode

  before(async () => {
    app = await mkdtemp(path.join(os.tmpdir(), 'df-api-docs-'))
    origin = http.createServer((request, response) => {
      const isThere = request.url === '/big.iso'
      response.writeHead(isThere ? 200 : 404, { etag: '"1"', 'content-length': isThere ? CONTENT.byteLength : 0 })
      response.end(isThere && request.method !== 'HEAD' ? CONTENT : undefined)
    })
    await once(origin.listen(0, '127.0.0.1'), 'listening')
    seed = await createNode({
      home: path.join(app, 'seed'),
      listen: ['/ip4/127.0.0.1/tcp/0'],
      store: 'memory',
      allowOrigins: ['127.0.0.1'],
    })
    await seed.seed()
    await mkdir(path.join(app, 'node_modules'))
    await symlink(ROOT, path.join(app, 'node_modules', 'dragonfly-p2p'))
    await symlink(path.join(ROOT, 'node_modules', '@types'), path.join(app, 'node_modules', '@types'))
    await writeFile(path.join(app, 'package.json'), '{"type": "module"}')
    for (const [i, { code }] of EXAMPLES.entries()) await writeFile(path.join(app, `${i}.ts`), filledIn(code))
  })
  after(async () => {
    await seed?.stop()
    origin?.close()
    origin?.closeAllConnections()
    await rm(app, { recursive: true, force: true })
  })

  function filledIn(code: string): string {
    return code
      .replaceAll('https://example.org', `http://127.0.0.1:${(origin.address() as AddressInfo).port}`)
      .replaceAll('sha256:9f86d08…', `sha256:${SHA256}`)
      .replaceAll('/ip4/10.0.0.1/tcp/4801/p2p/12D3KooW…', seed.addresses[0] as string)
  }

  it('are there for the node, each kind of options, and errors', () => {
    expect(EXAMPLES.map(({ file }) => path.basename(file))).to.include.members([
      'dragonfly-node.ts',
      'node-options.ts',
      'get-options.ts',
      'preheat-options.ts',
      'errors.ts',
    ])
  })

  it('every option has a default', async () => {
    for (const name of ['node', 'get', 'preheat']) {
      const source = await readFile(path.join(ROOT, 'src', 'node', 'api', `${name}-options.ts`), 'utf8')
      const options = [...source.matchAll(/^ {2}(\/\*\*(?:(?!\*\/)[\s\S])*\*\/)\n {2}(\w+)\?:/gm)]
      expect(options.length).to.equal(source.match(/^ {2}\w+\?:/gm)?.length)
      for (const [, text, option] of options) expect(text, option).to.include('@default ')
    }
  })

  it('compile', async () => {
    const base = JSON.parse(await readFile(path.join(ROOT, 'tsconfig.json'), 'utf8')).compilerOptions
    const compilerOptions = { ...base, types: ['node'], allowImportingTsExtensions: false }
    await writeFile(path.join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
    const ended = await run(process.execPath, [path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', app])
    expect(ended.code, ended.stdout + ended.stderr).to.equal(0)
  })

  for (const [i, { file, title }] of EXAMPLES.entries()) {
    it(`${path.basename(file)}: ${title}`, async () => {
      const env = { ...process.env, DRAGONFLY_HOME: path.join(app, `home-${i}`), DRAGONFLY_SEEDS: '' }
      const ended = await run(process.execPath, [`${i}.ts`], { cwd: app, env })
      expect(ended.code, ended.stdout + ended.stderr).to.equal(0)
    })
  }
})
