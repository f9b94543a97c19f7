// A lock between processes that is free as soon as its holder is gone.
//
// Not proper-lockfile: it believes a lock until its time stamp is some seconds old, so that a download killed with
// kill -9 and started again at once would find its own store locked. Processes of other containers are told by their presence.
import { createHash, randomUUID } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync, unlinkSync } from 'node:fs'
import { constants, link, open, stat, unlink, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { abortError, DragonflyError, fromSystemError } from '../core/errors.ts'
import { isAlive, ownStart } from './liveness.ts'
import { isPresent, type Presence, pidSpace } from './presence.ts'
import { removeFile } from './removal.ts'

export interface Lock {
  /** Lets go. Safe to call twice. */
  release(): Promise<void>
}

/** How long a lock of another process may take to come free, ms: one that was killed just now needs a moment to die. */
const PATIENCE = 500
const POLL = 20
/** How long a lock may be empty that is being written, ms. */
const EMPTY_MS = 100
/** A lock file is some 100 bytes; more is not ours and not read. */
const MAX_LOCK_BYTES = 4096

/** What a lock file says. `id` makes every holding another text, so that a stale lock is never taken for a new one. */
interface Holder {
  pid: number
  /** See `startOf`; null when unknown. */
  started: string | null
  /** See `pidSpace`: where the pid means something. Absent: unknown. */
  space?: string
  /** Path of the holder's presence, from the folder of the lock. Absent: none. */
  presence?: string
  id: string
}

/** A lock of another PID namespace whose holder shows no presence counts for so long, ms. */
const DOUBT_MS = 24 * 60 * 60_000

/**
 * Takes the lock or rejects with `store-locked`, naming the pid that holds it. A lock of a dead process is taken over. The folder
 * must exist (`store-error` with cause ENOENT otherwise). `presence`: ours, in a folder that is seen by all who may want the lock;
 * without it processes of other PID namespaces cannot tell whether we live.
 */
export async function acquireLock(path: string, signal?: AbortSignal, presence?: Presence): Promise<Lock> {
  try {
    return await acquire(path, signal, presence)
  } catch (error) {
    if (signal?.aborted) throw abortError(signal)
    throw fromSystemError(error, 'store-error', `cannot lock ${path}`)
  }
}

/** Whether a living process holds the lock, this one included. Nothing is changed, and by the answer it may be otherwise. */
export async function isLocked(path: string): Promise<boolean> {
  const text = await readText(path).catch(() => undefined)
  const holder = text === undefined ? undefined : parseHolder(text)
  return holder !== undefined && (await lives(holder, path))
}

async function acquire(path: string, signal: AbortSignal | undefined, presence: Presence | undefined): Promise<Lock> {
  const text = await textFor(path, presence)
  const begin = performance.now()
  for (;;) {
    if (signal?.aborted) throw abortError(signal)
    const outcome = await attempt(path, text)
    if (outcome === 'held') return held(path, text)
    if (outcome === 'again') continue
    const isHopeless = outcome.at === path && outcome.pid === process.pid && !outcome.isElsewhere
    if (isHopeless || performance.now() - begin >= PATIENCE) throw locked(path, outcome)
    await pause(POLL, undefined, signal && { signal })
  }
}

async function textFor(path: string, presence: Presence | undefined): Promise<string> {
  const space = await pidSpace()
  const me: Holder = {
    pid: process.pid,
    started: await ownStart(),
    ...(space !== undefined && { space }),
    ...(presence !== undefined && { presence: relative(dirname(path), presence.path) }),
    id: randomUUID(),
  }
  return JSON.stringify(me)
}

/**
 * A lock for a folder that is made with it in it: whoever writes `text` into `path` has it. `isQuick`: whether the disk may be asked in the
 * main thread when it is released.
 */
export async function lockToBe(
  path: string,
  presence: Presence | undefined,
  isQuick: () => boolean,
): Promise<{ text: string; lock: Lock }> {
  const text = await textFor(path, presence)
  return { text, lock: held(path, text, isQuick) }
}

/** Who is in the way, and at which lock: the wanted one, or the one on its removal. */
interface Blocker {
  pid: number
  at: string
  /** Whether it is in another PID namespace, so that the pid says nothing here. */
  isElsewhere: boolean
}

/** Whether the holder of a lock at `path` still lives. */
async function lives({ pid, started, space, presence }: Holder, path: string): Promise<boolean> {
  if (space === undefined || space === (await pidSpace())) return await isAlive(pid, started)
  if (presence !== undefined) return await isPresent(join(dirname(path), presence))
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: 0 }))
  return Date.now() - mtimeMs < DOUBT_MS
}

/**
 * One try. A dead holder's lock is removed (`again`), and here is the catch: between a look at the lock and its removal
 * another process may have removed it and put its own there. So who removes a lock first takes a lock on the removal of
 * just this one, named after its text, and looks again: as the holder is dead and all other removers are kept out, what it
 * sees then stays. That lock may have a dead holder too, and is tried the same way.
 */
