import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

const MIDDLE = ['wire', 'swarm', 'core']
const NODE = ['net', 'transfer', 'store', 'origin', 'discovery', ...MIDDLE]

/** Which rooms a room may import from, types included; itself goes without saying. `index` is src/index.ts. */
const ALLOWED: Record<string, readonly string[]> = {
  core: [],
  wire: ['core'],
  swarm: ['core'],
  net: MIDDLE,
  store: MIDDLE,
  origin: MIDDLE,
  discovery: MIDDLE,
  transfer: ['store', ...MIDDLE],
  sim: ['swarm', 'core'],
  node: NODE,
  daemon: ['node', ...NODE],
  gateway: ['daemon', 'node', ...NODE],
  client: ['node/api', 'store', 'core'],
  index: ['client', 'gateway', 'daemon', 'node', ...NODE],
  cli: ['index', 'client', 'sim'],
}

/** Rooms with sub-rooms: each may import from those before it; files at the top of the room from all of them. */
const FLOORS: Record<string, readonly string[]> = {
  node: [
    'api',
    'context',
    'fleet',
    'content',
    'peers',
    'session',
    'account',
    'sources',
    'tasks',
    'sharing',
    'seeding',
    'preheat',
    'admin',
  ],
  gateway: ['api', 'front', 'auth', 'registry', 'proxy', 'hub', 's3', 'ipfs', 'web'],
}

/** Longest file of src/, in lines; what a generator writes does not count. */
const MAX_LINES = 300
const GENERATED = /\/generated\//

