// Kinds of options that several commands have.
import { Option } from 'commander'

export const REPEAT = '(repeatable)'

/** Collects what is given each time. */
export function list(flags: string, description: string): Option {
  return new Option(flags, description).argParser((value: string, before: string[] | undefined) => [...(before ?? []), value])
}
