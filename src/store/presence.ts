// Shows other processes, those in other containers too, that this one lives: a file that it keeps locked until it ends.
//
// A pid says nothing in another PID namespace (two containers with one volume). A POSIX lock (fcntl) is the system's own: it is
// seen by every process that sees the file, and gone with its holder, however that ended. Node has no call for it, but its SQLite
// locks its files so.
import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readlink, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { bootId } from './liveness.ts'

/** Folder of these files, beside what they are about. */
const FOLDER = 'holders'
/** A file is locked within moments of its making: an older one without a lock is a dead process's. ms */
const MAKING_MS = 60_000
/** Files of dead processes looked for at a time. */
const MOST_CLEARED = 64
/** SQLITE_BUSY (sqlite3.h). */
const BUSY = 5
/** No journal file, no waiting. */
const HOLD = 'PRAGMA journal_mode=MEMORY; PRAGMA busy_timeout=0; BEGIN EXCLUSIVE'

export interface Presence {
  /** Whole path of the locked file. */
  readonly path: string
  /** Lets go, and removes the file. Safe to call twice. */
  end(): Promise<void>
}

/** Begins to show that this process lives, to who sees `dir`, which exists. Undefined where the file system knows no locks. */
export async function showPresence(dir: string): Promise<Presence | undefined> {
  const folder = join(dir, FOLDER)
  const path = join(folder, randomUUID())
  let database: DatabaseSync | undefined
  try {
    await mkdir(folder, { mode: 0o700 }).catch(error => {
      if (error.code !== 'EEXIST') throw error
    })
    await clear(folder)
    database = lockFile(path)
  } catch {
    return undefined
  }
  return {
    path,
    end: async () => {
      const held = database
      database = undefined
      if (held === undefined) return
      // removed first: no other process then finds it without its lock
      await rm(path, { force: true }).catch(() => {})
      held.close()
    },
  }
}

/** Whether the process that showed its presence at this path still lives. In doubt it does. */
export async function isPresent(path: string): Promise<boolean> {
  if (!(await isThere(path))) return false
  try {
    lockFile(path).close()
    return false
  } catch (error) {
    return (error as { errcode?: number }).errcode === BUSY || (await isThere(path))
  }
}

let ourSpace: Promise<string | undefined> | undefined

/** Names the PID namespace that this process is in; undefined where the system has none to tell. Read once: it stays. */
export function pidSpace(): Promise<string | undefined> {
  ourSpace ??= readPidSpace()
  return ourSpace
}

async function readPidSpace(): Promise<string | undefined> {
  const space = await readlink('/proc/self/ns/pid').catch(() => undefined)
  return space === undefined ? undefined : `${await bootId()}/${space}`
}

/** Throws when somebody else has the lock, or when there are no locks. Synchronous: it takes a fraction of a millisecond. */
function lockFile(path: string): DatabaseSync {
  const database = new (sqlite().DatabaseSync)(path)
  try {
    database.exec(HOLD)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** Older Nodes warn that it is experimental, which is nothing to tell a person who downloads. */
function sqlite(): typeof import('node:sqlite') {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return process.getBuiltinModule('node:sqlite')
  } finally {
    process.emitWarning = emitWarning
  }
}

async function clear(folder: string): Promise<void> {
  const names = await readdir(folder)
  for (const name of names.slice(0, MOST_CLEARED)) {
    const path = join(folder, name)
    const { mtimeMs = Infinity } = (await stat(path).catch(() => undefined)) ?? {}
    if (Date.now() - mtimeMs > MAKING_MS && !(await isPresent(path))) await rm(path, { force: true }).catch(() => {})
  }
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}
