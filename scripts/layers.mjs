// Builds what the program loads besides its own file, in layers: one CommonJS file each, whose modules are evaluated when they are
// first asked for. Some seventy chunks of ES modules cost a start 60 ms of CPU to find, link and compile; a file costs 5.
import path from 'node:path'

/**
 * From the bottom up: each may use what those before it hold. What `roots` need when they are loaded belongs to the layer, and what it
 * imports lazily only where it is a root itself.
 */
const LAYERS = [
  {
    // a download with nobody to talk to but the origin
    name: 'node',
    roots: [
      'src/index.ts',
      'src/store/disk.ts',
      'src/origin/origin.ts',
      'src/origin/guard.ts',
      'src/origin/gates.ts',
      'src/origin/options.ts',
      'src/origin/proxies.ts',
      'src/origin/trust.ts',
    ],
  },
  { name: 'peer', roots: ['src/node/network.ts', 'src/node/company.ts', 'src/node/lan-discovery.ts'] },
  { name: 'rest', roots: [] },
]

/** Packages that ask within a function for what they rarely need: that belongs to a layer only where something else wants it there. */
const RARELY = { from: /\/undici\/lib\/(core|dispatcher)\//, to: /\/undici\/lib\/(web\/|dispatcher\/client-h2)/ }

/** Writes nothing. `entries`: what the program itself imports. Resolves to the files and the metafiles. */
export async function buildLayers(build, common, { entries, plugins, alias, root }) {
  const options = { ...common, splitting: false, alias, bundle: true, write: false, metafile: true, outdir: 'dist/cli' }
  const whole = await build({ ...options, entryPoints: entries, format: 'esm', splitting: true, plugins })
  const { inputs } = whole.metafile
  const layerOf = assign(inputs)
  const asked = crossings(inputs, layerOf, entries)
  const names = await exportsOf(
    build,
    options,
    plugins,
    inputs,
    [...asked.values()].flatMap(set => [...set]),
  )
  const built = await Promise.all(
    LAYERS.map(({ name }) =>
      build({
        ...options,
        stdin: { contents: door(asked.get(name) ?? []), resolveDir: root, sourcefile: `${name}.js` },
        outdir: undefined,
        outfile: `dist/cli/${name}.cjs`,
        format: 'cjs',
        banner: { js: "const importMetaUrl = require('url').pathToFileURL(__filename).href" },
        supported: { 'dynamic-import': true },
        define: { 'import.meta.url': 'importMetaUrl' },
        minifySyntax: true,
        minifyWhitespace: true,
        plugins: [borrowed(name, { inputs, layerOf, names, root }), ...plugins],
      }),
    ),
  )
  return { outputFiles: built.flatMap(({ outputFiles }) => outputFiles), metafile: whole.metafile }
}

/** Has what this file imports of the layers asked for at their doors. `isMine`: whether a file belongs to the one who asks. */
export function throughDoors(entries, root) {
  return {
    name: 'through-doors',
    setup(build) {
      build.onResolve({ filter: /\.ts$/ }, ({ path: target, resolveDir, kind }) => {
        const file = relative(root, path.resolve(resolveDir, target))
        return kind === 'dynamic-import' && entries.includes(file) ? { path: file, namespace: 'door' } : undefined
      })
      build.onResolve({ filter: /^\.\/\w+\.cjs$/ }, ({ path: name, namespace }) =>
        namespace === 'door' ? { path: name, external: true } : undefined,
      )
      build.onLoad({ filter: /.*/, namespace: 'door' }, ({ path: file }) => ({
        contents: `module.exports = ${ask(layerOfEntry(file), file)}`,
      }))
    },
  }
}

function layerOfEntry(file) {
  return (LAYERS.find(({ roots }) => roots.includes(file)) ?? LAYERS.at(-1)).name
}

/** File → name of the lowest layer that needs it at once. */
function assign(inputs) {
  const layerOf = new Map()
  for (const { name, roots } of LAYERS.slice(0, -1)) {
    const left = [...roots]
    for (let file = left.pop(); file !== undefined; file = left.pop()) {
      if (inputs[file] === undefined) throw new Error(`${file} is not imported by anything`)
      if (layerOf.has(file)) continue
      layerOf.set(file, name)
      const needed = inputs[file].imports.filter(({ kind, external }) => kind !== 'dynamic-import' && !external)
      const isNeeded = each => inputs[each] !== undefined && !(RARELY.from.test(file) && RARELY.to.test(each))
      left.push(...needed.map(each => each.path).filter(isNeeded))
    }
  }
  for (const file of Object.keys(inputs)) if (!layerOf.has(file)) layerOf.set(file, LAYERS.at(-1).name)
  return layerOf
}

/** Name of a layer → the files that others import of it. */
function crossings(inputs, layerOf, entries) {
  const asked = new Map(LAYERS.map(({ name }) => [name, new Set()]))
  for (const file of entries) asked.get(layerOf.get(file)).add(file)
  for (const [file, { imports }] of Object.entries(inputs)) {
    for (const { path: target, external } of imports) {
      if (external || inputs[target] === undefined || isMade(target)) continue
      if (isMade(file) || layerOf.get(target) !== layerOf.get(file)) asked.get(layerOf.get(target)).add(target)
    }
  }
  return asked
}

/** What plugins make stands in every layer. */
function isMade(file) {
  return /^lazy-[a-z]+:/.test(file)
}

/** The names that ES modules export; CommonJS has none that are known before it runs. */
async function exportsOf(build, options, plugins, inputs, files) {
  const modules = files.filter(file => inputs[file].format !== 'cjs')
  const { metafile } = await build({
    ...options,
    entryPoints: modules.map((file, index) => ({ in: file, out: `m${index}` })),
    format: 'esm',
    splitting: true,
    plugins,
  })
  const outputs = Object.values(metafile.outputs).filter(({ entryPoint }) => entryPoint !== undefined)
  return new Map(outputs.map(({ entryPoint, exports }) => [entryPoint, exports]))
}

/** A layer's entry: evaluates a module when it is asked for. */
function door(files) {
  const lines = [...files].map(file => `exports[${JSON.stringify(file)}] = () => require(${JSON.stringify(`./${file}`)})`)
  return lines.join('\n')
}

function ask(layer, file) {
  return `require('./${layer}.cjs')[${JSON.stringify(file)}]()`
}

/** Files of other layers, as modules that ask there. */
function borrowed(mine, { inputs, layerOf, names, root }) {
  return {
    name: 'borrowed',
    setup(build) {
      build.onResolve({ filter: /^\.\/\w+\.cjs$/, namespace: 'borrowed' }, ({ path: name }) => ({ path: name, external: true }))
      build.onResolve({ filter: /.*/ }, async ({ path: target, resolveDir, kind, importer, pluginData }) => {
        if (pluginData === 'borrowed' || kind === 'entry-point' || resolveDir === '') return undefined
        const found = await build.resolve(target, { resolveDir, kind, importer, pluginData: 'borrowed' })
        if (found.external || found.errors.length > 0 || found.namespace !== 'file') return found
        const file = relative(root, found.path)
        const layer = layerOf.get(file)
        return layer === undefined || layer === mine
          ? found
          : { path: file, namespace: 'borrowed', sideEffects: found.sideEffects }
      })
      build.onLoad({ filter: /.*/, namespace: 'borrowed' }, ({ path: file }) => ({ contents: stub(file) }))
    },
  }

  function stub(file) {
    const asked = ask(layerOf.get(file), file)
    if (inputs[file].format === 'cjs') return `module.exports = ${asked}`
    const own = (names.get(file) ?? []).map((name, index) => [name, `v${index}`])
    const taken = own.map(([name, local]) => `${local} = m[${JSON.stringify(name)}]`)
    return `const m = ${asked}${taken.map(each => `, ${each}`).join('')}
export { ${own.map(([name, local]) => `${local} as ${JSON.stringify(name)}`).join(', ')} }`
  }
}

function relative(root, file) {
  return path.relative(root, file).split(path.sep).join('/')
}
