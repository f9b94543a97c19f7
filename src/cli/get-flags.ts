// The flags of df get.
import { type Command, Option } from 'commander'
import { parseDuration } from './durations.ts'
import type { LogFlags } from './log-levels.ts'
import { addLogFlags, list, parsed, REPEAT } from './options.ts'

/** Flags of `df get` as commander leaves them; durations in milliseconds. */
export interface GetFlags extends LogFlags {
  output?: string
  seed?: string[]
  bootstrap?: string[]
  trust?: string[]
  listen?: string[]
  announce?: string[]
  digest?: string
  range?: string
  header?: string[]
  filter?: string[]
  tag?: string
  origin: boolean
  /** False: no daemon is used. */
  daemon?: boolean
  revalidate?: true
  linger: number
  timeout: number
  store?: string
  explain?: true
  trace?: string
  json?: true
  quiet?: true
}

/** Adds the command under the program called `name`. */
export function addGet(program: Command, name: string, run: (url: string, flags: GetFlags) => Promise<void>): void {
  const command = program
    .command('get')
    .description('download a URL from peers, seeds and its origin')
    .argument('<url>', 'http:// or https:// URL')
  addGetFlags(command).addHelpText('after', help(name)).action(run)
}

/** Adds the flags alone. */
export function addGetFlags(command: Command): Command {
  command
    .option('-o, --output <file>', "write to FILE, into a folder, or - for standard output (default: the content's own name)")
    .addOption(list('--seed <multiaddr>', `ask and trust this seed ${REPEAT}`))
    .addOption(list('--bootstrap <multiaddr>', `a peer to join the DHT through; not trusted ${REPEAT}`))
    .addOption(list('--trust <peerid>', `trust this seed's signature without asking it ${REPEAT}`))
    .addOption(list('--listen <multiaddr>', `listen on this address for other peers ${REPEAT}`))
    .addOption(list('--announce <multiaddr>', `announce this address instead of those of the interfaces ${REPEAT}`))
    .option(
      '-r, --range <range>',
      'only these bytes: 0-499, 500- (from byte 500 to the end) or -500 (the last 500); not with --digest',
    )
    .option('--digest <digest>', 'sha256:HEX of the whole content; fail if it differs')
    .addOption(list('-H, --header <header>', `'Name: value', sent to the origin only ${REPEAT}`))
    .addOption(names('--filter <names>', 'query parameters that do not change the content: a,b,c'))
    .option('--tag <tag>', 'a name that separates contents with the same URL')
    .option('--no-origin', 'never read the origin from this host')
    .option('--revalidate', 'ask the origin whether the content is current, even if a copy is fresh')
    .addOption(duration('--linger <duration>', 'continue to serve it to other peers for this time (30s, 5m)'))
    .addOption(duration('--timeout <duration>', 'give up after this time'))
    .option('--store <dir>', 'folder for pieces')
    .option('--explain', 'show where the time went and how close it was to the bound')
    .option('--trace <file>', 'record every decision of the swarm in FILE, for df sim --replay')
    .option('--no-daemon', 'run in this process, although a daemon runs on this host')
    .option('--json', 'print one JSON object per line on standard output; with -o - on standard error')
    .addOption(new Option('--quiet', 'print only errors').conflicts('json'))
  return addLogFlags(command, 'warn; with --json or --quiet nothing')
}

function names(flags: string, description: string): Option {
  return new Option(flags, description).argParser((value: string) => value.split(','))
}

function duration(flags: string, description: string): Option {
  return parsed(flags, description, text => parseDuration(text)).default(0, 'none')
}

function help(name: string): string {
  return `
Examples:
  ${name} get https://example.org/big.iso
  ${name} get -o - https://example.org/big.tar | tar x
  ${name} get -r 0-1048575 -o - https://example.org/big.iso | file -
  ${name} get --digest sha256:9f86d08… -o big.iso https://example.org/big.iso
  ${name} get -H 'Authorization: Bearer …' --linger 5m https://example.org/private.bin

Without --seed, seeds come from DRAGONFLY_SEEDS (multiaddrs, separated by commas), else from config.json in $DRAGONFLY_HOME:
  {"seeds": ["/ip4/…/p2p/…"], "bootstrap": [], "trust": []}
A flag wins over the environment, which wins over the file. Exit codes: ${name} help exit-codes
`
}
