// Real container engines, each with a store of its own, as often as a test needs one.
import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { isInstalled } from '../gateway/auth/registry-lab.ts'
import { until } from '../waiting.ts'
import { criPull } from './cri.ts'
import { NO_ENVIRONMENT } from './gateway-lab.ts'
import { isRoot, running } from './lab.ts'

const run = promisify(execFile)
/** Debian's, where there is another one before it. */
const DOCKER = existsSync('/usr/bin/docker') ? '/usr/bin/docker' : 'docker'
/** Files that `df gateway setup` writes. */
const REGISTRIES = 'etc/containers/registries.conf.d/zz-dragonfly.conf'
const HOSTS = 'etc/containerd/certs.d'
const DAEMON_JSON = 'etc/docker/daemon.json'
/** A file that says nothing. */
const NO_LOGINS = 'none.json'

export const ENGINES = ['skopeo', 'podman', 'buildah', 'containerd (ctr)', 'containerd (CRI)', 'dockerd'] as const
export type Engine = (typeof ENGINES)[number]

export interface SessionOptions {
  /** Folder of the engine's own: its store, its temporary files. */
  place: string
  /** Where `df gateway setup` was told that / is; undefined: nothing was set up. */
  root?: string
  /** Of the engine, on top of a clean one. */
  env?: NodeJS.ProcessEnv
  /** Registries that speak plain http. */
  plain?: readonly string[]
  /** A file of logins, as podman writes it; the folder of docker's config.json. Default: none. */
  logins?: string
  /** Words before the daemon of the engine. */
  inside?: readonly string[]
}

export interface Session {
  /** Resolves to the digest of the manifest (CRI: of the config); rejects with what the engine said. `login`: for engines that take it with a pull. */
  pull(image: string, login?: string): Promise<string>
  close(): Promise<void>
}

/** Undefined: it does not run here, and that was said loudly. */
export async function openSession(engine: Engine, options: SessionOptions): Promise<Session | undefined> {
  if (!runsHere(engine)) return undefined
  await mkdir(path.join(options.place, 'tmp'), { recursive: true })
  await writeFile(path.join(options.place, NO_LOGINS), '{}')
  if (engine === 'skopeo') return skopeo(options)
  if (engine === 'podman' || engine === 'buildah') return podman(engine, options)
  return engine === 'dockerd' ? await docker(options) : await containerd(options, engine === 'containerd (CRI)')
}

export function runsHere(engine: Engine): boolean {
  const program = engine.split(' ')[0] as string
  const isHere = isInstalled(program)
  if (!isHere) console.warn(`SKIPPED: ${program} is not installed`)
  else if (!isRoot()) console.warn(`SKIPPED: ${program} needs root here`)
  return isHere && isRoot()
}

