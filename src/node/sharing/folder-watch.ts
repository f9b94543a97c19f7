// Hears of changes in a folder and in those below it. One watch for each folder: fs.watch with `recursive` takes one for each file on Linux.
import { type FSWatcher, watch } from 'node:fs'
import { basename, join } from 'node:path'

/** Folders that are watched at most: the kernel's are counted for all programs of a user. Changes in others are found by looking. */
const MAX_WATCHED = 8192

export class FolderWatch {
  readonly #root: string
  readonly #onChange: () => void
  readonly #watched = new Map<string, FSWatcher>()

  constructor(root: string, onChange: () => void) {
    this.#root = root
    this.#onChange = onChange
  }

  /** Watches these folders, below the root, and no others. Resolves to whether any is new: what happened in it before was not heard. */
  follow(folders: readonly string[]): boolean {
    const wanted = new Set(folders.slice(0, MAX_WATCHED))
    for (const [folder, watcher] of this.#watched) if (!wanted.has(folder)) this.#end(folder, watcher)
    let isNew = false
    for (const folder of wanted) if (!this.#watched.has(folder) && this.#begin(folder)) isNew = true
    return isNew
  }

  close(): void {
    for (const [folder, watcher] of this.#watched) this.#end(folder, watcher)
  }

  /** False where it cannot be watched: it is gone, or there are no more watches to be had. */
  #begin(folder: string): boolean {
    try {
      const path = join(this.#root, folder)
      const watcher = watch(path, { persistent: false }, (event, name) => {
        // it was removed or moved itself, and another one may come in its place
        if (event === 'rename' && name === basename(path)) this.#end(folder, watcher)
        this.#onChange()
      })
      this.#watched.set(folder, watcher)
      watcher.on('error', () => {
        this.#end(folder, watcher)
        this.#onChange()
      })
      return true
    } catch {
      return false
    }
  }

  #end(folder: string, watcher: FSWatcher): void {
    if (this.#watched.get(folder) === watcher) this.#watched.delete(folder)
    watcher.close()
  }
}
