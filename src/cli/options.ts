// Option types that several commands share.
import { type Command, Option } from 'commander'
import { UsageError } from './errors.ts'
import { LOG_FORMATS, LOG_LEVELS } from './log-levels.ts'

export const REPEAT = '(repeatable)'

/** Collects what is given each time. */
export function list(flags: string, description: string): Option {
  return new Option(flags, description).argParser((value: string, before: string[] | undefined) => [...(before ?? []), value])
}

/** As `list`, for values without commas: `--seed A,B` is two. */
export function lists(flags: string, description: string): Option {
  return new Option(flags, description).argParser((value: string, before: string[] | undefined) => [
    ...(before ?? []),
    ...value
      .split(',')
      .map(part => part.trim())
      .filter(part => part !== ''),
  ])
}

/** An option whose value `parse` takes or refuses with a UsageError; the flag is named in that. */
export function parsed(flags: string, description: string, parse: (text: string) => unknown): Option {
  const option = new Option(flags, description)
  return option.argParser((text: string) => {
    try {
      return parse(text)
    } catch (error) {
      if (error instanceof UsageError) throw new UsageError(`${option.long}: ${error.message}`, error.hint, error.code)
      throw error
    }
  })
}

/** Adds --log-level and --log-format. `usual`: what is logged without them. */
export function addLogFlags(command: Command, usual: string): Command {
  return command
    .addOption(
      new Option('--log-level <level>', `log to standard error from this level on (default: ${usual})`).choices(LOG_LEVELS),
    )
    .addOption(new Option('--log-format <format>', 'format of the log (default: text)').choices(LOG_FORMATS))
}