async function attempt(path: string, text: string): Promise<'held' | 'again' | Blocker> {
  if (await create(path, text)) return 'held'
  const found = await writtenText(path)
  if (found === undefined) return 'again'
  const holder = parseHolder(found)
  if (holder !== undefined && (await lives(holder, path))) {
    return { pid: holder.pid, at: path, isElsewhere: holder.space !== undefined && holder.space !== (await pidSpace()) }
  }
  const removal = `${path}.${createHash('sha256').update(found).digest('hex').slice(0, 16)}`
  const outcome = await attempt(removal, text)
  if (outcome !== 'held') return outcome
  try {
    await removeIf(path, found)
  } finally {
    await removeIf(removal, text)
  }
  return 'again'
}

/** Whole or not at all: nobody ever sees a lock that does not say yet whose it is, as with open('wx') and a write. */
async function create(path: string, text: string): Promise<boolean> {
  const temp = `${path}.${randomUUID()}`
  await writeFile(temp, text, { flag: 'wx', mode: 0o600 })
  try {
    await link(temp, path)
    return true
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (NO_LINKS.has(code)) return await createByItself(path, text)
    throw error
  } finally {
    await removeFile(temp)
  }
}

/** What a file system answers that has no hard links: FAT, many of FUSE, shares. */
export const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK'])

/** There a lock is empty for a moment. */
async function createByItself(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** What the lock says; one that is empty may just be being written. */
async function writtenText(path: string): Promise<string | undefined> {
  const text = await readText(path)
  if (text !== '') return text
  await pause(EMPTY_MS)
  return await readText(path)
}

function held(path: string, text: string, isQuick = () => false): Lock {
  let released: Promise<void> | undefined
  return {
    release: () => {
      released ??= isQuick() ? removeInPlaceIf(path, text) : removeIf(path, text)
      return released
    },
  }
}

async function removeIf(path: string, text: string): Promise<void> {
  if ((await readText(path)) === text) await unlink(path)
}

/** The same; five calls of the system are quicker than the way to another thread. */
async function removeInPlaceIf(path: string, text: string): Promise<void> {
  let file: number
  try {
    file = openSync(path, READ_LOCK)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  try {
    const buffer = Buffer.alloc(MAX_LOCK_BYTES)
    const isOurs = fstatSync(file).isFile() && buffer.toString('latin1', 0, readSync(file, buffer)) === text
    if (isOurs) unlinkSync(path)
  } finally {
    closeSync(file)
  }
}

/** A named pipe must not make us wait for a writer, nor a link lead elsewhere: no lock of ours is either. */
const READ_LOCK = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW
/** What a link and a socket answer. */
const NO_FILE: ReadonlySet<string> = new Set(['ELOOP', 'EMLINK', 'ENXIO'])

function noLock(path: string): DragonflyError {
  return new DragonflyError('store-error', `cannot lock ${path}: what is there is no file`, { hint: 'remove it' })
}

async function readText(path: string): Promise<string | undefined> {
  let file: Awaited<ReturnType<typeof open>>
  try {
    file = await open(path, READ_LOCK)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw NO_FILE.has(code) ? noLock(path) : error
  }
  try {
    if (!(await file.stat()).isFile()) throw noLock(path)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_LOCK_BYTES), 0, MAX_LOCK_BYTES, 0)
    return buffer.toString('latin1', 0, bytesRead)
  } finally {
    await file.close()
  }
}

/** A presence lies in a folder above the lock, or beside it. */
const PRESENCE = /^(?:\.\.[\\/]){0,4}holders[\\/][0-9a-f-]{36}$/

/** undefined: no lock that any of us wrote. As ours appear whole, nobody is just about to finish it. */
function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, started, id, space, presence } = JSON.parse(text) as Partial<Record<keyof Holder, unknown>>
    if (!Number.isInteger(pid) || (pid as number) < 1) return undefined
    if (typeof id !== 'string' || (started !== null && typeof started !== 'string')) return undefined
    return {
      pid: pid as number,
      started,
      id,
      ...(typeof space === 'string' && { space }),
      ...(typeof presence === 'string' && PRESENCE.test(presence) && { presence }),
    }
  } catch {
    return undefined
  }
}

function locked(path: string, { pid, isElsewhere }: Blocker): DragonflyError {
  if (isElsewhere) {
    return new DragonflyError('store-locked', `${path} is held by a process of another container (pid ${pid} there)`, {
      hint: 'wait for it to end, or choose another place with --store or DRAGONFLY_HOME',
      retryable: true,
    })
  }
  const who = pid === process.pid ? `this very process (pid ${pid})` : `the process with pid ${pid}`
  return new DragonflyError('store-locked', `${path} is held by ${who}`, {
    hint: pid === process.pid ? 'close it first' : `wait for process ${pid} to end, or choose another place with --store`,
    retryable: true,
  })
}
