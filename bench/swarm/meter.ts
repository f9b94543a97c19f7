// Samples what one process and its host's link have done since the start of the run, while the process lives.
import type { Participant } from './participant.ts'
import { cpuSeconds, peakBytes, type Traffic, trafficOf } from './usage.ts'

export interface Sample extends Traffic {
  /** Since the go. */
  ms: number
  cpuSeconds: number
}

export class Meter {
  /** CPU time before the go. */
  readonly startCpuSeconds: number
  readonly samples: Sample[] = []
  peakBytes = 0
  readonly #participant: Participant
  readonly #go: number
  readonly #before: Traffic

  constructor(participant: Participant, go: number) {
    this.#participant = participant
    this.#go = go
    this.#before = trafficOf(participant.pid)
    this.startCpuSeconds = cpuSeconds(participant.workerPid) ?? 0
  }

  /** The newest; what was before a process ended, when it has. */
  get latest(): Sample {
    return this.samples.at(-1) ?? { ms: 0, received: 0, sent: 0, cpuSeconds: 0 }
  }

  read(): void {
    const { pid, workerPid } = this.#participant
    try {
      const { received, sent } = trafficOf(pid)
      const cpu = cpuSeconds(workerPid)
      if (cpu === undefined) return
      this.peakBytes = peakBytes(workerPid) ?? this.peakBytes
      this.samples.push({
        ms: Math.round(performance.now() - this.#go),
        received: received - this.#before.received,
        sent: sent - this.#before.sent,
        cpuSeconds: cpu - this.startCpuSeconds,
      })
    } catch {
      // it has ended
    }
  }
}
