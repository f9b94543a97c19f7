// Measures a download's progress and rate, and reports them at most five times a second.

import type { Progress } from '../api/get-options.ts'
import { now } from '../context/node-context.ts'
import type { ActiveTask } from '../session/active-task.ts'

const TELL_MS = 200
/** The rate is that of the last so many milliseconds. */
const RATE_MS = 3000

export class ProgressMeter {
  readonly #active: ActiveTask
  readonly #tell: ((progress: Progress) => void) | undefined
  readonly #samples: { at: number; fresh: number }[] = []
  readonly #timer: NodeJS.Timeout | undefined

  constructor(active: ActiveTask, tell: ((progress: Progress) => void) | undefined) {
    this.#active = active
    this.#tell = tell
    if (tell !== undefined) this.#timer = setInterval(() => this.#report(), TELL_MS)
  }

  /** Tells a last time, and no more. */
  stop(): void {
    clearInterval(this.#timer)
    if (this.#tell !== undefined) this.#report()
  }

  #report(): void {
    const { counts, manifest, links } = this.#active
    const fresh = counts.fromOrigin + counts.fromPeers + counts.fromSeeds
    const rate = this.#rate(fresh)
    this.#tell?.({ bytes: fresh + counts.resumed, length: manifest?.length, ...counts, peers: links.size, rate })
  }

  #rate(fresh: number): number {
    const at = now()
    this.#samples.push({ at, fresh })
    while (this.#samples.length > 2 && at - (this.#samples[0]?.at ?? at) > RATE_MS) this.#samples.shift()
    const first = this.#samples[0] as { at: number; fresh: number }
    return at === first.at ? 0 : Math.round(((fresh - first.fresh) * 1000) / (at - first.at))
  }
}
