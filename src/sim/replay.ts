// Replays a recorded run in a fresh decider and compares every answer.
import type { SwarmAction, SwarmEvent } from '../swarm/events.ts'
import { startSwarm } from '../swarm/setup.ts'
import type { Swarm } from '../swarm/swarm.ts'
import { badTrace, decodeLine, encodeAction, type TraceHeader, type TraceStep } from '../swarm/trace.ts'

export interface ReplayResult {
  /** Headers met: a download that had to begin anew is several runs. */
  runs: number
  /** Events and actions that were compared. */
  events: number
  actions: number
  /** The first answer that is another one; undefined: the runs are identical. */
  difference: Difference | undefined
}

/** Where the decider answers otherwise than it did. */
export interface Difference {
  /** Line of the trace, from 1. */
  line: number
  /** Milliseconds, as recorded. */
  at: number
  event: SwarmEvent
  /** Which of the answer's actions, from 0. */
  index: number
  /** Undefined: there was none (any more). */
  recorded: SwarmAction | undefined
  replayed: SwarmAction | undefined
}

interface Run {
  swarm: Swarm
  /** Time of the event before. */
  at: number
}

/**
 * Replays the lines of a trace, without their line ends, up to the first difference. Rejects with `bad-option` and the
 * line's number for anything that is no trace.
 */
export async function replay(lines: Iterable<string> | AsyncIterable<string>): Promise<ReplayResult> {
  const result: ReplayResult = { runs: 0, events: 0, actions: 0, difference: undefined }
  let run: Run | undefined
  let line = 0
  for await (const text of lines) {
    const read = decodeLine(text, ++line)
    if ('setup' in read) {
      run = begin(read)
      result.runs++
      continue
    }
    if (run === undefined) throw badTrace(line, 'an event before the header')
    result.difference = step(run, read, line)
    if (result.difference !== undefined) return result
    result.events++
    result.actions += read.actions.length
  }
  if (run === undefined) throw badTrace(line + 1, 'the header is missing')
  return result
}

/** What a person is told of a replay. */
export function replayLines({ runs, events, actions, difference }: ReplayResult): string[] {
  if (difference === undefined) {
    const several = runs === 1 ? '' : ` in ${runs} runs`
    return [`identical: ${events} events${several}, ${actions} actions`]
  }
  const { line, at, event, index, recorded, replayed } = difference
  return [
    `different at line ${line}, after ${events} events with ${actions} equal actions`,
    `  event:    ${event.type} at ${at.toFixed(3)} ms`,
    `  action:   number ${index + 1} of the answer`,
    `  recorded: ${recorded === undefined ? 'none' : encodeAction(recorded)}`,
    `  replayed: ${replayed === undefined ? 'none' : encodeAction(replayed)}`,
  ]
}

function begin({ setup }: TraceHeader): Run {
  return { swarm: startSwarm(setup), at: 0 }
}

function step(run: Run, { at, event, actions }: TraceStep, line: number): Difference | undefined {
  if (at < run.at) throw badTrace(line, `at ${at} ms, which is before the line above`)
  run.at = at
  const answer = run.swarm.handle(event, at)
  const index = firstUnequal(actions, answer)
  if (index === undefined) return undefined
  return { line, at, event, index, recorded: actions[index], replayed: answer[index] }
}

function firstUnequal(recorded: readonly SwarmAction[], replayed: readonly SwarmAction[]): number | undefined {
  for (let i = 0; i < Math.max(recorded.length, replayed.length); i++) {
    const [a, b] = [recorded[i], replayed[i]]
    if (a === undefined || b === undefined || encodeAction(a) !== encodeAction(b)) return i
  }
  return undefined
}
