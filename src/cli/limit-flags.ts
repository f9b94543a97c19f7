// Limits of rates: those of a node and of one download, from flags, the environment and the config file.
import { type Command, Option } from 'commander'
import type { DownloadPriority, Limits } from '../index.ts'
import { UsageError } from './errors.ts'
import { parseRate } from './numbers.ts'
import { parsed } from './options.ts'

/** Flags of a command that runs a node, as commander leaves them. What the texts mean is for the library to say. */
export interface LimitFlags {
  limit?: string
  uploadLimit?: string
  totalLimit?: string
}

/** Flags of one download. */
export interface DownloadLimitFlags {
  /** Bytes a second. */
  limit?: number
  /** The same, as curl and wget call it. */
  limitRate?: number
  priority?: DownloadPriority
}

/** A limit as a person wrote it, and where. */
export interface NamedLimit {
  value: number | string
  where: string
}

export type NamedLimits = { readonly [K in keyof Limits]?: NamedLimit }

const DIRECTIONS = { limit: 'down', uploadLimit: 'up', totalLimit: 'total' } as const
const FLAGS = { limit: '--limit', uploadLimit: '--upload-limit', totalLimit: '--total-limit' } as const
const VARIABLES = {
  limit: 'DRAGONFLY_LIMIT',
  uploadLimit: 'DRAGONFLY_UPLOAD_LIMIT',
  totalLimit: 'DRAGONFLY_TOTAL_LIMIT',
} as const
const KEYS = ['limit', 'uploadLimit', 'totalLimit'] as const

/** Adds the flags that limit a whole node. */
export function addLimitFlags(command: Command): Command {
  return command
    .option(
      '--limit <limit>',
      "limit what is received, origin reads included: 20M, 50%, '50M,09:00-18:00=20M' (default: no limit)",
    )
    .option('--upload-limit <limit>', 'limit what is sent to peers, as for --limit')
    .option('--total-limit <limit>', 'limit both directions together, as for --limit')
}

/** Adds the flags that limit one download. */
export function addDownloadLimitFlags(command: Command): Command {
  return command
    .addOption(parsed('--limit <rate>', 'limit the rate of this download, in bytes per second (20M, 100mbit)', parseRate))
    .addOption(parsed('--limit-rate <rate>', 'the same as --limit', parseRate))
    .addOption(
      new Option(
        '--priority <priority>',
        'share of the rate beside other downloads, while there is a limit (default: normal)',
      ).choices(['low', 'normal', 'high']),
    )
}

/** Options of a download: what was named, and nothing else. */
export function downloadLimitsOf({ limit, limitRate, priority }: DownloadLimitFlags): {
  limit?: number
  priority?: DownloadPriority
} {
  const rate = limit ?? limitRate
  return { ...(rate !== undefined && { limit: rate }), ...(priority !== undefined && { priority }) }
}

export function limitsOfFlags(flags: LimitFlags): NamedLimits {
  return named(key => flags[key], FLAGS)
}

/** Empty is as good as unset. */
export function limitsOfEnv(env: NodeJS.ProcessEnv): NamedLimits {
  return named(key => env[VARIABLES[key]] || undefined, VARIABLES)
}

export function limitsOfConfig(
  config: { limit?: number | string; uploadLimit?: number | string; totalLimit?: number | string },
  file: string,
): NamedLimits {
  return named(key => config[key], {
    limit: `${file}: limit`,
    uploadLimit: `${file}: uploadLimit`,
    totalLimit: `${file}: totalLimit`,
  })
}

/** The limits, once each of them makes sense; nothing when there are none. Rejects with a UsageError that says where it was found. */
export async function checkedLimits(limits: NamedLimits): Promise<{ limits?: Limits }> {
  const all = Object.entries(limits)
  if (all.length === 0) return {}
  const { parseRateLimit } = await import('../client/index.ts')
  for (const [, { value, where }] of all) {
    try {
      parseRateLimit(value)
    } catch (error) {
      const { message, hint } = error as { message: string; hint?: string }
      throw new UsageError(`${where}: ${message}`, hint)
    }
  }
  return { limits: Object.fromEntries(all.map(([name, { value }]) => [name, value])) }
}

function named(
  given: (key: (typeof KEYS)[number]) => number | string | undefined,
  where: Readonly<Record<(typeof KEYS)[number], string>>,
): NamedLimits {
  const limits: { [K in keyof Limits]?: NamedLimit } = {}
  for (const key of KEYS) {
    const value = given(key)
    if (value !== undefined) limits[DIRECTIONS[key]] = { value, where: where[key] }
  }
  return limits
}
