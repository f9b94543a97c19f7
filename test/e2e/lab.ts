// Real parts for end-to-end tests: nginx as origin, df as processes, all in a folder of their own, all ended by pid.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHash, randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
export const DF = join(ROOT, 'bin', 'df')
/** A free port on loopback. */
export const LISTEN = ['--listen', '/ip4/127.0.0.1/tcp/0']
const NGINX = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/opt/homebrew/bin/nginx'].find(existsSync)

/** Whether nginx is here; says so loudly when not. */
export function hasNginx(): boolean {
  if (NGINX === undefined) console.warn('SKIPPED: nginx is not installed (apt-get install nginx-light)')
  return NGINX !== undefined
}

/** Whether there is a `script` (util-linux) to make a terminal; says so loudly when not. */
export function hasScript(): boolean {
  const isHere = spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0
  if (!isHere) console.warn('SKIPPED: script of util-linux is not installed (apt-get install bsdutils)')
  return isHere
}

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: Buffer
  stderr: string
  /** Standard output as NDJSON. */
  lines: Record<string, unknown>[]
}

export interface Running {
  child: ChildProcess
  pid: number
  /** Resolves when the process has ended. */
  ended: Promise<Ended>
  /** The first NDJSON line of this type; rejects when the process ends without it. */
  line(type: string): Promise<Record<string, unknown>>
  /** Resolves to standard output so far once `enough` says so; rejects when the process ends before. */
  said(enough: (stdout: Buffer) => boolean): Promise<Buffer>
}

export interface NginxOptions {
  /** Bytes a second for each connection, as nginx writes it: `4m`. Default no limit. */
  limitRate?: string
  /** More directives for the http block. */
  http?: string
  /** More directives for the location. */
  extra?: string
  /** More parameters of its socket. */
  socket?: string
  /** Where it runs: a network namespace and its address. Default loopback. */
  host?: { address: string; namespace: string } | undefined
}

export class Lab {
  readonly dir: string
  readonly #children: ChildProcess[] = []
  readonly #mounts: string[] = []

  private constructor(dir: string) {
    this.dir = dir
  }

  static async open(): Promise<Lab> {
    return new Lab(await mkdtemp(join(tmpdir(), 'df-lab-')))
  }

  path(...parts: string[]): string {
    return join(this.dir, ...parts)
  }

  /** A file of pseudo-random bytes in the origin's folder; resolves to its sha256. */
  async file(name: string, length: number): Promise<string> {
    const bytes = Buffer.alloc(length)
    for (let at = 0, block = createHash('sha256').update(name).digest(); at < length; at += block.length) {
      block.copy(bytes, at)
      block = createHash('sha256').update(block).digest()
    }
    await mkdir(this.path('www'), { recursive: true })
    await writeFile(this.path('www', name), bytes)
    return createHash('sha256').update(bytes).digest('hex')
  }

