// The end of a download: waits until the whole is here, checks it, reads it, and gives the account of it.
import { hex } from '../core/digest.ts'
import { DragonflyError } from '../core/errors.ts'
import type { Manifest } from '../core/manifest.ts'
import { sameBytes } from '../core/piece.ts'
import type { Explanation } from './api/explanation.ts'
import type { Receipt } from './api/receipt.ts'
import { digestMismatch } from './content/stored-version.ts'
import { now } from './context/node-context.ts'
import { type Job, lastModifiedOf, shown } from './download-job.ts'
import type { ActiveTask } from './session/active-task.ts'

/** Resolves once the version is known. */
export async function known(active: ActiveTask, { options }: Job): Promise<void> {
  while (active.manifest === undefined) await active.changed(options.signal)
  active.throwIfFailed()
}

/** Resolves when every piece is here and the whole is what it has to be. */
export async function whole(active: ActiveTask, { options, wanted }: Job): Promise<void> {
  while (!active.isComplete) await active.changed(options.signal)
  // what the user gives is not for a seed to confirm
  const digest = await active.wholeDigest(wanted !== undefined)
  if (wanted !== undefined && !sameBytes(digest, wanted)) throw digestMismatch(hex(digest))
  const sealed = active.manifest?.seal?.sha256
  if (sealed === undefined || !sameBytes(digest, sealed)) {
    // the pieces make the root, so whoever signed this lied about the whole: others may not
    if (active.task.root !== undefined) throw digestMismatch(hex(digest))
    throw new DragonflyError('untrusted', 'the signed digest of the whole does not match its pieces', {
      hint: 'the seed that signed it is broken or malicious; do not trust it',
    })
  }
}

/** Of a complete active task. */
export async function* bytesOf(active: ActiveTask, offset = 0): AsyncGenerator<Uint8Array> {
  const { pieceLength, count } = active.manifest as Manifest
  for (let piece = Math.floor(offset / pieceLength); piece < count; piece++) {
    const bytes = await active.readPiece(piece)
    yield bytes.subarray(Math.max(0, offset - piece * pieceLength))
  }
}

/** The receipt of a complete active task. `account`: where the time went, as of a moment; undefined: nobody asked. */
export async function receiptOf(
  active: ActiveTask,
  job: Job,
  output: string,
  account: ((at: number) => Explanation) | undefined,
): Promise<Receipt> {
  const { counts, manifest, givers } = active
  const seal = manifest?.seal
  const lastModified = lastModifiedOf(active)
  const originDigest = active.originFreshness.digestStatedBy
  const end = now()
  return {
    url: shown(job.url, job.options.filter),
    output,
    bytes: seal?.length ?? 0,
    sha256: hex(await active.wholeDigest()),
    cid: seal?.root ?? '',
    ...counts,
    ...(active.reuse.bytes > 0 && { reused: active.reuse.bytes }),
    seconds: Math.round(end - job.begun) / 1000,
    peers: givers.size,
    ...(lastModified !== undefined && { lastModified }),
    ...(originDigest !== undefined && { originDigest }),
    trust:
      job.wanted === undefined && active.task.root === undefined && active.sharing.lenders.size === 0
        ? (active.trust ?? 'origin')
        : 'digest',
    ...(account && { explain: account(end) }),
  }
}
