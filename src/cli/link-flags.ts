// The flag that makes an output a hard link.
import type { Command } from 'commander'

/** As commander leaves it. */
export interface LinkFlags {
  hardLink?: true
}

export function addLinkFlag(command: Command): Command {
  return command.option(
    '--hard-link',
    'make the output a read-only hard link of the file in the store of your own daemon, if both are on one device',
  )
}
