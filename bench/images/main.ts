// Pulls container images through gateways and straight, with a real registry and skopeo, and measures time and what the registry sent.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { isInstalled } from '../../test/gateway/auth/registry-lab.ts'
import { circumstances } from '../report.ts'
import { withSection } from '../swarm/results.ts'
import { copyOf } from '../swarm/tools/df.ts'
import { fleet } from './fleet.ts'
import type { Ground, Section } from './ground.ts'
import { oneHost } from './one-host.ts'
import { type Options, type PartName, parseOptions, USAGE } from './options.ts'
import { privateImages } from './private.ts'
import { Shelf } from './shelf.ts'
import { silentSwarm } from './silent-swarm.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const FILE = path.join(ROOT, 'bench', 'results', 'images.md')
const HEAD = `# Images through the swarm

\`npm run bench:images\` makes images of random layers in a real docker-registry and pulls them with skopeo, straight and through \`df daemon start --gateway\`.`

/** Program → package. */
const NEEDS: ReadonlyArray<[string, string]> = [
  ['ip', 'iproute2'],
  ['tc', 'iproute2'],
  ['docker-registry', 'docker-registry'],
  ['skopeo', 'skopeo'],
  ['curl', 'curl'],
  ['openssl', 'openssl'],
]

const PARTS: Record<PartName, (ground: Ground) => Promise<Section>> = {
  fleet,
  'one-host': oneHost,
  private: privateImages,
  'silent-swarm': silentSwarm,
}

const options = readOptions()
const problem = process.getuid?.() === 0 ? missing() : 'network namespaces and shaped links need root (try sudo)'
if (problem !== undefined) {
  process.stderr.write(`bench/images: ${problem}\n`)
  process.exit(2)
}
// everything is on hosts of the bench: no proxy of this machine is in between
for (const name of Object.keys(process.env)) if (/^(https?|all|no)_proxy$/i.test(name)) delete process.env[name]
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort(new Error(signal)))
const dir = await mkdtemp(path.join(os.tmpdir(), 'df-images-'))
const shelf = await Shelf.open()
try {
  const installed = { package: await copyOf(ROOT, path.join(dir, 'package')), dir }
  for (const name of options.only) {
    stop.signal.throwIfAborted()
    const section = await PARTS[name]({ options, installed, shelf, dir, signal: stop.signal })
    await show(section)
  }
} catch (error) {
  if (!stop.signal.aborted) throw error
  process.exitCode = 130
} finally {
  await shelf.close()
  await rm(dir, { recursive: true, force: true, maxRetries: 3 })
}

async function show({ title, body }: Section): Promise<void> {
  const command = ['npm run bench:images', process.argv.slice(2).join(' ')].filter(part => part !== '').join(' -- ')
  const whole = `${body}\n\n${await circumstances(command, ['skopeo', 'docker-registry'])}`
  process.stdout.write(`\n## ${title}\n\n${whole}\n`)
  if (!options.publish) return
  const text = await readFile(FILE, 'utf8').catch(() => '')
  await mkdir(path.dirname(FILE), { recursive: true })
  await writeFile(FILE, withSection(text, HEAD, { title, body: whole }))
}

function missing(): string | undefined {
  const absent = NEEDS.filter(([program]) => !isInstalled(program))
  if (absent.length === 0) return undefined
  const packages = [...new Set(absent.map(([, name]) => name))].join(' ')
  return `missing: ${absent.map(([program]) => program).join(', ')} (apt-get install -y --no-install-recommends ${packages})`
}

function readOptions(): Options {
  try {
    return parseOptions(process.argv.slice(2))
  } catch (error) {
    process.stderr.write(`bench/images: ${(error as Error).message}\n${USAGE}`)
    process.exit(2)
  }
}
