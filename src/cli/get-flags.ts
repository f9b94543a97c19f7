// The flags of df get.

import { type Command, Option } from 'commander'
import { SCHEMES_TEXT } from '../client/schemes.ts'
import { digestOf } from './digests.ts'
import { parseDuration } from './durations.ts'
import { UsageError } from './errors.ts'
import { fleetFlag } from './fleet-flags.ts'
import { addHeaderFlags, type HeaderFlags } from './header-lines.ts'
import { addDownloadLimitFlags, type DownloadLimitFlags } from './limit-flags.ts'
import { addLinkFlag, type LinkFlags } from './link-flags.ts'
import type { LogFlags } from './log-levels.ts'
import { addManyFlags, type ManyFlags } from './many-flags.ts'
import { wholeNumber } from './numbers.ts'
import { addLogFlags, list, lists, parsed, REPEAT } from './options.ts'
import { addProxyFlags, type ProxyFlags } from './proxy-flags.ts'

/** Flags of `df get` as commander leaves them; durations in milliseconds. */
export interface GetFlags extends LogFlags, ProxyFlags, DownloadLimitFlags, LinkFlags, ManyFlags, HeaderFlags {
  output?: string
  directoryPrefix?: string
  createDirs?: true
  hfCache?: true
  inputFile?: string
  head?: true
  spider?: true
  timestamping?: true
  clobber: boolean
  remoteTime: boolean
  user?: string
  password?: string
  askPassword?: true
  /** Undefined: once an origin asks who we are. */
  netrc?: boolean
  netrcFile?: string
  userAgent?: string
  referer?: string
  cookie?: string[]
  connectTimeout?: number
  retry?: number
  md5?: string
  verbose?: true
  seed?: string[]
  bootstrap?: string[]
  fleet?: string
  trust?: string[]
  listen?: string[]
  announce?: string[]
  digest?: string
  range?: string
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
export function addGet(program: Command, name: string, run: (urls: string[], flags: GetFlags) => Promise<void>): void {
  const command = program
    .command('get')
    .description('download URLs from peers, seeds and their origins')
    .argument('[url...]', `${SCHEMES_TEXT} URLs, or a dragonfly: address of df share`)
  addGetFlags(command)
    .addHelpText('after', help(name))
    .action(async (urls: string[], flags: GetFlags) => {
      if (urls.length === 0 && flags.inputFile === undefined && flags.metalink === undefined) {
        throw new UsageError('no URL given', 'give URLs, or a list of them with -i FILE')
      }
      await run(urls, flags)
    })
}

/** Adds the flags alone. */
export function addGetFlags(command: Command): Command {
  addFileFlags(command)
  addManyFlags(command)
  addRequestFlags(command)
  addPeerFlags(command)
  command
    .option('--explain', 'show where the time went and how close it was to the bound')
    .option('--trace <file>', 'record every decision of the swarm in FILE, for df sim --replay')
    .option('--no-daemon', 'run in this process, although a daemon runs on this host')
    .option('--json', 'print one JSON object per line on standard output; with -o - on standard error')
    .addOption(new Option('--quiet', 'print only errors (also -q, -s, --silent)').conflicts('json'))
    .addOption(new Option('-v, --verbose', 'as --log-level debug').conflicts('quiet'))
  addProxyFlags(command)
  addDownloadLimitFlags(command)
  addLinkFlag(command)
  return addLogFlags(command, 'warn; with --json or --quiet nothing')
}

/** What has a place of its own, or is no whole file. */
const NO_CACHE = [
  'output',
  'directoryPrefix',
  'createDirs',
  'range',
  'head',
  'spider',
  'timestamping',
  'recursive',
  'md5',
  'digest',
]

/** What is wanted, and where it goes. */
function addFileFlags(command: Command): void {
  command
    .option(
      '-o, --output <file>',
      "write to FILE, into a folder, or - for standard output (default: the content's own name; also -O FILE, -O-)",
    )
    .option('-P, --directory-prefix <dir>', 'write into DIR, which is created when missing (also -d, --output-dir)')
    .addOption(
      new Option(
        '--hf-cache',
        'put files of hf:// URLs, or whole repositories, where huggingface_hub and its users look',
      ).conflicts([...NO_CACHE]),
    )
    .option('--create-dirs', 'create the folder of -o FILE when it is missing')
    .option('-i, --input-file <file>', 'read more URLs from FILE, one per line, # for comments; - is standard input')
    .option(
      '-r, --range <range>',
      'only these bytes: 0-499, 500- (from byte 500 to the end) or -500 (the last 500); not with --digest',
    )
    .option('-I, --head', 'show what the origin says of the content (length, type, validators); download nothing')
    .option('--spider', 'only check that the content is there; download nothing')
    .option('-N, --timestamping', 'download only what is newer than the file here, or of another length')
    .option('--no-clobber', 'leave a file that is already there (also -nc)')
    .option('--no-remote-time', "give files the present time, not the content's (Last-Modified)")
    .addOption(
      parsed('--digest <digest>', 'sha256 of the whole content: sha256:HEX, sha-256=HEX or HEX (also --checksum)', digestOf),
    )
    .addOption(new Option('--md5 <hex>').hideHelp())
}

/** What the origin is told. */
function addRequestFlags(command: Command): void {
  addHeaderFlags(command)
    .option('-u, --user <user>', 'user:password for the origin; without :password it is asked for')
    .option('--password <password>', 'password of -u')
    .option('--ask-password', 'ask for the password of -u')
    .option('-n, --netrc', 'send the password of ~/.netrc at once (default: when the origin asks for one)')
    .option('--no-netrc', 'never look into ~/.netrc')
    .option('--netrc-file <file>', 'as -n, from FILE')
    .option('-A, --user-agent <name>', 'User-Agent for the origin')
    .option('-e, --referer <url>', 'Referer for the origin')
    .addOption(list('-b, --cookie <data>', `'name=value; name=value', or a file with cookies in Netscape format ${REPEAT}`))
    .addOption(duration('--timeout <duration>', 'give up after this time (also -m, --max-time)'))
    .addOption(
      parsed('--connect-timeout <duration>', 'give up connecting to the origin after this time (default: 10s)', positive),
    )
    .addOption(
      parsed('--retry <n>', 'retries in a row without a new byte (default: 5; also -t N, --tries N)', wholeNumber(0, 1000)),
    )
    .addOption(names('--filter <names>', 'query parameters that do not change the content: a,b,c'))
    .option('--tag <tag>', 'a name that separates contents with the same URL')
    .option('--revalidate', 'ask the origin whether the content is current, even if a copy is fresh')
}

/** Who else is asked. */
function addPeerFlags(command: Command): void {
  command
    .addOption(lists('--seed <multiaddr>', `ask and trust this seed ${REPEAT}`))
    .addOption(fleetFlag())
    .addOption(lists('--bootstrap <address>', `a peer to join through, or dns:NAME that lists some; not trusted ${REPEAT}`))
    .addOption(lists('--trust <peerid>', `trust this seed's signature without asking it ${REPEAT}`))
    .addOption(lists('--listen <multiaddr>', `listen on this address for other peers ${REPEAT}`))
    .addOption(lists('--announce <multiaddr>', `announce this address instead of those of the interfaces ${REPEAT}`))
    .option('--no-origin', 'never read the origin from this host')
    .addOption(duration('--linger <duration>', 'continue to serve it to other peers for this time (30s, 5m)'))
    .option('--store <dir>', 'folder for pieces')
}

function names(flags: string, description: string): Option {
  return new Option(flags, description).argParser((value: string) => value.split(','))
}

function duration(flags: string, description: string): Option {
  return parsed(flags, description, text => parseDuration(text)).default(0, 'none')
}

/** Above 0. */
function positive(text: string): number {
  const ms = parseDuration(text)
  if (ms > 0) return ms
  throw new UsageError('not a duration above 0', 'write 5s')
}

function help(name: string): string {
  return `
Examples:
  ${name} get https://example.org/big.iso
  ${name} get -o - https://example.org/big.tar | tar x
  ${name} get https://example.org/a.iso https://example.org/b.iso -P isos
  ${name} get -r 0-1048575 -o - https://example.org/big.iso | file -
  ${name} get --digest sha256:9f86d08… -o big.iso https://example.org/big.iso
  ${name} get s3://bucket/model.safetensors                 # AWS_PROFILE, AWS_ENDPOINT_URL_S3, …
  ${name} get hf://org/model@main/model.safetensors         # HF_TOKEN, HF_ENDPOINT
  ${name} get 'dragonfly:bafy…?name=big.iso'                     # what df share printed on another host
  ${name} get hf://org/model -P model --include '*.safetensors'
  ${name} get s3://bucket/prefix/ -P data --mirror --dry-run
  ${name} get -H @token --linger 5m https://example.org/private.bin  # token: Authorization: Bearer …

Flags of curl and wget do what they do there, bundles such as -fsSLO and -qO- too; -f -L -J -S -c and -C - are taken, as ${name}
does so anyway. -O is curl's before a URL, a flag or nothing, else wget's -O FILE. Flags for what ${name} does not do are refused.

Without --seed, seeds come from DRAGONFLY_SEEDS (multiaddrs, separated by commas), else from config.json in $DRAGONFLY_HOME:
  {"seeds": ["/ip4/…/p2p/…"], "bootstrap": [], "trust": []}
A flag wins over the environment, which wins over the file. Several URLs: --parallel at a time, each to its own file (a name
that another URL has already gets .1, .2, …); the exit code is that of the first one, in the given order, that failed. Exit codes: ${name} help exit-codes
`
}
