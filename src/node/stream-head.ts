// What a stream tells of its content before the first byte.
import { validatorsOf } from '../core/version.ts'
import type { StreamHead } from './api/content-head.ts'
import { type Job, lastModifiedOf, nameOf } from './download-job.ts'
import type { ActiveTask } from './session/active-task.ts'

/** What is known of the version that the bytes are of. */
interface Shown {
  version: string
  /** Bytes of the whole. */
  length: number | undefined
  /** As the origin suggests it; empty or undefined: it does not. */
  fileName: string | undefined
}

export function streamHead(active: ActiveTask, { url }: Job, { version, length, fileName }: Shown): StreamHead {
  const { etag } = validatorsOf(version)
  const { type } = active.originFreshness
  return { length, version, etag, lastModified: lastModifiedOf(active), type, fileName: nameOf(fileName, url) }
}
