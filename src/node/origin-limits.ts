// What a node's options say about how much an origin has to bear.
import { DragonflyError } from '../core/errors.ts'
import type { OriginOptions } from '../origin/options.ts'
import type { NodeOptions } from './api/node-options.ts'

export const MAX_ORIGIN_CONNECTIONS = 1000

/** Throws `bad-option`. */
export function checkOriginLimits({ originLimit, originConnections }: NodeOptions): void {
  if (originLimit !== undefined && !(originLimit > 0)) {
    throw new DragonflyError('bad-option', 'originLimit is not a positive number of bytes per second')
  }
  if (originConnections === undefined) return
  if (!Number.isInteger(originConnections) || originConnections < 1 || originConnections > MAX_ORIGIN_CONNECTIONS) {
    throw new DragonflyError('bad-option', `originConnections is not a whole number from 1 to ${MAX_ORIGIN_CONNECTIONS}`)
  }
}

export function originLimits({ originLimit, originConnections }: NodeOptions): OriginOptions {
  return {
    ...(originLimit === undefined ? {} : { bytesPerSecond: originLimit }),
    ...(originConnections === undefined ? {} : { connections: originConnections }),
  }
}
