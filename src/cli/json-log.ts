// The log as one JSON object a line, by pino: time (ISO 8601), level by name, code, fields, msg. Loaded only when it is asked for.
import { pino } from 'pino'
import type { EventLevel, NodeEvent } from '../index.ts'
import { isAtLeast, type Log } from './log-levels.ts'
import type { Sink } from './report.ts'

export function jsonLog(least: EventLevel, sink: Sink): Log {
  const options = {
    level: least,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  const logger = pino(options, { write: line => void sink.write(line) })
  return {
    shows: ({ level }: NodeEvent) => isAtLeast(level, least),
    write: ({ level, message, ...fields }: NodeEvent) => logger[level](fields, message),
  }
}
