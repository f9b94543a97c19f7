// Declares the commands below df seed and their flags.
import type { Command, Option } from 'commander'
import { parseDuration } from './durations.ts'
import { fleetFlag } from './fleet-flags.ts'
import { addGatewayFlag } from './gateway-flags.ts'
import { addLimitFlags } from './limit-flags.ts'
import { addLinkWorkersFlag } from './link-worker-flags.ts'
import { addMetricsFlag } from './metrics-flag.ts'
import { parseRate, wholeNumber } from './numbers.ts'
import { addLogFlags, list, parsed, REPEAT } from './options.ts'
import { parseConnections } from './origin-limits.ts'
import { addProxyFlags } from './proxy-flags.ts'
import type { SeedFlags } from './seed.ts'
import type { StoreCommand } from './store-admin.ts'
import { addStoreCommands, quota } from './store-flags.ts'
import type { StoreFlags } from './store-keeper.ts'
import { addWebFlag } from './web-flags.ts'

export interface SeedActions {
  startSeed(flags: SeedFlags): Promise<void>
  administrate(command: StoreCommand, flags: StoreFlags): Promise<void>
}

/** As the library takes it. */
const MAX_REPLICAS = 16
/** Ten years. */
const MAX_EXPIRE_DAYS = 3650
const JSON_FLAG = ['--json', 'print one JSON object per line on standard output'] as const

/** Adds the commands under the program called `name`. */
export function addSeed(program: Command, name: string, { startSeed, administrate }: SeedActions): void {
  const seed = program
    .command('seed')
    .description('run and manage a seed, which reads origins for other hosts, stores and signs what it read')
  const start = seed
    .command('start')
    .description('run a seed until it is stopped')
    .addOption(list('--listen <multiaddr>', `listen on this address (default: port 4801, IPv4 and IPv6) ${REPEAT}`))
    .addOption(list('--announce <multiaddr>', `announce this address instead of those of the interfaces ${REPEAT}`))
    .addOption(list('--seed <multiaddr>', `another seed, to share the work with ${REPEAT}`))
    .addOption(list('--bootstrap <address>', `a peer to join through, or dns:NAME that lists some; not trusted ${REPEAT}`))
    .addOption(fleetFlag())
    .addOption(list('--trust <peerid>', `trust this seed's signature without asking it ${REPEAT}`))
    .addOption(list('--allow-origin <pattern>', `read this origin for other hosts although its address is private ${REPEAT}`))
    .addOption(list('--share <folder>', `share this folder by its name, or as NAME=DIR, and whatever it becomes ${REPEAT}`))
    .option('--store <dir>', 'folder for pieces')
    .addOption(quota())
    .addOption(expire())
    .addOption(
      parsed(
        '--replicas <n>',
        'keep each finished content on this many seeds (default: 2; 1: only here)',
        wholeNumber(1, MAX_REPLICAS),
      ),
    )
    .addOption(parsed('--origin-limit <rate>', 'limit the rate from one origin, in bytes per second (100M, 1gbit)', parseRate))
    .addOption(parsed('--origin-connections <n>', 'limit the concurrent requests to one origin (default: 16)', parseConnections))
    .option(...JSON_FLAG)
  addProxyFlags(start)
  addGatewayFlag(start)
  addMetricsFlag(start)
  addWebFlag(start)
  addLimitFlags(start)
  addLinkWorkersFlag(start)
  addLogFlags(start, 'info; with --json nothing').addHelpText('after', startHelp(name)).action(startSeed)
  seed
    .command('status')
    .description('show what the running seed stores, serves and reads')
    .option(...JSON_FLAG)
    .action((flags: StoreFlags) => administrate({ do: 'status' }, flags))
  addStoreCommands(seed, administrate)
}

function expire(): Option {
  const text = 'treat contents as fresh for this time (0: always ask the origin; default: as the origin says)'
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

For other hosts, a seed reads public addresses only. --allow-origin adds a host name, *.NAME, an IP address, a range
(10.0.0.0/8), private (RFC 1918, RFC 4193, 100.64.0.0/10) or any, each with an optional :PORT. Without the flag, patterns come
from DRAGONFLY_ALLOW_ORIGIN (separated by commas), else from "allowOrigins" in config.json.

Without flags, the limits per origin come from DRAGONFLY_ORIGIN_LIMIT and DRAGONFLY_ORIGIN_CONNECTIONS, else from config.json:
  {"originLimit": "100M", "originConnections": 16}
--limit, --upload-limit and --total-limit hold for all contents together: bytes per second (20M, 100mbit), a share of the best
rate that was measured (50%), or a rate at a time of the day ('09:00-18:00=20M'; with commas: '50M,09:00-18:00=20M'). Without
flags they come from DRAGONFLY_LIMIT, DRAGONFLY_UPLOAD_LIMIT and DRAGONFLY_TOTAL_LIMIT, else from "limit", "uploadLimit" and
"totalLimit" in config.json.
The seed keeps its identity and its pieces in $DRAGONFLY_HOME. SIGINT and SIGTERM stop it with exit code 0.
`
}
