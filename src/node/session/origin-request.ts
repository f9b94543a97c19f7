// How the bytes of an active task are asked for at its origin.
import type { Task } from '../../core/task.ts'
import type { OriginRequest } from '../../origin/options.ts'
import type { ContentPace } from '../context/pacing.ts'

export function originRequest({ task, pace }: { task: Task; pace: ContentPace }): OriginRequest {
  return { url: task.url, headers: task.headers, pace: pace.chunks }
}
