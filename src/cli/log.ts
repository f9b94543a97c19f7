// The log on standard error: the events of a node from one level on, as lines for people or as JSON.
import type { EventLevel, NodeEvent } from '../index.ts'
import { printable } from './errors.ts'
import { isAtLeast, type Log, type LogFlags } from './log-levels.ts'
import type { Sink } from './report.ts'

export interface LogOptions {
  /** How the program was called, for lines of text. */
  name: string
  flags: LogFlags
  /** Without --log-level. Undefined: nothing is logged unless one of the flags is given. */
  usual: EventLevel | undefined
}

/** Level of a log that was asked for by its format alone. */
const DEFAULT_LEVEL = 'warn'

/** Loads what writes JSON only when it is asked for. */
export async function makeLog({ name, flags, usual }: LogOptions, sink: Sink): Promise<Log> {
  const { logLevel, logFormat } = flags
  const level = logLevel ?? usual ?? (logFormat === undefined ? undefined : DEFAULT_LEVEL)
  if (level === undefined) return NO_LOG
  if (logFormat !== 'json') return textLog(name, level, sink)
  const { jsonLog } = await import('./json-log.ts')
  return jsonLog(level, sink)
}

export const NO_LOG: Log = { shows: () => false, write: () => {} }

const PREFIX: Record<EventLevel, string> = { debug: 'debug: ', info: '', warn: 'warning: ', error: 'error: ' }

/** `df: warning: MESSAGE` */
export function textLog(name: string, least: EventLevel, sink: Sink): Log {
  const shows = ({ level }: NodeEvent) => isAtLeast(level, least)
  return {
    shows,
    write: event => {
      if (shows(event)) sink.write(`${printable(`${name}: ${PREFIX[event.level]}${event.message}`)}\n`)
    },
  }
}

/** An event as a line of NDJSON beside progress and receipt: `error` is the end of a command, so no event is called that. */
export function eventFields(event: NodeEvent): object {
  return { type: isAtLeast(event.level, 'warn') ? 'warning' : 'info', ...event }
}
