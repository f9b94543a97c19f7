import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'

const SRC = fileURLToPath(new URL('../src', import.meta.url))

const MIDDLE = ['wire', 'swarm', 'core']
const NODE = ['net', 'store', 'origin', 'discovery', ...MIDDLE]

/** Which rooms a room may import from, types included; itself goes without saying. `index` is src/index.ts. */
const ALLOWED: Record<string, readonly string[]> = {
  core: [],
  wire: ['core'],
  swarm: ['core'],
  net: MIDDLE,
  store: MIDDLE,
  origin: MIDDLE,
  discovery: MIDDLE,
  sim: ['swarm', 'core'],
  node: NODE,
  gateway: ['node', ...NODE],
  index: ['gateway', 'node', ...NODE],
  cli: ['index', 'sim'],
}

/** `import … from '…'`, `export … from '…'`, `import '…'`, `import('…')` as code or as type. */
const IMPORT = /\b(?:from|import)\s*\(?\s*(['"])([^'"]+)\1/g
/** A dynamic import of something that only runs will tell. */
const COMPUTED = /\bimport\s*\(\s*(?!['"])/g

/** What is wrong with the imports of one file; `file` is relative to src/, with forward slashes. */
function violations(file: string, source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  const found = [...code.matchAll(COMPUTED)].map(() => `${file}: computed import`)
  for (const [, , target] of code.matchAll(IMPORT)) {
    if (target === undefined || !target.startsWith('.')) continue
    const to = path.posix.join(path.posix.dirname(file), target)
    const [from, into] = [roomOf(file), roomOf(to)]
    if (to === `${from}/index.ts`) found.push(`${file}: imports its own room's index`)
    else if (from !== into && !(ALLOWED[from] ?? []).includes(into)) found.push(`${file}: ${from} may not import ${to}`)
  }
  return found
}

function roomOf(file: string): string {
  if (file === 'index.ts') return 'index'
  return file.includes('/') ? (file.split('/')[0] as string) : file
}

describe('rooms', () => {
  it('every file of src is in a known room, and imports point down', async () => {
    const files = (await readdir(SRC, { recursive: true }))
      .filter(file => /\.[cm]?[jt]s$/.test(file))
      .map(file => file.replaceAll('\\', '/'))
    expect(files).to.include('core/errors.ts')
    const problems: string[] = []
    for (const file of files) {
      if (ALLOWED[roomOf(file)] === undefined) problems.push(`${file}: in no known room`)
      problems.push(...violations(file, await readFile(path.join(SRC, file), 'utf8')))
    }
    expect(problems).to.deep.equal([])
  })

  it('the order itself has no circle', () => {
    const order = ['core', 'wire', 'swarm', 'net', 'store', 'origin', 'discovery', 'sim', 'node', 'gateway', 'index', 'cli']
    expect(Object.keys(ALLOWED).toSorted()).to.deep.equal(order.toSorted())
    for (const [room, below] of Object.entries(ALLOWED)) {
      for (const other of below) expect(order.indexOf(other), `${room} → ${other}`).to.be.below(order.indexOf(room))
    }
  })

  describe('finds', () => {
    const bad: Array<[file: string, source: string]> = [
      ['core/x.ts', "import { a } from '../wire/a.ts'"],
      ['core/x.ts', "import type { A } from '../swarm/a.ts'"],
      ['core/x.ts', "import {\n  a,\n  b,\n} from '../node/a.ts'"],
      ['swarm/x.ts', "export * from '../wire/a.ts'"],
      ['wire/x.ts', "import '../net/a.ts'"],
      ['net/x.ts', "const a = await import('../store/a.ts')"],
      ['net/x.ts', "type A = import('../node/a.ts').A"],
      ['store/x.ts', 'import { a } from "../origin/a.ts"'],
      ['cli/x.ts', "import { a } from '../core/errors.ts'"],
      ['cli/x.ts', 'await import(name)'],
      ['cli/x.ts', 'await import(`../node/a.ts`)'],
      ['node/x.ts', "import { a } from '../index.ts'"],
      ['node/deep/x.ts', "import { a } from '../index.ts'"],
      ['node/x.ts', "import { a } from './index.ts'"],
      ['node/x.ts', "import { a } from '../cli/main.ts'"],
      ['sim/x.ts', "import { a } from '../net/a.ts'"],
      ['index.ts', "export { a } from './cli/a.ts'"],
      ['core/x.ts', "import { a } from '../../test/a.ts'"],
    ]
    for (const [file, source] of bad)
      it(`${file}: ${source.replaceAll('\n', ' ')}`, () => expect(violations(file, source)).to.have.length(1))
  })

  describe('allows', () => {
    const good: Array<[file: string, source: string]> = [
      ['node/x.ts', "import { a } from '../net/a.ts'\nimport { b } from './b.ts'\nimport fs from 'node:fs'"],
      ['node/deep/x.ts', "import { a } from '../../net/index.ts'"],
      ['cli/x.ts', "import type { A } from '../index.ts'\nawait import('../index.ts')"],
      ['index.ts', "export { createNode } from './node/node.ts'"],
      ['core/x.ts', "// import { a } from '../wire/a.ts'\n/* import('../cli/x.ts') */"],
    ]
    for (const [file, source] of good)
      it(`${file}: ${source.replaceAll('\n', '; ')}`, () => expect(violations(file, source)).to.deep.equal([]))
  })
})
