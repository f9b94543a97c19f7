// Whether a content may be shared with peers that have the same bytes under another URL.
import type { Manifest, Seal } from '../../core/manifest.ts'
import { rootOf } from '../../core/root.ts'
import type { Task } from '../../core/task.ts'
import type { Trust } from '../../core/trust.ts'
import type { Hello } from '../../wire/codec-hello.ts'

/** What has to be known of an active task. */
export interface Joinable {
  readonly task: Pick<Task, 'isPrivate' | 'root'>
  readonly manifest: Manifest | undefined
  readonly trust: Trust | undefined
  readonly isWhole: boolean
  readonly isTransient: boolean
}

/** A single piece is here before anybody could be found. */
export const MIN_JOINED_PIECES = 2

/** Whether the digests of a sealed manifest make the root that its seal names. */
const CHECKED = new WeakMap<Seal, boolean>()

/**
 * The root under which it is shared with equal contents; undefined: it is not. It has to be public, known to its end, and vouched for; what
 * only a given digest vouches for is proven when it is whole.
 */
export function joinedRoot({ task, manifest, trust, isWhole, isTransient }: Joinable): string | undefined {
  const seal = manifest?.seal
  if (manifest === undefined || seal === undefined || manifest.count < MIN_JOINED_PIECES) return undefined
  if (task.isPrivate || task.root !== undefined || isTransient || (trust === 'digest' && !isWhole)) return undefined
  const isRight = CHECKED.get(seal) ?? isRootOf(manifest, seal)
  CHECKED.set(seal, isRight)
  return isRight ? seal.root : undefined
}

/** Whether the sender of a first hello has all digests of the content by the root that is its topic, and knows no name of the version here. */
export function isJoining({ version, manifestCount }: Hello): boolean {
  return version === '' && manifestCount > 0
}

function isRootOf(manifest: Manifest, { root, length }: Seal): boolean {
  const digests = Array.from({ length: manifest.count }, (_, i) => manifest.digest(i) as Uint8Array)
  return rootOf(digests, length, manifest.pieceLength) === root
}
