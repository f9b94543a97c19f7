// An active task with those who use it, and who may share it.
import { DragonflyError } from '../../core/errors.ts'
import { sameBytes } from '../../core/piece.ts'
import type { RangeSpec } from '../../core/range.ts'
import { validatorsOf } from '../../core/version.ts'
import { StatedDigestError } from '../../origin/failures.ts'
import type { Restarts } from '../../origin/restarts.ts'
import type { Reader } from '../context/node-context.ts'
import type { PaceTerms } from '../context/pacing.ts'
import type { ActiveTask } from '../session/active-task.ts'
import type { CacheRules } from '../sources/cached.ts'
import type { Supply } from '../sources/supply.ts'

/** What somebody wants of an active task. */
export interface Want {
  /** sha2-256 that the whole must have; undefined: none was given. Sharing needs equal wishes. */
  digest?: Uint8Array | undefined
  /** Only these bytes of it. Default: the whole. */
  range?: RangeSpec | undefined
  /** For whom the origin may be read; undefined: this node may not read it. */
  reader: Reader | undefined
  /** The origin has to vouch for it anew. */
  revalidate?: boolean
  /** At which rate. Default: at any, with normal priority. */
  pace?: PaceTerms
  /** See SupplyOptions. */
  cached?: CacheRules | undefined
  /** What the origin has just said that the current version is: a finished content of this version will do. */
  etag?: string | undefined
  /** See SupplyOptions. Of no effect where a running active task is shared. */
  restarts?: Restarts | undefined
  /** Milliseconds of silence of seeds and peers after which the origin is read; undefined: as usual. Of no effect where it is shared. */
  originAfter?: number | undefined
  /** Somebody elsewhere asks for it: see `Supply.reliedOn`. */
  isAsked?: boolean | undefined
  /** Which running active task may be shared. Default: any, and for who wants it revalidated those that are. */
  suits?: (active: ActiveTask) => boolean
}

/**
 * What becomes of an active task when its last user leaves. `keep`: a finished one goes on serving others; `drop`: a finished
 * one is forgotten; `pause`: it ends, and the store keeps what it has for a next try; `discard`: nothing is kept.
 */
export type After = 'keep' | 'drop' | 'pause' | 'discard'

export interface Held {
  active: ActiveTask
  reader: Reader | undefined
  revalidate: boolean
  supply: Supply
  users: number
  /** When somebody began or ceased to use it. */
  usedAt: number
  done: Promise<void>
  /** Aborted when it ends. */
  ended: AbortController
  /** Resolved when its last user leaves; undefined: nobody waits for that. */
  left?: PromiseWithResolvers<void>
}

/** Whether a running active task will do for this wish. */
export function isShareable({ active, reader, revalidate }: Held, want: Want): boolean {
  if (active.isClosed || active.hasFailed || (active.isComplete && !isOfVersion(active, want.etag))) return false
  // others must not get by us what they may not have read; and what is read for them may yet be refused
  if (want.reader === 'others' && reader !== 'others') return false
  if (want.reader !== 'others' && reader === 'others' && active.manifest === undefined) return false
  if (!(want.suits?.(active) ?? (revalidate || want.revalidate !== true))) return false
  const digest = want.digest ?? active.task.digest
  return digest === undefined ? active.wanted === undefined : active.wanted !== undefined && sameBytes(digest, active.wanted)
}

function isOfVersion({ manifest }: ActiveTask, etag: string | undefined): boolean {
  return etag !== undefined && manifest !== undefined && validatorsOf(manifest.info.version).etag === etag
}

/** Whether it is not what its digest names: nothing of it may stay. */
export function isWrong(active: ActiveTask): boolean {
  try {
    active.throwIfFailed()
    return false
  } catch (error) {
    if (error instanceof StatedDigestError) return true
    return (
      (active.task.digest ?? active.task.root) !== undefined &&
      error instanceof DragonflyError &&
      error.code === 'digest-mismatch'
    )
  }
}

/** One active task, and what is going on with it. */
export interface LiveContent {
  active: ActiveTask
  /** Downloads here and askers elsewhere that wait for it or hold on to it. */
  users: number
  isReading: boolean
}
