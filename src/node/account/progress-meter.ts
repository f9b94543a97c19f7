// Measures a download's progress and rate, and reports them at most five times a second.

import { RateWindow } from '../../core/rate-window.ts'
import type { Progress } from '../api/get-options.ts'
import { now } from '../context/node-context.ts'
import type { ActiveTask } from '../session/active-task.ts'

const TELL_MS = 200

export class ProgressMeter {
  readonly #active: ActiveTask
  readonly #tell: ((progress: Progress) => void) | undefined
  /** Of what came, verified or not: pieces are verified as a whole, and on a slow line that is a matter of minutes. */
  readonly #rate: RateWindow
  /** Bytes that had come for the content before this download began. */
  readonly #before: number
  readonly #timer: NodeJS.Timeout | undefined

  constructor(active: ActiveTask, tell: ((progress: Progress) => void) | undefined) {
    this.#active = active
    this.#tell = tell
    this.#before = active.pace.arrived
    this.#rate = new RateWindow(now(), this.#before)
    if (tell !== undefined) this.#timer = setInterval(() => this.#report(), TELL_MS)
  }

  /** Tells a last time, and no more. */
  stop(): void {
    clearInterval(this.#timer)
    if (this.#tell !== undefined) this.#report()
  }

  #report(): void {
    const { counts, manifest, links, pace, reuse } = this.#active
    const fresh = counts.fromOrigin + counts.fromPeers + counts.fromSeeds
    const rate = Math.round(this.#rate.add(now(), pace.arrived))
    const received = pace.arrived - this.#before
    const bytes = fresh + counts.resumed
    const reused = reuse.bytes > 0 && { reused: reuse.bytes }
    this.#tell?.({ bytes, length: manifest?.length, ...counts, ...reused, received, peers: links.size, rate })
  }
}
