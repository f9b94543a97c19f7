// --mirror of a shared folder: files that it does not have are removed.
import path from 'node:path'
import { abortError, followLinks } from '../client/index.ts'
import type { Tree } from '../index.ts'
import type { Command } from './get-one.ts'
import type { TreeFilter } from './tree-filter.ts'
import { refuseToSweep, removeStray, strays } from './tree-mirror.ts'
import { TreePlace } from './tree-place.ts'

export class SharedTreeMirror {
  readonly #tree: Tree
  readonly #place: TreePlace
  readonly #filter: TreeFilter

  private constructor(tree: Tree, place: TreePlace, filter: TreeFilter) {
    this.#tree = tree
    this.#place = place
    this.#filter = filter
  }

  /** Rejects with a UsageError for a folder that is never a mirror of anything. */
  static async of(tree: Tree, folder: string, filter: TreeFilter): Promise<SharedTreeMirror> {
    await refuseToSweep(await followLinks(folder))
    return new SharedTreeMirror(tree, await TreePlace.at(folder), filter)
  }

  /** Resolves to how many there were. Rejects with an OutputError, or the abort. */
  async removeStrays({ report, flags }: Command, signal: AbortSignal): Promise<number> {
    const isPlan = flags.dryRun === true
    // a folder that lost its files is no reason to lose them here
    if (this.#tree.files.length === 0) {
      report.note('the tree is empty: nothing is removed')
      return 0
    }
    const files = new Set(this.#tree.files.map(({ path }) => path))
    const kept = { files, filter: this.#filter, ignoresCase: () => this.#place.ignoresCase() }
    let removed = 0
    for await (const name of strays(this.#place.folder, kept)) {
      if (signal.aborted) throw abortError(signal)
      if (!isPlan) await removeStray(this.#place.folder, name)
      report.removed(path.join(this.#place.folder, name), isPlan)
      removed++
    }
    return removed
  }
}
