// Prints what a package contains, in CycloneDX (JSON): the packages of the lock file that run, and the Node that packages bring.
import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
/** A large lock file gives some 200 KB. */
const MAX_BYTES = 2 ** 26

export interface Bom {
  bomFormat: string
  specVersion: string
  metadata: { component: { name: string; version: string; purl: string; type: string } }
  components: { 'bom-ref': string; name: string; version: string; purl: string; type: string; licenses?: unknown[] }[]
  dependencies: { ref: string; dependsOn: string[] }[]
}

interface Locked {
  version: string
  name?: string
  dev?: boolean
}

/**
 * As npm makes it from the lock file, with the name of the package instead of that of the folder, with Node, and without what only development needs:
 * `npm sbom --omit dev` (11.19) leaves out packages that run, too.
 */
export async function sbom(): Promise<Bom> {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only']
  const bom = JSON.parse(execFileSync('npm', args, { cwd: ROOT, maxBuffer: MAX_BYTES, encoding: 'utf8' })) as Bom
  const { name, version } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'))
  const { packages } = JSON.parse(await readFile(path.join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked>
  }
  const running = new Set(Object.entries(packages).flatMap(([place, entry]) => (entry.dev ? [] : [refOf(place, entry)])))
  running.add(`${name}@${version}`)
  bom.metadata.component.name = name
  bom.components = bom.components.filter(component => running.has(component['bom-ref']))
  bom.dependencies = bom.dependencies
    .filter(({ ref }) => running.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter(other => running.has(other)) }))
  return withNode(bom, `${name}@${version}`, (packages['node_modules/node'] as Locked).version)
}

function withNode(bom: Bom, own: string, version: string): Bom {
  const ref = `node@${version}`
  const license = [{ license: { id: 'MIT' } }]
  bom.components.push({
    'bom-ref': ref,
    type: 'platform',
    name: 'node',
    version,
    purl: `pkg:generic/node@${version}`,
    licenses: license,
  })
  bom.dependencies.push({ ref, dependsOn: [] })
  bom.dependencies.find(dependency => dependency.ref === own)?.dependsOn.push(ref)
  return bom
}

/** `node_modules/a/node_modules/@scope/b` → `@scope/b@VERSION`, as npm names it. */
function refOf(place: string, { name, version }: Locked): string {
  return `${name ?? place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length)}@${version}`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(JSON.stringify(await sbom(), undefined, 2))