  async nginx(options: NginxOptions = {}): Promise<Nginx> {
    const { host } = options
    const port = await freePort()
    const address = host?.address ?? '127.0.0.1'
    const at = this.path(`nginx-${port}`)
    await mkdir(at, { recursive: true })
    await mkdir(this.path('www'), { recursive: true })
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(n => `${n}_temp_path ${at}/${n};`).join(' ')
    const rate = options.limitRate === undefined ? '' : `limit_rate ${options.limitRate};`
    await writeFile(
      join(at, 'conf'),
      `user root; daemon off; worker_processes 1; pid ${at}/pid; error_log ${at}/error.log;
events { worker_connections 512; }
http { ${temporary} log_format meter '$request_method $status $body_bytes_sent $uri'; access_log ${at}/access.log meter; ${options.http ?? ''}
  server { listen ${address}:${port} ${options.socket ?? ''}; root ${this.path('www')}; location / { ${rate} ${options.extra ?? ''} } } }`,
    )
    const command = [NGINX as string, '-e', `${at}/error.log`, '-c', `${at}/conf`]
    if (host !== undefined) command.unshift('nsenter', `--net=/run/netns/${host.namespace}`)
    const child = spawn(command[0] as string, command.slice(1), { stdio: 'ignore' })
    this.#children.push(child)
    const url = `http://${address}:${port}`
    // it writes its process id once it listens; a request would be in its log, at any time
    while (!(await exists(join(at, 'pid')))) {
      if (child.exitCode !== null) throw new Error('nginx ended')
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    return new Nginx(url, join(at, 'access.log'), child)
  }

  /** Starts df with a home of its own (`home`: a name inside the lab). */
  df(args: readonly string[], home = `home-${this.#children.length}`, env: NodeJS.ProcessEnv = {}): Running {
    return this.run(DF, args, home, env)
  }

  /** Any program, in the lab's folder, with the environment that df gets. */
  run(command: string, args: readonly string[], home = `home-${this.#children.length}`, env: NodeJS.ProcessEnv = {}): Running {
    const child = spawn(command, args, {
      cwd: this.dir,
      env: { ...process.env, DRAGONFLY_HOME: this.path(home), DRAGONFLY_SEEDS: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#children.push(child)
    return running(child)
  }

  /** Makes a folder in the lab. */
  async folder(name: string): Promise<string> {
    await mkdir(this.path(name), { recursive: true })
    return this.path(name)
  }

  /** A folder of the lab becomes a small disk; false when we may not mount. */
  async disk(name: string, bytes: number): Promise<boolean> {
    return await this.#mount(name, ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs'])
  }

  /** A folder of the lab becomes read-only, for root too; false when we may not mount. */
  async readOnly(name: string): Promise<boolean> {
    return (await this.#mount(name, ['--bind', this.path(name)])) && this.#remount(name, 'remount,bind,ro')
  }

  async #mount(name: string, args: readonly string[]): Promise<boolean> {
    const folder = await this.folder(name)
    const isDone = isRoot() && spawnSync('mount', [...args, folder]).status === 0
    if (isDone) this.#mounts.push(folder)
    else console.warn('SKIPPED: only root can mount a small disk')
    return isDone
  }

  #remount(name: string, options: string): boolean {
    return spawnSync('mount', ['-o', options, this.path(name)]).status === 0
  }

  /** Names in a folder of the lab, hidden ones too, sorted; none when it is not there. */
  async files(name: string): Promise<string[]> {
    const found = await readdir(this.path(name)).catch(() => [])
    return found.toSorted()
  }

  /** Contents that the store of a home keeps. */
  async kept(home: string): Promise<string[]> {
    return await this.files(`${home}/store/entries`)
  }

  /** Files of the lab that hold any of these texts, as they are or in base64 or hex. */
  async filesWith(secrets: readonly string[]): Promise<string[]> {
    const needles = secrets.flatMap(s => [
      s,
      Buffer.from(s).toString('base64').replace(/=+$/, ''),
      Buffer.from(s).toString('hex'),
    ])
    const files = (await readdir(this.dir, { recursive: true, withFileTypes: true })).filter(entry => entry.isFile())
    const paths = files.map(entry => join(entry.parentPath, entry.name))
    const found = await Promise.all(paths.map(async path => holds(await readFile(path), needles)))
    return paths.filter((_, i) => found[i])
  }

  /** Pids of processes that this lab started, or that those started, and that still run (Linux only). */
  async processes(): Promise<number[]> {
    const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name) && Number(name) !== process.pid)
    const mine = await Promise.all(
      pids.map(async pid => (await readFile(`/proc/${pid}/environ`).catch(() => '')).includes(`DRAGONFLY_HOME=${this.dir}`)),
    )
    return pids.filter((_, i) => mine[i]).map(Number)
  }

  /** A seed on loopback, ready, that reads origins on loopback too. */
  async seed(
    home = 'seed',
    extra: readonly string[] = [],
    env: NodeJS.ProcessEnv = {},
  ): Promise<Running & { address: string; peerId: string }> {
    const here = [...LISTEN, '--allow-origin', '127.0.0.1']
    const seed = this.df(['seed', 'start', '--json', ...here, ...extra], home, env)
    const ready = await seed.line('ready')
    return { ...seed, address: (ready.addresses as string[])[0] as string, peerId: ready.peerId as string }
  }

  async read(name: string): Promise<string> {
    return createHash('sha256')
      .update(await readFile(this.path(name)))
      .digest('hex')
  }

  /** Ends every process that was started here, by its pid. */
  async stop(): Promise<void> {
    await Promise.all(this.#children.map(end))
  }

  /** Ends the processes and removes the folder. */
  async close(): Promise<void> {
    await this.stop()
    for (const folder of this.#mounts) spawnSync('umount', [folder])
    await rm(this.dir, { recursive: true, force: true, maxRetries: 3 })
  }
}

export class Nginx {
  readonly url: string
  readonly #log: string
  readonly #child: ChildProcess

  constructor(url: string, log: string, child: ChildProcess) {
    this.url = url
    this.#log = log
    this.#child = child
  }

  get pid(): number {
    return this.#child.pid as number
  }

  /** What left the origin: requests as `METHOD STATUS BYTES PATH`. nginx writes a line when the answer has ended. */
  async requests(): Promise<{ method: string; status: number; bytes: number; path: string }[]> {
    const lines = (await readFile(this.#log, 'utf8')).split('\n').filter(l => l !== '')
    return lines.map(line => {
      const [method = '', status, bytes, path = ''] = line.split(' ')
      return { method, status: Number(status), bytes: Number(bytes), path }
    })
  }

  async bytes(): Promise<number> {
    return (await this.requests()).filter(r => r.method !== 'HEAD').reduce((sum, r) => sum + r.bytes, 0)
  }

  /** Reads its configuration anew; resolves once `isSo`. */
  async reload(isSo: () => Promise<boolean>): Promise<void> {
    this.#child.kill('SIGHUP')
    while (!(await isSo())) await new Promise(resolve => setTimeout(resolve, 20))
  }

  async stop(): Promise<void> {
    await end(this.#child)
  }
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}

export function holds(bytes: Buffer | string, needles: readonly string[]): boolean {
  return needles.some(needle => bytes.includes(needle))
}

export function running(child: ChildProcess): Running {
  let out = Buffer.alloc(0)
  let err = ''
  const waiting: (() => void)[] = []
  let isOver = false
  const news = () => {
    for (const wake of waiting.splice(0)) wake()
  }
  child.stdout?.on('data', chunk => {
    out = Buffer.concat([out, chunk])
    news()
  })
  child.stderr?.on('data', chunk => {
    err += chunk
  })
  const ended = new Promise<Ended>(resolve => {
    child.once('close', (code, signal) => {
      isOver = true
      resolve({ code, signal, stdout: out, stderr: err, lines: parse(out, true) })
      news()
    })
  })
  const said = async (enough: (stdout: Buffer) => boolean) => {
    while (!enough(out)) {
      if (isOver) throw new Error(`df ended too early: ${out.subarray(0, 10_000)}${err}`)
      await new Promise<void>(resolve => waiting.push(resolve))
    }
    return out
  }
  const line = async (type: string) => {
    const find = (text: Buffer) => parse(text, false).find(l => l.type === type)
    return find(await said(text => find(text) !== undefined)) as Record<string, unknown>
  }
  return { child, pid: child.pid as number, ended, line, said }
}

function parse(out: Buffer, lenient: boolean): Record<string, unknown>[] {
  const text = out.toString()
  const lines = text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(l => l !== '')
  return lines.flatMap(line => {
    try {
      return [JSON.parse(line)]
    } catch (error) {
      if (lenient) return []
      throw error
    }
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
  await closed
  clearTimeout(timer)
}

/**
 * A port of loopback that nobody listens on, below those that connections are given (32768 on Linux, 49152 elsewhere): otherwise one
 * of them may have it by the time that a program binds it, or binds it again.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_768)
    const server = createServer()
    const isFree = await new Promise<boolean>(resolve => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!isFree) continue
    await new Promise(resolve => server.close(resolve))
    return port
  }
}

/** Whether we may mount things and make network namespaces. */
export function isRoot(): boolean {
  return process.getuid?.() === 0 && execFileSync('id', ['-u']).toString().trim() === '0'
}
