// Limits on how hard an origin is read: a flag wins over the environment, which wins over the config file.
import { UsageError } from './errors.ts'
import { parseRate, wholeNumber } from './numbers.ts'

/** A limit that nobody named is left out. */
export interface OriginLimits {
  /** Bytes a second from one origin host. */
  originLimit?: number
  /** Requests to one origin host at a time. */
  originConnections?: number
}

type Limit = keyof OriginLimits

const ORIGIN_LIMITS: readonly Limit[] = ['originLimit', 'originConnections']
const VARIABLES: Record<Limit, string> = {
  originLimit: 'DRAGONFLY_ORIGIN_LIMIT',
  originConnections: 'DRAGONFLY_ORIGIN_CONNECTIONS',
}

/** Throws a UsageError. */
export const parseConnections = wholeNumber(1, 1000)
const PARSERS: Record<Limit, (text: string) => number> = { originLimit: parseRate, originConnections: parseConnections }

/** Takes a number, or text as a flag takes it. Throws a UsageError that says where it was found. */
export function addOriginLimit(limits: OriginLimits, key: Limit, value: number | string, where: string): void {
  try {
    limits[key] = PARSERS[key](String(value))
  } catch (error) {
    throw new UsageError(`${where}: ${key}: ${(error as Error).message}`)
  }
}

/** Empty is as good as unset. Throws a UsageError. */
export function originLimitsOfEnv(env: NodeJS.ProcessEnv): OriginLimits {
  const limits: OriginLimits = {}
  for (const key of ORIGIN_LIMITS) {
    const text = env[VARIABLES[key]] ?? ''
    if (text !== '') addOriginLimit(limits, key, text, VARIABLES[key])
  }
  return limits
}

/** Those that were named, and nothing else. */
export function originLimitsOf({ originLimit, originConnections }: OriginLimits): OriginLimits {
  return {
    ...(originLimit === undefined ? {} : { originLimit }),
    ...(originConnections === undefined ? {} : { originConnections }),
  }
}
