// Whether a process is alive, even when its number has been reused.
import { readFile } from 'node:fs/promises'

/** Fields of /proc/PID/stat behind the command name (proc(5)): state is field 3. */
const STATE = 3 - 3
const THREADS = 20 - 3
const START_TIME = 22 - 3

/**
 * Boot id and clock ticks since boot at which a process started: together with the pid a name that no other process ever
 * has. null where there is no /proc to tell.
 */
export async function startOf(pid: number): Promise<string | null> {
  const ticks = (await statOf(pid))?.[START_TIME]
  return ticks === undefined ? null : `${await bootId()}/${ticks}`
}

/** Whether the process that had this pid and start still lives. In doubt it does. */
export async function isAlive(pid: number, started: string | null): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: there is one, of another user.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const stat = await statOf(pid)
  if (stat === undefined) return true
  // Killed, and only its parent has not asked yet. With threads left it may still be writing.
  if (/[ZX]/i.test(stat[STATE] ?? '') && Number(stat[THREADS]) <= 1) return false
  return started === null || started === `${await bootId()}/${stat[START_TIME]}`
}

async function statOf(pid: number): Promise<string[] | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined)
  // The command name is in brackets and may hold anything, brackets too.
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')
}

let boot: Promise<string> | undefined

/** Names this run of the system; empty where there is no /proc to tell. Read once: it outlives this process. */
export function bootId(): Promise<string> {
  boot ??= readFile('/proc/sys/kernel/random/boot_id', 'latin1').then(
    text => text.trim(),
    () => '',
  )
  return boot
}

let ours: Promise<string | null> | undefined

/** `startOf` of this process, which never changes. */
export function ownStart(): Promise<string | null> {
  ours ??= startOf(process.pid)
  return ours
}
