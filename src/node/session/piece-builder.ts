// Builds single pieces of an older version's bytes: only what has the digest that the manifest names is stored.
import { DragonflyError } from '../../core/errors.ts'
import type { OldBytes } from '../../store/old-file.ts'
import type { OldRange, ReusePlan } from '../../transfer/reuse-plan.ts'
import type { StoredVersion } from '../content/stored-version.ts'

/** Reads, verifies and stores single pieces. */
export class Builder {
  /** Pieces that turned out to be other ones than a list says. */
  wrong = 0
  readonly #old: OldBytes
  readonly #content: Pick<StoredVersion, 'manifest' | 'transfer'>
  readonly #onBuilt: (piece: number) => void

  constructor(old: OldBytes, content: Pick<StoredVersion, 'manifest' | 'transfer'>, onBuilt: (piece: number) => void) {
    this.#old = old
    this.#content = content
    this.#onBuilt = onBuilt
  }

  /** Whether the piece is here now. */
  async inPlace(piece: number): Promise<boolean> {
    const { manifest, transfer } = this.#content
    if (transfer.has(piece)) return true
    const [at, length] = [piece * manifest.pieceLength, manifest.pieceSize(piece)]
    return at + length <= this.#old.size && (await this.#take(piece, [{ at, length }]))
  }

  async byPlan(piece: number, plan: ReusePlan): Promise<void> {
    const { manifest, transfer } = this.#content
    if (transfer.has(piece)) return
    const at = piece * manifest.pieceLength
    const ranges = plan.rangesOf(at, at + manifest.pieceSize(piece))
    if (ranges !== undefined && !(await this.#take(piece, ranges))) this.wrong++
  }

  async #take(piece: number, ranges: readonly OldRange[]): Promise<boolean> {
    const { manifest, transfer } = this.#content
    const bytes = transfer.buffer(manifest.pieceSize(piece))
    let filled = 0
    for (const { at, length } of ranges) {
      await fill(this.#old, at, bytes.subarray(filled, filled + length))
      filled += length
    }
    const received = await transfer.receive(piece, bytes)
    if (received.state === 'stopped') throw new DragonflyError('aborted', 'the content is closed')
    if (received.state === 'stored' && received.isNew) this.#onBuilt(piece)
    return received.state === 'stored'
  }
}

async function fill(old: OldBytes, at: number, into: Uint8Array): Promise<void> {
  for (let filled = 0; filled < into.byteLength; ) {
    const got = await old.read(at + filled, into.subarray(filled))
    if (got === 0) throw new DragonflyError('store-error', 'the older version became shorter')
    filled += got
  }
}
