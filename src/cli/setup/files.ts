// Reads and writes configuration files: below another root when one is given, whole or not at all, with a backup beside them.
import { chmod, chown, mkdir, open, readFile, realpath, rename, rm, rmdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { OutputError, UsageError, unreadable } from '../errors.ts'
import type { EnginePlan, FilePlan } from './plan.ts'

const BACKUP = '.dragonfly-backup'
/** Longer ones are no configuration. Bytes. */
const MAX_BYTES = 4 * 1024 * 1024

/** What happened to a file, or would. */
export type Action = 'created' | 'changed' | 'unchanged' | 'restored' | 'removed'

export interface Change {
  path: string
  purpose: string
  action: Action
  before: string | undefined
  after: string | undefined
  /** Where the text before is kept. */
  backup?: string
}

/** Undefined: there is no such file. Throws a UsageError. */
export async function readText(root: string, file: string): Promise<string | undefined> {
  const real = path.join(root, file)
  try {
    const { size } = await stat(real)
    if (size > MAX_BYTES) throw new UsageError(`${file} is too long for a configuration file`, 'at most 4 MiB')
    return await readFile(real, 'utf8')
  } catch (error) {
    if (error instanceof UsageError) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw unreadable(file, error)
  }
}

/** What set-up would do. Throws a UsageError when one of the files cannot be changed safely. */
export async function planned(root: string, { files }: EnginePlan): Promise<Change[]> {
  const changes: Change[] = []
  for (const { path: file, purpose, add } of files) {
    const before = await readText(root, file)
    const after = add(before)
    const action = after === before ? 'unchanged' : before === undefined ? 'created' : 'changed'
    changes.push({ path: file, purpose, action, before, after })
  }
  return changes
}

/** Writes all of them or none. The first text before our part is kept as a backup. */
export async function write(root: string, changes: readonly Change[]): Promise<void> {
  await allOrNone(root, changes, async change => {
    if (change.action === 'unchanged' || change.after === undefined) return
    const backup = change.path + BACKUP
    if (change.before !== undefined && (await readText(root, backup)) === undefined) {
      await replace(root, backup, change.before, change.path)
    }
    if (change.before !== undefined) change.backup = backup
    await replace(root, change.path, change.after)
  })
}

/** Takes our part out of the files. A file that nobody has edited since is as it was, to the byte. */
export async function undo(root: string, { files, folders }: EnginePlan): Promise<Change[]> {
  const changes: Change[] = []
  const backups = new Set<string>()
  for (const file of files) {
    const change = await undone(root, file)
    if (change === undefined) continue
    changes.push(change)
    if (change.action !== 'unchanged') backups.add(change.path + BACKUP)
  }
  await allOrNone(root, changes, async ({ path: file, action, after }) => {
    if (action === 'removed') await rm(path.join(root, file))
    else if (action !== 'unchanged' && after !== undefined) await replace(root, file, after)
  })
  for (const backup of backups) await rm(path.join(root, backup), { force: true })
  for (const folder of folders) await rmdir(path.join(root, folder)).catch(() => {})
  return changes
}

async function undone(root: string, { path: file, purpose, remove, isSame }: FilePlan): Promise<Change | undefined> {
  const before = await readText(root, file)
  if (before === undefined) return undefined
  const backup = await readText(root, file + BACKUP)
  const rest = remove(before)
  if (rest === before) return { path: file, purpose, action: 'unchanged', before, after: before }
  if (backup !== undefined && isSame(rest ?? '', backup)) {
    return { path: file, purpose, action: 'restored', before, after: backup }
  }
  return { path: file, purpose, action: rest === undefined ? 'removed' : 'changed', before, after: rest }
}

/** What was done is taken back when a later one fails. */
async function allOrNone(root: string, changes: readonly Change[], act: (change: Change) => Promise<void>): Promise<void> {
  const done: Change[] = []
  for (const change of changes) {
    try {
      await act(change)
      done.push(change)
    } catch (error) {
      for (const { path: file, before, action, backup } of done.reverse()) {
        if (action === 'unchanged') continue
        if (before === undefined) await rm(path.join(root, file), { force: true })
        else await replace(root, file, before).catch(() => {})
        if (backup !== undefined) await rm(path.join(root, backup), { force: true })
      }
      throw new OutputError(error as NodeJS.ErrnoException, change.path)
    }
  }
}

/** With the rights and the owner of what was there, or of `like`. A symbolic link stays one. */
async function replace(root: string, file: string, text: string, like = file): Promise<void> {
  const named = path.join(root, file)
  const target = await realpath(named).catch(() => named)
  await mkdir(path.dirname(target), { recursive: true, mode: 0o755 })
  const old = await stat(path.join(root, like)).catch(() => undefined)
  const temporary = `${target}.dragonfly-new`
  try {
    const handle = await open(temporary, 'w', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await chmod(temporary, old === undefined ? 0o644 : old.mode & 0o7777)
    if (old !== undefined && (old.uid !== process.getuid?.() || old.gid !== process.getgid?.())) {
      await chown(temporary, old.uid, old.gid)
    }
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw error
  }
}
