// Writes the files of a shared folder below one folder of this host, and nothing outside of it.
import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, type Stats } from 'node:fs'
import { chmod, lstat, mkdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { abortError } from '../client/index.ts'
import type { TreeFile, TreeLink } from '../index.ts'
import { OutputError } from './errors.ts'

export class TreeFolder {
  readonly #root: string
  /** Folders below the root that are known to be folders, and no links. */
  readonly #made = new Map<string, Promise<void>>()

  /** `root`: is there, and may be a link. */
  constructor(root: string) {
    this.#root = path.resolve(root)
  }

  /** Where a file goes: its folder is made, and a link in its place is gone. Rejects with an OutputError. */
  async place(below: string): Promise<string> {
    const target = path.join(this.#root, below)
    await this.folder(path.dirname(below))
    if ((await find(target))?.isSymbolicLink()) await writing(target, rm(target))
    return target
  }

  /** Makes a folder. Whatever leads out of the root by a link is refused. */
  async folder(below: string): Promise<void> {
    if (below === '.') return
    let made = this.#made.get(below)
    if (made === undefined) {
      made = this.folder(path.dirname(below)).then(() => this.#make(path.join(this.#root, below)))
      this.#made.set(below, made)
    }
    await made
  }

  async #make(folder: string): Promise<void> {
    const found = await find(folder)
    if (found?.isDirectory()) return
    if (found !== undefined) throw blocked(folder, 'it is there, and no folder')
    await writing(folder, mkdir(folder))
  }

  /** Whether the file is there already, with these very bytes. Rejects with the abort. */
  async has({ path: below, size, sha256 }: TreeFile, signal: AbortSignal): Promise<boolean> {
    const target = path.join(this.#root, below)
    const found = await find(target)
    if (found === undefined || !found.isFile() || found.size !== size) return false
    const hash = createHash('sha256')
    try {
      for await (const chunk of createReadStream(target, { signal })) hash.update(chunk)
    } catch {
      if (signal.aborted) throw abortError(signal)
      // one that cannot be read is replaced, or says why not
      return false
    }
    return hash.digest().equals(sha256)
  }

  /** Whether anything has its name. */
  async isThere({ path: below }: TreeFile): Promise<boolean> {
    return (await find(path.join(this.#root, below))) !== undefined
  }

  /** Whole or not at all. */
  async write({ path: below, isExecutable }: Pick<TreeFile, 'path' | 'isExecutable'>, bytes: Uint8Array): Promise<void> {
    const target = await this.place(below)
    const temp = path.join(path.dirname(target), `.${randomUUID()}.part`)
    try {
      await writeFile(temp, bytes, { flag: 'wx', mode: isExecutable ? 0o777 : 0o666 })
      await rename(temp, target)
    } catch (error) {
      await rm(temp, { force: true })
      throw new OutputError(error as NodeJS.ErrnoException, target)
    }
  }

  /** Who may read it may run it. */
  async setMode({ path: below, isExecutable }: TreeFile): Promise<void> {
    const target = path.join(this.#root, below)
    const { mode } = await lstat(target)
    const wanted = isExecutable ? mode | ((mode & 0o444) >> 2) : mode & ~0o111
    if (wanted !== mode) await writing(target, chmod(target, wanted & 0o7777))
  }

  /** Only after all files: nothing is written through a link. */
  async link({ path: below, target: leadsTo }: TreeLink): Promise<void> {
    const target = path.join(this.#root, below)
    await this.folder(path.dirname(below))
    const found = await find(target)
    if (found?.isSymbolicLink()) {
      if ((await readlink(target)) === leadsTo) return
      await writing(target, rm(target))
    } else if (found !== undefined) throw blocked(target, 'it is there, and no link')
    await writing(target, symlink(leadsTo, target))
  }
}

async function find(target: string): Promise<Stats | undefined> {
  return await lstat(target).catch(error => {
    if (error.code === 'ENOENT') return undefined
    throw new OutputError(error, target)
  })
}

async function writing<T>(target: string, work: Promise<T>): Promise<T> {
  return await work.catch(error => {
    throw new OutputError(error, target)
  })
}

function blocked(target: string, why: string): OutputError {
  return new OutputError(Object.assign(new Error(why), { code: 'EEXIST' }), target)
}
