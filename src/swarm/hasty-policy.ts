// The policy of a source selector for who would rather read the origin than wait.
import { DEFAULT_SOURCE_POLICY, type SourcePolicy } from './source-events.ts'

/**
 * For who would rather read the origin than wait for a silent swarm. `ms`: how long it may be silent; undefined: as usual.
 * `firstMs`: the same as long as the seed has given no sign at all; less for one that was silent just before.
 *
 * A seed that has answered and then dies has `ms` until the origin is read on; one that freezes `muteMs` more, and one that goes on
 * to serve others, and us nothing, `aliveMs` more than that.
 */
export function hastyPolicy(ms: number | undefined, firstMs = ms): Partial<SourcePolicy> {
  if (ms === undefined || firstMs === undefined) return {}
  const { answerMs, busyAnswerMs, ackMs, takeoverMs, stallMs, awaitMs, lookAnswerMs } = DEFAULT_SOURCE_POLICY
  return {
    originAfterMs: firstMs,
    silenceMs: ms,
    unknownMs: 10 * ms,
    aliveMs: 10 * ms,
    answerMs: Math.min(firstMs, answerMs),
    busyAnswerMs: Math.min(firstMs, busyAnswerMs),
    ackMs: Math.min(firstMs, ackMs),
    takeoverMs: Math.min(ms, takeoverMs),
    stallMs: Math.min(ms, stallMs),
    awaitMs: Math.min(ms, awaitMs),
    lookAnswerMs: Math.min(ms, lookAnswerMs),
    // one that lives says every 5 s that it does
    muteMs: 6000,
  }
}
