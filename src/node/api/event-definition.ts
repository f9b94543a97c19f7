// How one kind of event is declared.
import type { ErrorCode } from '../../core/errors.ts'

/** How important an event is. `error`: somebody has to act. `warn`: something failed, and the node goes on another way. */
export type EventLevel = 'debug' | 'info' | 'warn' | 'error'

/** Why something failed. */
export interface Cause {
  /** One line for a person. */
  reason: string
  /** The code, when the error is one of this library's. */
  error?: ErrorCode
}

export interface Peer {
  /** Its peer id. */
  peer: string
}

export interface Definition<F extends object> {
  readonly level: EventLevel
  /** One sentence for the reference. */
  readonly meaning: string
  readonly text: (fields: F) => string
  /** Whether strangers choose how often it happens: then only the first ones of a while are told. */
  readonly isRationed?: true
}

export function define<F extends object>(level: EventLevel, meaning: string, text: (fields: F) => string): Definition<F> {
  return { level, meaning, text }
}

export function rationed<F extends object>(level: EventLevel, meaning: string, text: (fields: F) => string): Definition<F> {
  return { level, meaning, text, isRationed: true }
}
