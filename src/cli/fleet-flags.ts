// Declares the commands below df fleet, and the flag that makes a host a member.
import { type Command, Option } from 'commander'
import { parseDuration } from './durations.ts'
import { parsed } from './options.ts'

/** As commander leaves them. */
export interface FleetFlags {
  /** Milliseconds. */
  grace?: number
  json?: true
}

export type FleetCommand = { do: 'init' | 'rotate'; file: string | undefined } | { do: 'status' }

const JSON_FLAG = ['--json', 'print one JSON object per line on standard output'] as const
/** A year. */
const MAX_GRACE_DAYS = 366

export function fleetFlag(): Option {
  return new Option('--fleet <file>', 'be a member of the fleet with this file (default: fleet.json in $DRAGONFLY_HOME)')
}

/** Adds the commands under the program called `name`. */
export function addFleet(program: Command, name: string, run: (command: FleetCommand, flags: FleetFlags) => Promise<void>): void {
  const fleet = program
    .command('fleet')
    .description('make hosts one fleet: they believe one another, and each origin is read by one of them, without a seed')
  fleet
    .command('init')
    .description('make the secret of a new fleet')
    .argument('[file]', 'where to write it (default: fleet.json in $DRAGONFLY_HOME)')
    .option(...JSON_FLAG)
    .addHelpText('after', initHelp(name))
    .action((file: string | undefined, flags: FleetFlags) => run({ do: 'init', file }, flags))
  fleet
    .command('rotate')
    .description('replace the secret, so that hosts without the new file are members no longer')
    .argument('[file]', 'the fleet file (default: fleet.json in $DRAGONFLY_HOME)')
    .addOption(
      parsed('--grace <duration>', 'for so long the old secret counts, too (default: 7d)', text =>
        parseDuration(text, MAX_GRACE_DAYS),
      ),
    )
    .option(...JSON_FLAG)
    .addHelpText('after', rotateHelp(name))
    .action((file: string | undefined, flags: FleetFlags) => run({ do: 'rotate', file }, flags))
  fleet
    .command('status')
    .description('ask the members of the fleet how they are doing, and show the slowest downloads and what holds them up')
    .option(...JSON_FLAG)
    .addHelpText('after', statusHelp(name))
    .action((flags: FleetFlags) => run({ do: 'status' }, flags))
}

function initHelp(name: string): string {
  return `
Examples:
  ${name} fleet init
  ${name} fleet init /etc/dragonfly/fleet.json

Copy the file to every host of the fleet, readable by its owner only, and start ${name} daemon on them. A host finds the others on its
local network by itself, elsewhere by the address of any one of them: --bootstrap /ip4/10.0.0.1/tcp/4801, or a name that lists them:
--bootstrap dns:dragonfly.corp.example.
`
}

function statusHelp(name: string): string {
  return `
Examples:
  ${name} fleet status
  ${name} fleet status --json | jq -r 'select(.silence) | .peer'

Columns: LAG is how late the event loop of the host was, KEPT how many contents it keeps, GETS how many downloads run there. Sizes and
rates in bytes: K, M and G are 1024, 1024² and 1024³. It takes a second, and 20 seconds at most. Private downloads are counted, not named.
`
}

function rotateHelp(name: string): string {
  return `
Examples:
  ${name} fleet rotate
  ${name} fleet rotate --grace 1h /etc/dragonfly/fleet.json

Copy the file to every host again before half of the grace period is over: until then members speak the old secret, afterwards the new
one, and both count until the end. Running daemons read the file anew by themselves.
`
}
