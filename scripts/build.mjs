// Builds dist/: the program in one piece, the library with its packages outside, and its types.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildLayers, throughDoors } from './layers.mjs'
import { lazyModules } from './lazy-modules.mjs'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const dist = path.join(root, 'dist')

/** The library's entry: the first import is evaluated before anything of the second. */
const LIBRARY = `import '../bin/require-node.mjs'
export * from './library.js'
`

/** The sources of the live page. */
const PAGE = 'src/gateway/web/page'

/** What the program imports lazily and is no part of its file. */
const OUTSIDE = [
  'src/index.ts',
  'src/cli/sim.ts',
  'src/cli/gateway.ts',
  'src/core/opentelemetry.ts',
  'src/node/api/traced-downloads.ts',
]

const common = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  splitting: true,
  write: false,
  metafile: true,
  logLevel: 'warning',
  define: { __VERSION__: JSON.stringify(versionOf('package.json')) },
}

try {
  const started = new Date()
  const { build } = await import('esbuild')
  const [program, parts, api, workers, page] = await Promise.all([
    // one file: what df get loads beside a running daemon is read and compiled at once, and everything of libp2p stays outside
    build({
      ...common,
      entryPoints: [{ in: 'src/cli/main.ts', out: 'main' }],
      outdir: 'dist/cli',
      outExtension: { '.js': '.cjs' },
      format: 'cjs',
      banner: { js: "const importMetaUrl = require('url').pathToFileURL(__filename).href" },
      supported: { 'dynamic-import': true },
      minify: true,
      keepNames: true,
      splitting: false,
      define: { ...common.define, 'import.meta.url': 'importMetaUrl' },
      plugins: [throughDoors(OUTSIDE, root), ...lazyModules(root)],
    }),
    buildLayers(build, common, {
      entries: OUTSIDE,
      root,
      plugins: lazyModules(root),
      // its CommonJS form looks for its parts in a way that cannot be bundled
      alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
    }),
    build({
      ...common,
      entryPoints: [
        { in: 'src/index.ts', out: 'library' },
        { in: 'src/client/index.ts', out: 'client' },
      ],
      outdir: 'dist',
      packages: 'external',
      sourcemap: true,
    }),
    // what runs in threads of their own, for the program and the library alike
    build({
      ...common,
      entryPoints: [
        { in: 'src/net/link-workers/worker.ts', out: 'link-worker' },
        { in: 'src/transfer/hash-thread/worker.ts', out: 'hash-thread' },
      ],
      outdir: 'dist',
      outExtension: { '.js': '.cjs' },
      format: 'cjs',
      splitting: false,
      minify: true,
    }),
    // the live page: one script and one style sheet, for a browser
    build({
      ...common,
      entryPoints: ['page.js', 'page.css'].map(name => `${PAGE}/${name}`),
      outdir: 'dist/page',
      platform: 'browser',
      target: 'es2024',
      splitting: false,
      minify: true,
    }),
  ])
  checkSmall(program.metafile)
  checkLazyImports(parts.metafile)
  const notices = path.join(dist, 'cli', 'THIRD-PARTY-LICENSES.txt')
  const files = [
    ...[...program.outputFiles, ...parts.outputFiles].map(inAscii),
    ...api.outputFiles,
    ...(await pageFiles(page.outputFiles)),
    ...beside(workers.outputFiles),
    { path: notices, contents: licensesOf([program.metafile, parts.metafile]) },
    { path: path.join(dist, 'index.js'), contents: LIBRARY },
  ]
  await replaceDist(files, started)
  execFileSync(process.execPath, [tsc(), '-p', path.join(root, 'scripts', 'tsconfig.types.json')], { stdio: 'inherit' })
  gatherTypes()
} catch (error) {
  console.error(`dist/ was not built: ${error.message}`)
  process.exit(1)
}

/**
 * Writes what the entries need before the entries, and removes what is left of earlier builds last: a df that starts
 * meanwhile finds a whole program. The entry is as old as the sources that it was made of.
 */
