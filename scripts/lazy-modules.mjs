// What the program's files load later than their packages ask for: each of these costs a start 2 to 20 ms of CPU, and most never need it.
import { readFile } from 'node:fs/promises'
import module from 'node:module'
import path from 'node:path'

/** Loaded when Node starts. */
const AT_ONCE = new Set(['buffer', 'path', 'url', 'fs', 'timers', 'async_hooks'])

/**
 * Has each of Node's own modules loaded when something of it is first used: df get needs neither http2 nor child_process most times.
 * Nor are they imported as ES modules: an import of node:http reads every export of it, which loads all of fetch and WebSocket.
 */
const lazyBuiltins = {
  name: 'lazy-builtins',
  setup(build) {
    const known = new Set(module.builtinModules.map(bareName))
    build.onResolve({ filter: /^(node:)?[a-z_\d]+(\/[a-z_]+)?$/ }, ({ path: name }) =>
      known.has(bareName(name)) ? { path: bareName(name), namespace: 'lazy-builtin' } : undefined,
    )
    build.onLoad({ filter: /.*/, namespace: 'lazy-builtin' }, ({ path: bare }) => ({ contents: lazily(bare) }))
  },
}

function lazily(bare) {
  const name = module.builtinModules.includes(bare) ? bare : `node:${bare}`
  const found = process.getBuiltinModule(name)
  const load = `process.getBuiltinModule(${JSON.stringify(name)})`
  const isCallable = bare === 'assert'
  // node:process, node:cluster and others are objects of a class: their methods want them for `this`
  const isCollection = isCallable || Object.getPrototypeOf(found) === Object.prototype
  if (AT_ONCE.has(bare) || !isCollection) return `module.exports = ${load}`
  const accessors = Object.keys(found)
    .filter(key => /^[\w$]+$/.test(key) && key !== 'default')
    .map(key => `get ${key}() { return load().${key} }, set ${key}(value) { load().${key} = value }`)
  const object = `{ ${accessors.join(', ')} }`
  const exported = isCallable
    ? `Object.defineProperties((...args) => { if (!args[0]) load()(...args) }, Object.getOwnPropertyDescriptors(${object}))`
    : object
  return `let it; const load = () => it ??= ${load}; module.exports = ${exported}`
}

function bareName(name) {
  return name.replace(/^node:/, '')
}

/** Of undici only what we use, and HTTP/2 and Node's own client not before somebody asks for them: by default nobody does. */
const UNDICI = {
  'lib/dispatcher/client.js': [
    [`const connectH2 = require('./client-h2.js')`, `const connectH2 = (...args) => require('./client-h2.js')(...args)`],
    [
      /const getDefaultNodeMaxHeaderSize = http &&[^?]*\? \(\) => http\.maxHeaderSize\n[^\n]*/,
      'const getDefaultNodeMaxHeaderSize = () => http.maxHeaderSize',
    ],
  ],
  'lib/core/util.js': [
    [`const { IncomingMessage } = require('node:http')`, ''],
    [
      'Object.getPrototypeOf(stream).constructor === IncomingMessage',
      `Object.getPrototypeOf(stream).constructor.name === 'IncomingMessage' && stream instanceof require('node:http').IncomingMessage`,
    ],
  ],
}

function leanUndici(root) {
  const folder = path.join(root, 'node_modules', 'undici')
  return {
    name: 'lean-undici',
    setup(build) {
      build.onResolve({ filter: /^undici$/ }, () => ({ path: path.join(root, 'scripts', 'lean-undici.mjs') }))
      build.onLoad(
        { filter: /node_modules[\\/]undici[\\/]lib[\\/](dispatcher[\\/]client|core[\\/]util)\.js$/ },
        async ({ path: file }) => {
          let contents = await readFile(file, 'utf8')
          for (const [old, fresh] of UNDICI[path.relative(folder, file).split(path.sep).join('/')]) {
            const changed = contents.replace(old, () => fresh)
            if (changed === contents) throw new Error(`${file} has changed: look at ${old} in scripts/lazy-modules.mjs`)
            contents = changed
          }
          return { contents, loader: 'js' }
        },
      )
    },
  }
}

/** libp2p's keys import curves for what few of them need: those of Ed25519 are Node's. The tables take 13 ms to set up. */
const lazyCurves = {
  name: 'lazy-curves',
  setup(build) {
    build.onResolve({ filter: /^@noble\/curves\/(ed25519|secp256k1)\.js$/ }, ({ path: target, importer, resolveDir }) =>
      /@libp2p[\\/]crypto[\\/]/.test(importer) ? { path: target, namespace: 'lazy-curve', pluginData: resolveDir } : undefined,
    )
    build.onLoad({ filter: /.*/, namespace: 'lazy-curve' }, ({ path: target, pluginData: resolveDir }) => {
      const curve = path.basename(target, '.js')
      const contents = `let it
const load = () => it ??= require(${JSON.stringify(target)}).${curve}
export const ${curve} = new Proxy({}, { get: (_, key) => load()[key] })`
      return { contents, resolveDir }
    })
  },
}

/** The peer store's locks are shared with the workers of a cluster, of which the program has none: cluster and worker_threads take 4 ms. */
const ownLocks = {
  name: 'own-locks',
  setup(build) {
    build.onLoad({ filter: /node_modules[\\/]mortice[\\/]dist[\\/]src[\\/]node\.js$/ }, () => ({
      contents: 'export default () => new EventTarget()',
      loader: 'js',
    }))
  },
}

/** Sorts for no more than a fixed order: what compares as a language does takes 5 ms to set up. */
const plainOrder = {
  name: 'plain-order',
  setup(build) {
    const filter =
      /@libp2p[\\/]peer-(store|record)[\\/]dist[\\/]src[\\/](utils[\\/](to-peer-pb|dedupe-addresses)|peer-record[\\/]utils)\.js$/
    build.onLoad({ filter }, async ({ path: file }) => {
      const contents = await readFile(file, 'utf8')
      const changed = contents.replace(
        /(a\S*)\.localeCompare\((b\S*)\)(?=;)/g,
        'Buffer.compare(Buffer.from($1), Buffer.from($2))',
      )
      if (changed === contents) throw new Error(`${file} has changed: look at plainOrder in scripts/lazy-modules.mjs`)
      return { contents: changed, loader: 'js' }
    })
  },
}

/** Reads HTML and XML, with tables of all entities. */
const lazyParser = {
  name: 'lazy-parser',
  setup(build) {
    build.onResolve({ filter: /^htmlparser2$/ }, ({ path: target, resolveDir, importer }) =>
      /[\\/]src[\\/]/.test(importer) ? { path: target, namespace: 'lazy-parser', pluginData: resolveDir } : undefined,
    )
    build.onLoad({ filter: /.*/, namespace: 'lazy-parser' }, ({ path: target, pluginData: resolveDir }) => ({
      contents: `export const Parser = new Proxy(class {}, { construct: (_, args) => new (require(${JSON.stringify(target)}).Parser)(...args) })`,
      resolveDir,
    }))
  },
}

/** Plugins for esbuild, in this order. */
export function lazyModules(root) {
  return [lazyCurves, lazyParser, plainOrder, ownLocks, leanUndici(root), lazyBuiltins]
}
