// Deduplication: store entries with equal bytes under several URLs share one file.
import PQueue from 'p-queue'
import { sameBytes } from '../../core/piece.ts'
import { causeOf } from '../api/events.ts'
import { loadManifest } from '../content/manifest-records.ts'
import type { NodeContext } from '../context/node-context.ts'
import type { ActiveTask } from '../session/active-task.ts'
import type { TaskRegistry } from '../tasks/task-registry.ts'

/** Less is not worth the search, bytes. */
const MIN_LENGTH = 64 * 1024

export class Deduplicator {
  readonly #ctx: NodeContext
  readonly #registry: TaskRegistry
  readonly #stopping: AbortSignal
  readonly #seen = new WeakSet<ActiveTask>()
  /** One after the other: two that took one another's file would have gained nothing. */
  readonly #turns = new PQueue({ concurrency: 1 })

  constructor(ctx: NodeContext, registry: TaskRegistry, stopping: AbortSignal) {
    this.#ctx = ctx
    this.#registry = registry
    this.#stopping = stopping
  }

  /** An active task is complete; looked at once. Candidates are found by their length on disk, told by the sha2-256 of the whole. */
  finished(active: ActiveTask): void {
    if (this.#seen.has(active)) return
    this.#seen.add(active)
    this.#turns
      .add(() => this.#join(active))
      .catch(error => {
        if (!this.#stopping.aborted) this.#ctx.emit({ code: 'deduplication-failed', ...causeOf(error) })
      })
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#turns.onIdle()
  }

  async #join(active: ActiveTask): Promise<void> {
    const seal = active.manifest?.seal
    if (seal === undefined || seal.length < MIN_LENGTH) return
    for (const key of await this.#ctx.store.keysOfLength(seal.length)) {
      if (active.isClosed || this.#stopping.aborted) return
      if (key !== active.entryKey && (await this.#shared(active, key, seal.sha256))) return
    }
  }

  async #shared(active: ActiveTask, key: string, digest: Uint8Array): Promise<boolean> {
    const other = this.#registry.byEntry(key)
    if (other !== undefined) return isOf(other.manifest, digest) && (await active.shareData(key, this.#stopping))
    // open, so that no other process gives the file away meanwhile; one that works on it is left alone
    const entry = await this.#ctx.store.open(key).catch(() => undefined)
    try {
      const cached = entry === undefined ? undefined : await loadManifest(entry)
      return isOf(cached?.manifest, digest) && (await active.shareData(key, this.#stopping))
    } finally {
      await entry?.close()
    }
  }
}

function isOf(manifest: ActiveTask['manifest'], digest: Uint8Array): boolean {
  return manifest?.seal !== undefined && sameBytes(manifest.seal.sha256, digest)
}
