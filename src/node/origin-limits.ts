// Options of a node that say how origins are read, as the origin client takes them.
import type { OriginOptions } from '../origin/options.ts'
import type { NodeOptions } from './api/node-options.ts'

export function originLimits(options: NodeOptions): OriginOptions {
  const { originLimit, originConnections, originRetries, originConnectTimeout } = options
  return {
    ...(originLimit === undefined ? {} : { bytesPerSecond: originLimit }),
    ...(originConnections === undefined ? {} : { connections: originConnections }),
    ...(originRetries === undefined ? {} : { attempts: originRetries + 1 }),
    ...(originConnectTimeout === undefined ? {} : { connectTimeoutMs: originConnectTimeout }),
  }
}