/** The most that any file of the engine has of a blob so far, bytes. */
export async function received(place: string): Promise<number> {
  const entries = await readdir(place, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = entries.filter(entry => entry.isFile() && !entry.name.endsWith('.db'))
  const sizes = files.map(async ({ parentPath, name }) => (await stat(path.join(parentPath, name)).catch(() => undefined))?.size)
  return Math.max(0, ...(await Promise.all(sizes)).map(size => size ?? 0))
}

function environment({ place, env }: SessionOptions): NodeJS.ProcessEnv {
  return { ...process.env, ...NO_ENVIRONMENT, TMPDIR: path.join(place, 'tmp'), ...env }
}

function skopeo(options: SessionOptions): Session {
  const { place, root, plain = [], logins } = options
  const conf = root === undefined ? [] : ['--registries-conf', path.join(root, REGISTRIES)]
  const flags = [
    ...(plain.length === 0 ? [] : ['--src-tls-verify=false']),
    '--src-authfile',
    logins ?? path.join(place, NO_LOGINS),
  ]
  let count = 0
  const pull = async (image: string) => {
    const to = path.join(place, `out-${count++}`)
    await run('skopeo', [...conf, 'copy', '-q', ...flags, `docker://${image}`, `dir:${to}`], { env: environment(options) })
    return `sha256:${createHash('sha256')
      .update(await readFile(path.join(to, 'manifest.json')))
      .digest('hex')}`
  }
  return { pull, close: async () => {} }
}

function podman(program: string, options: SessionOptions): Session {
  const { place, root, plain = [], logins } = options
  const env = {
    ...environment(options),
    ...(root !== undefined && { CONTAINERS_REGISTRIES_CONF: path.join(root, REGISTRIES) }),
    REGISTRY_AUTH_FILE: logins ?? path.join(place, NO_LOGINS),
  }
  const store = ['--root', path.join(place, 'root'), '--runroot', path.join(place, 'run'), '--storage-driver', 'vfs']
  const flags = plain.length === 0 ? [] : ['--tls-verify=false']
  const pull = async (image: string) => {
    await run(program, [...store, 'pull', '-q', ...flags, image], { env })
    return (await run(program, [...store, 'images', '--digests', '--format', '{{.Digest}}', image], { env })).stdout.trim()
  }
  return { pull, close: async () => {} }
}

async function containerd(options: SessionOptions, isCri: boolean): Promise<Session> {
  const { place, root, plain = [] } = options
  const at = (...parts: string[]) => path.join(place, ...parts)
  const hosts = root === undefined ? at('hosts') : path.join(root, HOSTS)
  for (const host of root === undefined ? plain : []) {
    await mkdir(path.join(hosts, host), { recursive: true })
    await writeFile(path.join(hosts, host, 'hosts.toml'), `[host."http://${host}"]\n  capabilities = ["pull", "resolve"]\n`)
  }
  const cri = 'plugins."io.containerd.grpc.v1.cri"'
  await writeFile(
    at('config.toml'),
    `version = 2\nroot = "${at('root')}"\nstate = "${at('state')}"\n` +
      `${isCri ? '' : 'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n'}[grpc]\n  address = "${at('c.sock')}"\n` +
      (isCri ? `[${cri}.registry]\n  config_path = "${hosts}"\n[${cri}.containerd]\n  snapshotter = "native"\n` : ''),
  )
  const close = await daemon(['containerd', '-c', at('config.toml')], 'successfully booted', options)
  const ctr = async (...args: string[]) =>
    (await run('ctr', ['--connect-timeout', '60s', '-a', at('c.sock'), '-n', 'lab', ...args], { env: environment(options) }))
      .stdout
  const pull = async (image: string, login?: string) => {
    if (isCri) return await criPull(at('c.sock'), image, login)
    const user = login === undefined ? [] : ['-u', login]
    await ctr('images', 'pull', '--snapshotter', 'native', '--hosts-dir', hosts, ...user, image)
    return /sha256:[0-9a-f]{64}/.exec(await ctr('images', 'ls', `name==${image}`))?.[0] ?? ''
  }
  return { pull, close }
}

async function docker(options: SessionOptions): Promise<Session> {
  const { place, root, plain = [], logins, inside = [] } = options
  const at = (...parts: string[]) => path.join(place, ...parts)
  const host = `unix://${at('d.sock')}`
  const places = ['--data-root', at('data'), '--exec-root', at('exec'), '-H', host, '--pidfile', at('pid')]
  const network = ['--iptables=false', '--ip6tables=false', '--bridge=none', '--storage-driver=vfs']
  const config = ['--config-file', root === undefined ? at(NO_LOGINS) : path.join(root, DAEMON_JSON)]
  const insecure = plain.flatMap(registry => ['--insecure-registry', registry])
  const command = [...inside, 'dockerd', ...places, ...network, ...config, ...insecure]
  const close = await daemon(command, 'API listen on', options)
  const client = ['--config', logins ?? at('client'), '-H', host]
  const pull = async (image: string) => {
    await run(DOCKER, [...client, 'pull', '-q', image])
    // with its tag it is shown without digest
    const name = image.replace(/:[^:/]+$/, '')
    return (await run(DOCKER, [...client, 'images', '--digests', '--format', '{{.Digest}}', name])).stdout.trim()
  }
  return { pull, close }
}

async function daemon(command: readonly string[], ready: string, options: SessionOptions): Promise<() => Promise<void>> {
  const [program = '', ...args] = command
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: environment(options) })
  let log = ''
  child.stderr.on('data', text => {
    log += text
  })
  const { ended } = running(child)
  await until(() => log.includes(ready) || child.exitCode !== null, `${program} runs`)
  if (child.exitCode !== null) throw new Error(`${program} ended: ${log.slice(-1000)}`)
  return async () => {
    child.kill()
    await ended
  }
}
