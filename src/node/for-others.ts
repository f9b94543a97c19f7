// Reads for programs of other hosts: by the client of origins that goes to public and allowed addresses only.
import type { Task } from '../core/task.ts'
import type { HeadOptions } from './api/content-head.ts'
import type { NodeContext, Reader } from './context/node-context.ts'

/** No option of the public API: only a gateway of the same process sets it. */
const IS_FOR_OTHERS: unique symbol = Symbol('for others')

type Marked = Pick<HeadOptions, 'origin'> & { [IS_FOR_OTHERS]?: true }

/** The same options, for somebody who may not go wherever this host may. */
export function forOthers<T extends HeadOptions>(options: T): T {
  return { ...options, [IS_FOR_OTHERS]: true }
}

/** For whom the origin is read; undefined: it may not be read. */
export function readerOf({ origin = true, [IS_FOR_OTHERS]: isForOthers }: Marked): Reader | undefined {
  if (!origin) return undefined
  return isForOthers === true ? 'others' : 'self'
}

/**
 * Whether a download of our own user is read so that it can be shared while it runs: other members of our fleet may ask this host for it.
 * Not when it is private, for what the user may read is the user's alone.
 */
export function isReadForFleet(
  { fleet }: Pick<NodeContext, 'fleet'>,
  { isPrivate }: Pick<Task, 'isPrivate'>,
  options: Marked,
): boolean {
  return fleet?.serves === true && !isPrivate && readerOf(options) === 'self'
}
