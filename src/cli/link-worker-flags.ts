// The flag that says how many threads hold connections, and its variable and config key.
import { availableParallelism } from 'node:os'
import path from 'node:path'
import type { Command } from 'commander'
import { readConfig } from './config.ts'
import { UsageError } from './errors.ts'
import { wholeNumber } from './numbers.ts'
import { parsed } from './options.ts'

/** As commander leaves it. */
export interface LinkWorkerFlags {
  linkWorkers?: number | 'auto'
}

/** As the library takes it. */
const MAX = 64
/** More were not measured. */
const MAX_AUTO = 8
/** With fewer cores the main thread and what it waits for need them all. */
const MIN_CORES = 4
/** For the main thread, and for what reads files. */
const SPARED_CORES = 2

const parseNumber = wholeNumber(0, MAX)

export function addLinkWorkersFlag(command: Command): Command {
  return command.addOption(
    parsed(
      '--link-workers <n>',
      'threads that hold connections and encrypt (default: auto, by the cores; 0: none)',
      parseLinkWorkers,
    ),
  )
}

/** Throws a UsageError. */
export function parseLinkWorkers(text: string): number | 'auto' {
  return text === 'auto' ? text : parseNumber(text)
}

/** `cores`: that this process may use. */
export function autoLinkWorkers(cores: number): number {
  return cores < MIN_CORES ? 0 : Math.min(MAX_AUTO, cores - SPARED_CORES)
}

/** As a flag, DRAGONFLY_LINK_WORKERS or the config file of a home says; by the cores of this host where none does. */
export async function readLinkWorkers(flags: LinkWorkerFlags, env: NodeJS.ProcessEnv, home: string): Promise<number> {
  const chosen = flags.linkWorkers ?? (await named(env, home)) ?? 'auto'
  return chosen === 'auto' ? autoLinkWorkers(availableParallelism()) : chosen
}

async function named(env: NodeJS.ProcessEnv, home: string): Promise<number | 'auto' | undefined> {
  const { DRAGONFLY_LINK_WORKERS: text } = env
  if (text) return parsedAt('DRAGONFLY_LINK_WORKERS', text)
  const file = path.join(home, 'config.json')
  const { linkWorkers } = await readConfig(file)
  return linkWorkers === undefined ? undefined : parsedAt(`${file}: linkWorkers`, `${linkWorkers}`)
}

function parsedAt(where: string, text: string): number | 'auto' {
  try {
    return parseLinkWorkers(text)
  } catch (error) {
    throw new UsageError(`${where}: ${(error as UsageError).message}`)
  }
}
