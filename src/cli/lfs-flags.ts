// Declares df lfs: git-lfs downloads its objects through the swarm.
import type { Command } from 'commander'

export type LfsCommand = 'install' | 'uninstall' | 'agent'

/** As commander leaves them. */
export interface LfsFlags {
  local?: true
}

/** Adds the commands under the program called `name`. */
export function addLfs(program: Command, name: string, run: (command: LfsCommand, flags: LfsFlags) => Promise<void>): void {
  const lfs = program.command('lfs').description('let git-lfs download through the swarm')
  lfs
    .command('install')
    .description('set git up, so that git lfs downloads through the swarm')
    .option('--local', 'for the repository of this folder alone (default: for this user)')
    .addHelpText('after', help(name))
    .action(async (flags: LfsFlags) => await run('install', flags))
  lfs
    .command('uninstall')
    .description('take that back')
    .option('--local', 'for the repository of this folder alone (default: for this user)')
    .action(async (flags: LfsFlags) => await run('uninstall', flags))
  lfs
    .command('agent')
    .description('what git lfs starts: speaks its protocol of custom transfers on standard input and output')
    .action(async () => await run('agent', {}))
}

function help(name: string): string {
  return `
Examples:
  ${name} lfs install
  git clone https://example.org/team/models.git

Uploads stay with git-lfs, and so does every download that cannot go through the swarm. A daemon of this host, or the seeds and the fleet
of its configuration, are used as by ${name} get.
`
}
