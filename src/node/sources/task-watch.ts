// Tells the source selector what becomes of an active task: its links, its manifest, what comes of it.
import type { SourceEvent } from '../../swarm/source-events.ts'
import type { ActiveTask } from '../session/active-task.ts'
import { ORIGIN } from '../session/swarm-driver.ts'
import type { SwarmObserver } from '../session/swarm-observer.ts'
import type { SeedSigns } from './seed-signs.ts'

/** Bytes that come are told at most so often, milliseconds. */
const PROGRESS_MS = 500
/** So many bytes are progress. */
const PROGRESS_BYTES = 4096

export interface TaskWatchParts {
  tell(event: SourceEvent): void
  /** The task is complete, or of no use any more. */
  over(): void
  /** Ends the watching. */
  signal: AbortSignal
}

export class TaskWatch {
  readonly #active: ActiveTask
  readonly #signs: SeedSigns
  readonly #parts: TaskWatchParts
  /** What was told of last. */
  readonly #linked = new Set<string>()
  #told = { count: -1, missing: -1, sealed: false }
  #progressAt = -Infinity
  /** From peers, since it was told last. */
  #bytesCame = 0

  constructor(active: ActiveTask, signs: SeedSigns, parts: TaskWatchParts) {
    this.#active = active
    this.#signs = signs
    this.#parts = parts
    active.observers.add(this.#observer)
  }

  stop(): void {
    this.#active.observers.delete(this.#observer)
  }

  /** Tells of every change of the active task, until it is complete, or of no use any more. */
  async follow(): Promise<void> {
    const { signal, over } = this.#parts
    while (!signal.aborted) {
      this.look()
      await this.#active.changed(signal).catch(over)
    }
  }

  /** Tells what has changed. */
  look(): void {
    const { tell, over } = this.#parts
    if (this.#active.isClosed || this.#active.hasFailed) return over()
    const { links, manifest, missing, sharing } = this.#active
    for (const { peer } of links.values()) {
      if (this.#linked.has(peer)) continue
      this.#linked.add(peer)
      tell({ type: 'linked', peer })
    }
    for (const peer of this.#linked) {
      if (links.has(peer)) continue
      this.#linked.delete(peer)
      tell({ type: 'unlinked', peer })
    }
    // between a growth of the manifest and the moment that the swarm hears of it, nothing would seem to be missing
    const isSettled = manifest?.count === this.#active.have?.size
    if (manifest !== undefined && missing !== undefined && isSettled) {
      const { count, seal } = manifest
      // a sealed manifest without missing pieces is the end only once every wanted range is placed
      const content = {
        count,
        missing,
        sealed: (seal !== undefined || sharing.isEndKnown) && (missing > 0 || this.#active.isComplete),
      }
      const told = this.#told
      if (count === told.count && missing === told.missing && content.sealed === told.sealed) return
      this.#told = content
      tell({ type: 'content', ...content })
    }
    if (this.#active.isComplete) over()
  }

  readonly #observer: SwarmObserver = {
    told: (event, at) => {
      this.#signs.observe(event)
      if (event.type === 'progress') this.#came(event.bytes, at)
      if (event.type === 'held') this.#progress({ type: event.peer === ORIGIN ? 'origin-progress' : 'held' }, at)
    },
    read: (_, at) => this.#progress({ type: 'origin-progress' }, at),
    readRange: (_, at) => this.#progress({ type: 'origin-progress' }, at),
  }

  /** A byte now and then is no progress: whoever sends it would keep us from the origin. */
  #came(bytes: number, at: number): void {
    this.#bytesCame += bytes
    const pieceLength = this.#active.manifest?.pieceLength ?? 0
    if (this.#bytesCame < PROGRESS_BYTES || !this.#progress({ type: 'progress', bytes: this.#bytesCame, pieceLength }, at)) return
    this.#bytesCame = 0
  }

  /** Whether it is told: not so soon after the last time. */
  #progress(event: SourceEvent, at: number): boolean {
    if (at < this.#progressAt + PROGRESS_MS) return false
    this.#progressAt = at
    const { signal, tell } = this.#parts
    // what follows may tell the swarm something, whose last answer is still to be performed, and to be heard by other observers
    queueMicrotask(() => {
      if (!signal.aborted) tell(event)
    })
    return true
  }
}