async function replaceDist(files, started) {
  const isEntry = file => ['main.cjs', 'index.js'].includes(path.basename(file.path))
  for (const file of files.toSorted((a, b) => isEntry(a) - isEntry(b))) {
    await mkdir(path.dirname(file.path), { recursive: true })
    await writeFile(`${file.path}.new`, file.contents)
    if (isEntry(file)) await utimes(`${file.path}.new`, started, started)
    renameSync(`${file.path}.new`, file.path)
  }
  const fresh = new Set(files.map(file => file.path))
  for (const entry of await readdir(dist, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name)
    if (entry.isFile() && !fresh.has(file)) rmSync(file)
  }
}

/** Letters of other scripts, which esbuild leaves in regular expressions, make V8 keep a whole file in two bytes a character. */
function inAscii({ path: file, text }) {
  const escaped = unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  return { path: file, contents: text.replace(/[^\0-\x7f]/g, escaped) }
}

/** The live page lies beside the files that read it: those of the program, and those of the library. */
async function pageFiles(made) {
  const names = ['index.html', 'icon.svg']
  const copied = await Promise.all(names.map(name => readFile(path.join(root, PAGE, name))))
  const all = [
    ...made.map(file => ({ name: path.basename(file.path), contents: file.contents })),
    ...names.map((name, i) => ({ name, contents: copied[i] })),
  ]
  return [path.join(dist, 'cli', 'page'), path.join(dist, 'page')].flatMap(folder =>
    all.map(({ name, contents }) => ({ path: path.join(folder, name), contents })),
  )
}

/** Beside the files that start it: those of the program, and those of the library. */
function beside(files) {
  return files.flatMap(file => [file, { path: path.join(dist, 'cli', path.basename(file.path)), contents: file.contents }])
}

/** What df get loads beside a running daemon has nothing of what runs a node. */
function checkSmall({ inputs }) {
  const heavy = Object.keys(inputs).find(file => /^src\/index\.ts$|\/@?libp2p\//.test(file))
  if (heavy !== undefined) throw new Error(`dist/cli/main.cjs would contain ${heavy}`)
}

/**
 * In a bundle `await import('a CommonJS package')` has no named exports, which no type tells. Such a package is imported
 * statically, by a module of ours that is itself imported lazily.
 */
function checkLazyImports({ inputs }) {
  for (const [file, { imports }] of Object.entries(inputs)) {
    if (!file.startsWith('src/')) continue
    for (const { kind, path: target, original } of imports) {
      if (kind === 'dynamic-import' && inputs[target]?.format === 'cjs')
        throw new Error(`${file}: import('${original}') of CommonJS`)
    }
  }
}

/** The licences of all packages whose code is in the bundle, as they ask for. */
function licensesOf(metafiles) {
  const folders = new Set()
  for (const input of metafiles.flatMap(({ inputs }) => Object.keys(inputs))) {
    const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)
    if (match !== null) folders.add(match[1])
  }
  return [...folders]
    .toSorted()
    .map(notice)
    .join(`\n${'-'.repeat(80)}\n\n`)
}

function versionOf(file) {
  return JSON.parse(readFileSync(path.join(root, file), 'utf8')).version
}

function notice(folder) {
  const { name, version, license } = JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8'))
  const texts = readdirSync(path.join(root, folder))
    .filter(file => /^(licen[cs]e|notice|copying)/i.test(file))
    .map(file => readFileSync(path.join(root, folder, file), 'utf8').trim())
  return `${[`${name} ${version} (${license})`, ...texts].join('\n\n')}\n`
}

function tsc() {
  const file = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  if (!existsSync(file)) throw new Error('the development packages are not installed')
  return file
}

/** Keeps the types that index.d.ts leads to and no others: what is inside is nobody's business. */
function gatherTypes() {
  const reached = new Set([path.join(dist, 'index.d.ts'), path.join(dist, 'client', 'index.d.ts')])
  for (const file of reached) {
    if (!existsSync(file))
      throw new Error(`the types of ${path.relative(root, file)} are missing: tsc writes none for JavaScript`)
    for (const [, target] of readFileSync(file, 'utf8').matchAll(/\b(?:from|import)\s*\(?\s*['"](\.[^'"]+)\.[jt]s['"]/g))
      reached.add(`${path.join(path.dirname(file), target)}.d.ts`)
  }
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name)
    if (entry.isFile() && file.endsWith('.d.ts') && !reached.has(file)) rmSync(file)
  }
}
