// What a log is: its levels, its flags, what writes it.
import type { EventLevel, NodeEvent } from '../index.ts'

/** From the least to the most important. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const satisfies readonly EventLevel[]
export const LOG_FORMATS = ['text', 'json'] as const

/** Flags of every command that runs a node, as commander leaves them. */
export interface LogFlags {
  logLevel?: EventLevel
  logFormat?: (typeof LOG_FORMATS)[number]
}

export interface Log {
  /** Whether the event is important enough. */
  shows(event: NodeEvent): boolean
  /** Writes it, if it is important enough. */
  write(event: NodeEvent): void
}

/** Whether a level is at least as important as another. */
export function isAtLeast(level: EventLevel, least: EventLevel): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(least)
}
