// How a seed is asked for a task.
import type { Task } from '../../core/task.ts'
import type { ResolveRequest } from '../../wire/codec-resolve.ts'

/** `digest`: sha2-256 that the whole content must have, where the task is not named by it. */
export function resolveRequest(
  task: Task,
  how: { digest?: Uint8Array | undefined; revalidate?: boolean; takesInline?: boolean } = {},
): ResolveRequest {
  const { url, headers, filter, tag, isPrivate } = task
  const digest = task.digest ?? how.digest
  const named =
    task.digest === undefined ? {} : { isNamedByDigest: true as const, ...(!isPrivate && { isAnonymous: true as const }) }
  return {
    url,
    headers,
    filter: [...filter],
    tag,
    digest,
    revalidate: how.revalidate === true,
    ...named,
    ...(how.takesInline && { takesInline: true as const }),
  }
}
