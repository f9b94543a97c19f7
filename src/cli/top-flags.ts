// Declares df top.
import type { Command } from 'commander'
import type { TopFlags } from './top.ts'

/** Adds the command under the program called `name`. */
export function addTop(program: Command, name: string, run: (flags: TopFlags) => Promise<void>): void {
  program
    .command('top')
    .description('show what the running daemon or seed downloads and serves, as it happens')
    .option('--once', 'show it once, with the rates of one second, and end')
    .option('--json', 'print one JSON object per line on standard output, every second')
    .addHelpText('after', help(name))
    .action(run)
}

function help(name: string): string {
  return `
Examples:
  ${name} top
  ${name} top --once
  ${name} top --json | jq .rates.down

On a terminal it is drawn anew every second until q or Ctrl-C; elsewhere it is shown once. It asks the daemon or seed of
$DRAGONFLY_HOME, else the daemon of the host. A browser shows the same where it was started with --web.
`
}
