// How the bytes of an active task are asked for at its origin.
import type { Task } from '../../core/task.ts'
import type { OriginRequest } from '../../origin/options.ts'
import type { ContentPace } from '../context/pacing.ts'

export function originRequest({ task, pace }: { task: Task; pace: ContentPace }): OriginRequest {
  return {
    // each request of a read has a signature of its own, where there is one
    get url() {
      return task.url
    },
    headers: task.headers,
    pace: pace.chunks,
  }
}
