// A lock between processes: a small file that says who holds it, free at once when that process is gone.
//
// Not proper-lockfile: it believes a lock until its time stamp is some seconds old, so that a download killed with
// kill -9 and started again at once would find its own store locked.
import { createHash, randomUUID } from 'node:crypto'
import { link, open, rm, unlink, writeFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { abortError, DragonflyError, fromSystemError } from '../core/errors.ts'
import { isAlive, startOf } from './liveness.ts'

export interface Lock {
  /** Lets go. Safe to call twice. */
  release(): Promise<void>
}

/** How long a lock of another process may take to come free, ms: one that was killed just now needs a moment to die. */
const PATIENCE = 500
const POLL = 20
/** A lock file is some 100 bytes; more is not ours and not read. */
const MAX_LOCK_BYTES = 4096

/** What a lock file says. `id` makes every holding another text, so that a stale lock is never taken for a new one. */
interface Holder {
  pid: number
  /** See `startOf`; null when unknown. */
  started: string | null
  id: string
}

/**
 * Takes the lock or rejects with `store-locked`, naming the pid that holds it. A lock of a dead process is taken over.
 * The folder must exist (`store-error` with cause ENOENT otherwise) and its filesystem must know hard links.
 */
export async function acquireLock(path: string, signal?: AbortSignal): Promise<Lock> {
  try {
    return await acquire(path, signal)
  } catch (error) {
    if (signal?.aborted) throw abortError(signal)
    throw fromSystemError(error, 'store-error', `cannot lock ${path}`)
  }
}

/** Whether a living process holds the lock, this one included. Nothing is changed, and by the answer it may be otherwise. */
export async function isLocked(path: string): Promise<boolean> {
  const text = await readText(path).catch(() => undefined)
  const holder = text === undefined ? undefined : parseHolder(text)
  return holder !== undefined && (await isAlive(holder.pid, holder.started))
}

async function acquire(path: string, signal?: AbortSignal): Promise<Lock> {
  const me: Holder = { pid: process.pid, started: await startOf(process.pid), id: randomUUID() }
  const text = JSON.stringify(me)
  const begin = performance.now()
  for (;;) {
    if (signal?.aborted) throw abortError(signal)
    const outcome = await attempt(path, text)
    if (outcome === 'held') return held(path, text)
    if (outcome === 'again') continue
    const isHopeless = outcome.at === path && outcome.pid === process.pid
    if (isHopeless || performance.now() - begin >= PATIENCE) throw locked(path, outcome.pid)
    await pause(POLL, undefined, signal && { signal })
  }
}

/** Who is in the way, and at which lock: the wanted one, or the one on its removal. */
interface Blocker {
  pid: number
  at: string
}

/**
 * One try. A dead holder's lock is removed (`again`), and here is the catch: between a look at the lock and its removal
 * another process may have removed it and put its own there. So who removes a lock first takes a lock on the removal of
 * just this one, named after its text, and looks again: as the holder is dead and all other removers are kept out, what it
 * sees then stays. That lock may have a dead holder too, and is tried the same way.
 */
async function attempt(path: string, text: string): Promise<'held' | 'again' | Blocker> {
  if (await create(path, text)) return 'held'
  const found = await readText(path)
  if (found === undefined) return 'again'
  const holder = parseHolder(found)
  if (holder !== undefined && (await isAlive(holder.pid, holder.started))) return { pid: holder.pid, at: path }
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
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(temp, { force: true })
  }
}

function held(path: string, text: string): Lock {
  let released: Promise<void> | undefined
  return {
    release: () => {
      released ??= removeIf(path, text)
      return released
    },
  }
}

async function removeIf(path: string, text: string): Promise<void> {
  if ((await readText(path)) === text) await unlink(path)
}

async function readText(path: string): Promise<string | undefined> {
  let file: Awaited<ReturnType<typeof open>>
  try {
    file = await open(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_LOCK_BYTES), 0, MAX_LOCK_BYTES, 0)
    return buffer.toString('latin1', 0, bytesRead)
  } finally {
    await file.close()
  }
}

/** undefined: no lock that any of us wrote. As ours appear whole, nobody is just about to finish it. */
function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, started, id } = JSON.parse(text) as Partial<Record<keyof Holder, unknown>>
    if (!Number.isInteger(pid) || (pid as number) < 1) return undefined
    if (typeof id !== 'string' || (started !== null && typeof started !== 'string')) return undefined
    return { pid: pid as number, started, id }
  } catch {
    return undefined
  }
}

function locked(path: string, pid: number): DragonflyError {
  const who = pid === process.pid ? `this very process (pid ${pid})` : `the process with pid ${pid}`
  return new DragonflyError('store-locked', `${path} is held by ${who}`, {
    hint: pid === process.pid ? 'close it first' : `wait for process ${pid} to end, or choose another place with --store`,
    retryable: true,
  })
}
