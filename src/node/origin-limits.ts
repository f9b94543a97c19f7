// Checks the options that limit how hard origins are read.
import type { OriginOptions } from '../origin/options.ts'
import type { NodeOptions } from './api/node-options.ts'

export function originLimits({ originLimit, originConnections }: NodeOptions): OriginOptions {
  return {
    ...(originLimit === undefined ? {} : { bytesPerSecond: originLimit }),
    ...(originConnections === undefined ? {} : { connections: originConnections }),
  }
}
