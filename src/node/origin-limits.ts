// What a node's options say about how much an origin has to bear.
import type { OriginOptions } from '../origin/options.ts'
import type { NodeOptions } from './api/node-options.ts'

export function originLimits({ originLimit, originConnections }: NodeOptions): OriginOptions {
  return {
    ...(originLimit === undefined ? {} : { bytesPerSecond: originLimit }),
    ...(originConnections === undefined ? {} : { connections: originConnections }),
  }
}
