// Declares the commands below df daemon and their flags.
import type { Command } from 'commander'
import type { DaemonCommand, DaemonFlags } from './daemon.ts'
import { parseDuration } from './durations.ts'
import { fleetFlag } from './fleet-flags.ts'
import { addGatewayFlag } from './gateway-flags.ts'
import { addLimitFlags } from './limit-flags.ts'
import { addLinkWorkersFlag } from './link-worker-flags.ts'
import { parseLoopback } from './loopback.ts'
import { addMetricsFlag } from './metrics-flag.ts'
import { parseQuota, parseRate } from './numbers.ts'
import { addLogFlags, list, parsed, REPEAT } from './options.ts'
import { parseConnections } from './origin-limits.ts'
import { addProxyFlags } from './proxy-flags.ts'
import { addWebFlag } from './web-flags.ts'

const JSON_FLAG = ['--json', 'print one JSON object per line on standard output'] as const

/** Adds the commands under the program called `name`. */
export function addDaemon(
  program: Command,
  name: string,
  run: (command: DaemonCommand, flags: DaemonFlags) => Promise<void>,
): void {
  const daemon = program
    .command('daemon')
    .description('run and manage the daemon of this host: one store, one identity and one speed limit for all downloads')
  const start = daemon
    .command('start')
    .description('run the daemon until it is stopped; every df get of this user downloads through it')
    .addOption(
      list(
        '--listen <multiaddr>',
        `listen on this address (default: any free port, in a fleet 4801 if that is free; IPv4 and IPv6) ${REPEAT}`,
      ),
    )
    .addOption(list('--announce <multiaddr>', `announce this address instead of those of the interfaces ${REPEAT}`))
    .addOption(list('--seed <multiaddr>', `ask and trust this seed ${REPEAT}`))
    .addOption(list('--bootstrap <address>', `a peer to join through, or dns:NAME that lists some; not trusted ${REPEAT}`))
    .addOption(fleetFlag())
    .option('--no-lan', 'do not look for peers on the local network (by multicast DNS)')
    .addOption(list('--trust <peerid>', `trust this seed's signature without asking it ${REPEAT}`))
    .addOption(list('--allow-origin <pattern>', `read this origin for other hosts although its address is private ${REPEAT}`))
    .addOption(list('--share <folder>', `share this folder by its name, or as NAME=DIR, and whatever it becomes ${REPEAT}`))
    .option('--store <dir>', 'folder for pieces')
    .addOption(
      parsed(
        '--quota <size>',
        'size limit of the store: 50GiB, or 20% of its size plus the free space (default: 80%)',
        parseQuota,
      ),
    )
    .addOption(parsed('--origin-limit <rate>', 'limit the rate from one origin, in bytes per second (100M, 1gbit)', parseRate))
    .addOption(parsed('--origin-connections <n>', 'limit the concurrent requests to one origin (default: 16)', parseConnections))
    .option('--socket-group <group>', 'let the members of this group download through the daemon, too')
    .option('--socket <path>', 'the socket for that group (default: /run/dragonfly/df.sock)')
    .addOption(
      parsed('--api <host:port>', 'serve the local API on this loopback port, too, to whoever has the token', parseLoopback),
    )
    .addOption(
      parsed('--idle <duration>', 'end after this time without a download (default: never)', text => parseDuration(text)),
    )
    .option('--detach', 'return when the daemon is ready, and leave it running')
    .option(...JSON_FLAG)
  addProxyFlags(start)
  addGatewayFlag(start)
  addMetricsFlag(start)
  addWebFlag(start)
  addLimitFlags(start)
  addLinkWorkersFlag(start)
  addLogFlags(start, 'info; with --json nothing')
    .addHelpText('after', startHelp(name))
    .action((flags: DaemonFlags) => run({ do: 'start' }, flags))
  daemon
    .command('stop')
    .description('stop the daemon of this user; downloads that it runs go on in their own processes')
    .option(...JSON_FLAG)
    .action((flags: DaemonFlags) => run({ do: 'stop' }, flags))
  daemon
    .command('set')
    .description('change the rate limits of the running daemon, or show them')
    .argument('[limit...]', 'limit=50M, upload-limit=10M, total-limit=none')
    .option(...JSON_FLAG)
    .addHelpText('after', setHelp(name))
    .action((limits: string[], flags: DaemonFlags) => run({ do: 'set', limits }, flags))
  daemon
    .command('status')
    .description('show what the daemon stores, serves and downloads')
    .option('--explain', 'show where the time of the latest image pulls through its gateway went')
    .option(...JSON_FLAG)
    .action((flags: DaemonFlags) => run({ do: 'status' }, flags))
}

function startHelp(name: string): string {
  return `
Examples:
  ${name} daemon start --detach
  ${name} daemon start --seed /ip4/10.0.0.1/tcp/4801/p2p/12D3Koo… --quota 100G
  ${name} daemon start --socket-group users
  ${name} daemon status

While it runs, ${name} get uses it. DRAGONFLY_DAEMON=auto, or {"daemon": "auto"} in config.json, starts one when it is first needed,
which ends after 5 minutes without a download; ${name} get --no-daemon never uses one. The daemon keeps its identity and its pieces in
$DRAGONFLY_HOME. SIGINT and SIGTERM stop it with exit code 0.
`
}

function setHelp(name: string): string {
  return `
Examples:
  ${name} daemon set limit=50M
  ${name} daemon set limit='50M,09:00-18:00=20M' upload-limit=10M
  ${name} daemon set limit=none
  ${name} daemon set

What is not named stays as it is. The limits hold until the daemon ends; for longer, name them in config.json.
`
}
