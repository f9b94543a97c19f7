// df daemon start, stop, status: the daemon of this host.
import { spawn } from 'node:child_process'
import { open, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { DaemonClient } from '../client/index.ts'
import type { ControlOptions, Limits, RegistryRead } from '../index.ts'
import { UsageError } from './errors.ts'
import { OK } from './exit-codes.ts'
import { jsonLine } from './json-lines.ts'
import type { Loopback } from './loopback.ts'
import { type ServeFlags, serve } from './serve.ts'
import { tellFailure } from './tell-failure.ts'

/** Flags of `df daemon` as commander leaves them. */
export interface DaemonFlags extends ServeFlags {
  socketGroup?: string
  socket?: string
  api?: Loopback
  /** Milliseconds. */
  idle?: number
  detach?: true
  explain?: true
  /** Commander's, of `--no-lan`. */
  lan?: boolean
}

export type DaemonCommand = { do: 'start' | 'stop' | 'status' } | { do: 'set'; limits: readonly string[] }

/** As for a seed. */
const QUOTA = { share: 0.8 }
/** A daemon that was started in the background is ready, or has said why not, after so long, ms. */
const START_TIMEOUT = 20_000
/** A daemon that cannot serve what it was to serve has ended, and said why, after so long, ms. */
const END_MS = 5000
const POLL_MS = 20

/** Resolves to the exit code; whatever went wrong was told. */
export async function daemon(command: DaemonCommand, flags: DaemonFlags, name: string): Promise<number> {
  if (command.do === 'start' && flags.detach !== true) return await start(flags, name)
  try {
    if (command.do === 'start') await detach(flags)
    else if (command.do === 'stop') await stop(flags)
    else if (command.do === 'set') await set(command.limits, flags)
    else await status(flags)
    return OK
  } catch (error) {
    return tellFailure(error, flags, name)
  }
}

async function start(flags: DaemonFlags, name: string): Promise<number> {
  const options = { quota: flags.quota ?? QUOTA, dhtServer: true, lan: flags.lan !== false }
  const { idle = 0 } = flags
  return await serve(
    flags,
    {
      role: 'daemon',
      options,
      begin: async () => {},
      needsControl: true,
      control: () => controlOf(flags),
      readyText: (addresses, control) =>
        ['daemon ready', ...addresses, control?.path, control?.url, ''].filter(line => line !== undefined).join('\n'),
      ...(idle > 0 && { watch: (end, jobs) => endWhenIdle(end, jobs, idle) }),
    },
    name,
  )
}

/** What the local API is served on besides the owner's socket. Rejects with a UsageError for an unknown group. */
async function controlOf({ socketGroup, socket, api }: DaemonFlags): Promise<ControlOptions> {
  const { handedOverSocket } = await import('./socket-activation.ts')
  const fd = handedOverSocket(process.env)
  if (fd !== undefined) return { shared: { fd }, ...(api !== undefined && { port: api }) }
  if (socketGroup === undefined) {
    if (socket !== undefined) throw new UsageError('--socket is for --socket-group', 'name the group, too')
    return api === undefined ? {} : { port: api }
  }
  const { groupId } = await import('./group-id.ts')
  const { HOST_SOCKET } = await import('../client/index.ts')
  const shared = { path: socket === undefined ? HOST_SOCKET : path.resolve(socket), gid: await groupId(socketGroup) }
  return { shared, ...(api !== undefined && { port: api }) }
}

/** Calls `end` once nothing was downloaded for `idle` ms. */
function endWhenIdle(end: () => void, jobs: { readonly size: number; onChange: () => void }, idle: number): () => void {
  let timer = setTimeout(end, idle)
  jobs.onChange = () => {
    clearTimeout(timer)
    if (jobs.size === 0) timer = setTimeout(end, idle)
  }
  return () => clearTimeout(timer)
}

async function client(): Promise<DaemonClient> {
  const { controlPath, dragonflyHome, openDaemon } = await import('../client/index.ts')
  return await openDaemon(controlPath(dragonflyHome()))
}

async function stop(flags: DaemonFlags): Promise<void> {
  await using running = await client()
  const { pid } = await running.status(0)
  await running.stopDaemon()
  while (isAlive(pid)) await new Promise(resolve => setTimeout(resolve, POLL_MS))
  process.stdout.write(flags.json === true ? jsonLine('stopped', { pid }) : `stopped (pid ${pid})\n`)
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function status(flags: DaemonFlags): Promise<void> {
  const { statusLines } = await import('./seed-render.ts')
  await using running = await client()
  const answer = await running.status()
  process.stdout.write(flags.json === true ? jsonLine('status', { ...answer }) : `${statusLines(answer).join('\n')}\n`)
  if (flags.explain === true) await explainReads(await running.registryReads(), flags)
}

async function explainReads(reads: readonly RegistryRead[], { json }: DaemonFlags): Promise<void> {
  const { registryReadLines } = await import('./registry-read-lines.ts')
  if (json === true) for (const read of reads) process.stdout.write(jsonLine('registryRead', { ...read }))
  else process.stdout.write(`\n${registryReadLines(reads).join('\n')}\n`)
}

const LIMITS: Readonly<Record<string, keyof Limits>> = { limit: 'down', 'upload-limit': 'up', 'total-limit': 'total' }

async function set(named: readonly string[], flags: DaemonFlags): Promise<void> {
  const changes = named.map(limitOf)
  await using running = await client()
  const { now: _now, ...before } = await running.limits()
  const after = Object.fromEntries(
    Object.entries({ ...before, ...Object.fromEntries(changes) }).filter(([, value]) => value !== 'none'),
  )
  if (changes.length > 0) await running.setLimits(after)
  const { now, ...limits } = await running.limits()
  if (flags.json === true) return void process.stdout.write(jsonLine('limits', { ...limits, now }))
  const lines = Object.entries(LIMITS).map(([name, key]) => `${name.padEnd(12)} ${limits[key] ?? 'none'}\n`)
  process.stdout.write(lines.join(''))
}

/** Throws a UsageError. */
function limitOf(text: string): [keyof Limits, string] {
  const at = text.indexOf('=')
  const key = LIMITS[text.slice(0, Math.max(0, at)).replace(/^--/, '')]
  const value = text.slice(at + 1)
  if (key === undefined || value === '') {
    throw new UsageError(
      `not a limit: ${JSON.stringify(text.slice(0, 100))}`,
      'write limit=50M, upload-limit=10M or total-limit=none',
    )
  }
  return [key, value]
}

/** Starts it in the background and waits until it is ready. */
async function detach(flags: DaemonFlags): Promise<void> {
  const args = process.argv.slice(2).filter(arg => arg !== '--detach' && arg !== '--json')
  const ready = async (running: DaemonClient) => {
    await using client = running
    return { peerId: client.peerId, addresses: client.addresses, places: await client.places() }
  }
  const { peerId, addresses, places } = await startInBackground(args, ready, process.cwd())
  const also = Object.entries(places).map(([name, url]) => `${name} ${url}`)
  const text = ['daemon ready', ...addresses, ...also, ''].join('\n')
  process.stdout.write(flags.json === true ? jsonLine('ready', { peerId, addresses, ...places }) : text)
}

/**
 * Starts df with these arguments as a process of its own, with its log in the home folder; resolves to what `ready` makes of the
 * daemon that it is. One that ends before has not started, and its log says why.
 */
export async function startInBackground<T>(
  args: readonly string[],
  ready: (daemon: DaemonClient) => Promise<T>,
  cwd = '/',
): Promise<T> {
  const { controlPath, dragonflyHome, findDaemon, makePath } = await import('../client/index.ts')
  const home = dragonflyHome()
  const socket = controlPath(home)
  const before = await findDaemon([socket])
  if (before !== undefined) return await ready(before)
  await makePath(home, 0o700)
  const log = await open(logFile(home), 'w', 0o600)
  const started = spawn(process.execPath, [...process.execArgv, START, process.argv[1] as string, ...args], {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    cwd,
  })
  await log.close()
  started.unref()
  let exited = false
  started.once('exit', () => (exited = true))
  const hasEnded = async (within: number): Promise<boolean> => {
    for (const limit = Date.now() + within; !exited && Date.now() < limit; )
      await new Promise(resolve => setTimeout(resolve, POLL_MS))
    return exited
  }
  try {
    for (const limit = Date.now() + START_TIMEOUT; ; ) {
      const running = await findDaemon([socket])
      if (running !== undefined) return await ready(running)
      if ((await hasEnded(POLL_MS)) || Date.now() > limit) throw await notStarted(home)
    }
  } catch (error) {
    // a daemon that breaks a connection off, or says that it is ending, may still be about to say why
    if (!(error instanceof Error && 'code' in error && (error.code === 'no-daemon' || error.code === 'aborted'))) throw error
    throw (await hasEnded(END_MS)) ? await notStarted(home, error) : error
  }
}

const logFile = (home: string): string => path.join(home, 'daemon.log')

/** What the daemon has said last. */
async function notStarted(home: string, cause?: unknown): Promise<Error> {
  const { DragonflyError } = await import('../client/index.ts')
  const said = (await readFile(logFile(home), 'utf8').catch(() => '')).trim().split('\n').at(-1) ?? ''
  const hint = `its log is ${logFile(home)}`
  return new DragonflyError('no-daemon', `the daemon did not start: ${said.slice(0, 500)}`, { hint, cause })
}

/** The launcher's second half; see bin/df. */
const START = path.join(path.dirname(path.dirname(path.dirname(new URL(import.meta.url).pathname))), 'bin', 'start.cjs')
