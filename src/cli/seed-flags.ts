// The commands below df seed, and their flags.
import type { Command, Option } from 'commander'
import { parseDuration } from './durations.ts'
import { parseQuota, parseRate } from './numbers.ts'
import { addLogFlags, list, parsed, REPEAT } from './options.ts'
import { parseConnections } from './origin-limits.ts'
import type { SeedFlags } from './seed.ts'
import type { SeedAdminCommand, SeedAdminFlags } from './seed-admin.ts'

export interface SeedActions {
  startSeed(flags: SeedFlags): Promise<void>
  administrate(command: SeedAdminCommand, flags: SeedAdminFlags): Promise<void>
}

/** Ten years. */
const MAX_EXPIRE_DAYS = 3650
const STORE = ['--store <dir>', "folder for pieces, when it is not the home's"] as const
const JSON_FLAG = ['--json', 'one JSON object a line on standard output'] as const

/** Adds the commands under the program called `name`. */
export function addSeed(program: Command, name: string, { startSeed, administrate }: SeedActions): void {
  const seed = program.command('seed').description('be a seed: read origins for others, keep and sign what was read')
  const start = seed
    .command('start')
    .description('run a seed until it is stopped')
    .addOption(list('--listen <multiaddr>', `listen here (default: port 4801, IPv4 and IPv6) ${REPEAT}`))
    .addOption(list('--announce <multiaddr>', `tell others this address of ours, not those of the interfaces ${REPEAT}`))
    .addOption(list('--seed <multiaddr>', `another seed, to share the work with ${REPEAT}`))
    .addOption(list('--bootstrap <multiaddr>', `a way into the network, not trusted ${REPEAT}`))
    .addOption(list('--trust <peerid>', `believe what this seed signed ${REPEAT}`))
    .addOption(list('--allow-origin <pattern>', `read this origin for others, though its address is not public ${REPEAT}`))
    .option('--store <dir>', 'folder for pieces')
    .addOption(quota())
    .addOption(expire())
    .addOption(parsed('--origin-limit <rate>', 'bytes a second from one origin (100M, 1gbit)', parseRate))
    .addOption(parsed('--origin-connections <n>', 'requests to one origin at a time (default: 16)', parseConnections))
    .option(...JSON_FLAG)
  addLogFlags(start, 'info; with --json nothing').addHelpText('after', startHelp(name)).action(startSeed)
  seed
    .command('status')
    .description('what the seed that runs here keeps, serves and reads')
    .option(...JSON_FLAG)
    .action((flags: SeedAdminFlags) => administrate({ do: 'status' }, flags))
  seed
    .command('ls')
    .description('list what is kept, whether a seed runs or not')
    .option(...STORE)
    .option(...JSON_FLAG)
    .action((flags: SeedAdminFlags) => administrate({ do: 'ls' }, flags))
  for (const [word, description] of [
    ['rm', 'remove contents, and their pins'],
    ['pin', 'keep contents, whatever the quota'],
    ['unpin', 'let pinned contents go when room is short'],
  ] as const) {
    seed
      .command(word)
      .description(description)
      .argument('<id or url...>', 'as ls shows it, or the URL it was asked for with')
      .option(...STORE)
      .option(...JSON_FLAG)
      .action((what: string[], flags: SeedAdminFlags) => administrate({ do: word, what }, flags))
  }
  for (const parent of [seed, program]) {
    parent
      .command('gc')
      .description('remove what is broken or unfinished for 7 days, evict down to 85 % of the quota')
      .option(...STORE)
      .addOption(quota())
      .option(...JSON_FLAG)
      .addHelpText('after', '\nA seed that runs here uses its own quota.\n')
      .action((flags: SeedAdminFlags) => administrate({ do: 'gc' }, flags))
  }
}

function quota(): Option {
  const what = 'the most that is kept: 50GiB, or 20% of what is free and kept (default: 80%)'
  return parsed('--quota <size>', what, parseQuota)
}

function expire(): Option {
  const text = 'what was read counts as fresh for so long, whatever the origin says (0: always ask; default: as it says)'
  return parsed('--expire <duration>', text, value => parseDuration(value, MAX_EXPIRE_DAYS))
}

function startHelp(name: string): string {
  return `
Examples:
  ${name} seed start
  ${name} seed start --listen /ip4/0.0.0.0/tcp/4801 --store /var/lib/dragonfly --quota 500G
  ${name} seed start --seed /ip4/10.0.0.1/tcp/4801/p2p/12D3Koo…
  ${name} seed start --allow-origin registry.corp.example
  ${name} seed status

For others a seed reads public addresses only. --allow-origin adds a host name, *.NAME, an IP address, a range (10.0.0.0/8),
private (RFC 1918, RFC 4193, 100.64.0.0/10) or any, each with an optional :PORT. It also comes from DRAGONFLY_ALLOW_ORIGIN
(commas between), then from "allowOrigins" in config.json.

What an origin has to bear also comes from DRAGONFLY_ORIGIN_LIMIT and DRAGONFLY_ORIGIN_CONNECTIONS, then from config.json:
  {"originLimit": "100M", "originConnections": 16}
Its identity and its pieces are kept in $DRAGONFLY_HOME. SIGINT and SIGTERM stop it; that is exit code 0.
`
}
