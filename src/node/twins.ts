// Equal bytes under several URLs are kept once: their store entries share one file, which goes with the last of them.
import { sameBytes } from '../core/piece.ts'
import type { NodeContext } from './context.ts'
import { loadManifest } from './manifest-records.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'

/** Less is not worth the search, bytes. */
const MIN_LENGTH = 64 * 1024

export class Twins {
  readonly #ctx: NodeContext
  readonly #sessions: Sessions
  readonly #stopping: AbortSignal
  readonly #seen = new WeakSet<Session>()
  /** One after the other: two that took one another's file would have gained nothing. */
  #last: Promise<void> = Promise.resolve()

  constructor(ctx: NodeContext, sessions: Sessions, stopping: AbortSignal) {
    this.#ctx = ctx
    this.#sessions = sessions
    this.#stopping = stopping
  }

  /** A session is complete; looked at once. Candidates are found by their length on disk, told by the sha2-256 of the whole. */
  finished(session: Session): void {
    if (this.#seen.has(session)) return
    this.#seen.add(session)
    this.#last = this.#last
      .then(() => this.#join(session))
      .catch(error => {
        if (!this.#stopping.aborted) this.#ctx.info(`equal contents: ${error.message}`)
      })
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#last
  }

  async #join(session: Session): Promise<void> {
    const seal = session.manifest?.seal
    if (seal === undefined || seal.length < MIN_LENGTH) return
    for (const key of await this.#ctx.store.keysOfLength(seal.length)) {
      if (session.isClosed || this.#stopping.aborted) return
      if (key !== session.entryKey && (await this.#shared(session, key, seal.sha256))) return
    }
  }

  async #shared(session: Session, key: string, digest: Uint8Array): Promise<boolean> {
    const other = this.#sessions.byEntry(key)
    if (other !== undefined) return isOf(other.manifest, digest) && (await session.shareData(key, this.#stopping))
    // open, so that no other process gives the file away meanwhile; one that works on it is left alone
    const entry = await this.#ctx.store.open(key).catch(() => undefined)
    try {
      const kept = entry === undefined ? undefined : await loadManifest(entry)
      return isOf(kept?.manifest, digest) && (await session.shareData(key, this.#stopping))
    } finally {
      await entry?.close()
    }
  }
}

function isOf(manifest: Session['manifest'], digest: Uint8Array): boolean {
  return manifest?.seal !== undefined && sameBytes(manifest.seal.sha256, digest)
}
