// What went wrong in the attempts of one download so far, and who is to blame.
import { Restarts } from '../origin/restarts.ts'
import type { NodeContext } from './context/node-context.ts'
import type { ActiveTask } from './session/active-task.ts'
import { type Doubt, liarsIn } from './session/shared-read.ts'

export interface Tries {
  liars: number
  changes: number
  /** Whether the origin may not be read for others. */
  isRefused: boolean
  restarts: Restarts
  /** What strangers signed who read the origin, too, if the whole was not what the origin states. */
  doubt: Doubt | undefined
  /** Whether what the store had was thrown away. */
  isAnew: boolean
}

export function noTries(): Tries {
  return { liars: 0, changes: 0, isRefused: false, restarts: new Restarts(), doubt: undefined, isAnew: false }
}

/** Whether the whole may be wrong because of what strangers signed: then it is read without them, once. */
export function mayBeStrangers({ sharing: { lenders }, manifest }: ActiveTask, tries: Tries): boolean {
  if (lenders.size === 0 || manifest === undefined || tries.doubt !== undefined) return false
  tries.doubt = { lenders, manifest }
  return true
}

/** Whether the whole may be wrong because of what an earlier download left in the store: then all of it is read anew, once. */
export function mayBeKept({ counts }: ActiveTask, tries: Tries): boolean {
  if (counts.resumed === 0 || tries.isAnew) return false
  tries.isAnew = true
  return true
}

/** What the origin itself gave, and has the digest that it states, or that was given, shows who signed something else. */
export function banLiars(ctx: Pick<NodeContext, 'ban'>, { doubt }: Tries, active: ActiveTask): void {
  const { manifest, task, wanted, originFreshness } = active
  const isSure = wanted !== undefined || originFreshness.digestStatedBy !== undefined
  if (doubt === undefined || manifest === undefined || !isSure) return
  for (const peer of liarsIn(doubt, manifest)) ctx.ban(peer, `signed other digests of ${task.id} than the origin gives`)
}