/** `import … from '…'`, `export … from '…'`, `import '…'`, `import('…')` as code or as type. */
const IMPORT = /\b(?:from|import)\s*\(?\s*(['"])([^'"]+)\1/g
/** A dynamic import of something that only runs will tell. */
const COMPUTED = /\bimport\s*\(\s*(?!['"\s])/g

/** Targets of the relative imports of one file, as paths beside `file`. */
function importsOf(file: string, source: string): string[] {
  const code = withoutComments(source)
  const targets = [...code.matchAll(IMPORT)].map(([, , target]) => target ?? '')
  return targets.filter(target => target.startsWith('.')).map(target => path.posix.join(path.posix.dirname(file), target))
}

function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
}

/** What is wrong with the imports of one file; `file` is relative to src/, with forward slashes. */
function violations(file: string, source: string): string[] {
  const found = [...withoutComments(source).matchAll(COMPUTED)].map(() => `${file}: computed import`)
  for (const to of importsOf(file, source)) {
    const [from, into] = [roomOf(file), roomOf(to)]
    if (to === `${from}/index.ts`) found.push(`${file}: imports its own room's index`)
    else if (from !== into && !(ALLOWED[from] ?? []).some(room => room === into || to.startsWith(`${room}/`)))
      found.push(`${file}: ${from} may not import ${to}`)
    else if (from === into && floorOf(to) > floorOf(file)) found.push(`${file}: ${to} is above it`)
  }
  return found
}

function roomOf(file: string): string {
  if (file === 'index.ts') return 'index'
  return file.includes('/') ? (file.split('/')[0] as string) : file
}

/** How high a file stands within its room; -1: in a sub-room that is not known. */
function floorOf(file: string): number {
  const [room = '', sub, ...deeper] = file.split('/')
  const floors = FLOORS[room]
  if (floors === undefined) return 0
  return deeper.length === 0 ? floors.length : floors.indexOf(sub ?? '')
}

/** The first circle of imports among these files, each followed by what it imports; undefined when there is none. */
function circleIn(imports: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>()
  const visit = (file: string, way: string[]): string[] | undefined => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file]
    if (done.has(file)) return undefined
    for (const next of imports.get(file) ?? []) {
      const circle = visit(next, [...way, file])
      if (circle !== undefined) return circle
    }
    done.add(file)
    return undefined
  }
  for (const file of imports.keys()) {
    const circle = visit(file, [])
    if (circle !== undefined) return circle
  }
  return undefined
}

async function sources(folder: string): Promise<Map<string, string>> {
  const all = await readdir(path.join(ROOT, folder), { recursive: true })
  const files = all.filter(file => /\.[cm]?[jt]s$/.test(file)).map(file => file.replaceAll('\\', '/'))
  return new Map(
    await Promise.all(files.map(async file => [file, await readFile(path.join(ROOT, folder, file), 'utf8')] as const)),
  )
}

describe('rooms', () => {
  it('every file of src is in a known room and sub-room, and imports point down', async () => {
    const files = await sources('src')
    expect([...files.keys()]).to.include('core/errors.ts')
    const problems: string[] = []
    for (const [file, source] of files) {
      if (ALLOWED[roomOf(file)] === undefined) problems.push(`${file}: in no known room`)
      if (floorOf(file) === -1) problems.push(`${file}: in no known sub-room`)
      problems.push(...violations(file, source))
    }
    expect(problems).to.deep.equal([])
  })

  for (const folder of ['src', 'bench', 'test', 'examples']) {
    it(`no circle of files in ${folder}/, types included`, async () => {
      const files = await sources(folder)
      expect(circleIn(new Map([...files].map(([file, source]) => [file, importsOf(file, source)])))).to.equal(undefined)
    })
  }

  it(`no file of src has more than ${MAX_LINES} lines`, async () => {
    const long = [...(await sources('src'))]
      .filter(([file]) => !GENERATED.test(file))
      .map(([file, source]) => ({ file, lines: source.trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > MAX_LINES)
    expect(long).to.deep.equal([])
  })

  it('the order itself has no circle', () => {
    const order = [
      'core',
      'wire',
      'swarm',
      'net',
      'store',
      'origin',
      'discovery',
      'transfer',
      'sim',
      'node',
      'client',
      'daemon',
      'gateway',
      'index',
      'cli',
    ]
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
      ['node/api/x.ts', "import { a } from '../../index.ts'"],
      ['node/x.ts', "import { a } from './index.ts'"],
      ['node/x.ts', "import { a } from '../cli/main.ts'"],
      ['node/api/x.ts', "import type { A } from '../context/a.ts'"],
      ['node/session/x.ts', "import { a } from '../node.ts'"],
      ['node/peers/x.ts', "import { a } from '../session/a.ts'"],
      ['sim/x.ts', "import { a } from '../net/a.ts'"],
      ['index.ts', "export { a } from './cli/a.ts'"],
      ['core/x.ts', "import { a } from '../../test/a.ts'"],
    ]
    for (const [file, source] of bad)
      it(`${file}: ${source.replaceAll('\n', ' ')}`, () => expect(violations(file, source)).to.have.length(1))

    it('a circle, and names it', () => {
      const imports = new Map([
        ['a', ['b']],
        ['b', ['c', 'd']],
        ['c', []],
        ['d', ['b']],
      ])
      expect(circleIn(imports)).to.deep.equal(['b', 'd', 'b'])
    })
  })

  describe('allows', () => {
    const good: Array<[file: string, source: string]> = [
      ['node/x.ts', "import { a } from '../net/a.ts'\nimport { b } from './b.ts'\nimport fs from 'node:fs'"],
      ['node/x.ts', "import { a } from './session/a.ts'"],
      ['node/session/x.ts', "import { a } from '../api/a.ts'\nimport { b } from './b.ts'"],
      ['node/api/x.ts', "import { a } from '../../net/index.ts'"],
      ['cli/x.ts', "import type { A } from '../index.ts'\nawait import('../index.ts')"],
      ['index.ts', "export { createNode } from './node/node.ts'"],
      ['core/x.ts', "// import { a } from '../wire/a.ts'\n/* import('../cli/x.ts') */"],
    ]
    for (const [file, source] of good)
      it(`${file}: ${source.replaceAll('\n', '; ')}`, () => expect(violations(file, source)).to.deep.equal([]))
  })
})
