// Declares every command and flag once. Only commander is loaded to parse or refuse them.
import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { parseDuration } from './durations.ts'
import { EXIT_CODES } from './exit-codes.ts'
import type { GetFlags } from './get.ts'
import { addDownloadLimitFlags } from './limit-flags.ts'
import { addLogFlags, list, parsed, REPEAT } from './options.ts'
import type { PreheatFlags } from './preheat.ts'
import { addPreheat } from './preheat-flags.ts'
import type { SeedFlags } from './seed.ts'
import type { SeedAdminCommand, SeedAdminFlags } from './seed-admin.ts'
import { addSeed } from './seed-flags.ts'
import type { SimFlags } from './sim.ts'
import { addSim } from './sim-flags.ts'

/** What the program does with what it understood; resolves to an exit code. */
export interface Actions {
  get(url: string, flags: GetFlags): Promise<number>
  preheat(urls: string[], flags: PreheatFlags): Promise<number>
  startSeed(flags: SeedFlags): Promise<number>
  administrate(command: SeedAdminCommand, flags: SeedAdminFlags): Promise<number>
  simulate(scenario: string | undefined, flags: SimFlags): Promise<number>
}

export interface Parsed {
  program: Command
  /** Set by the command that ran. */
  exitCode: number
}

/** The commands of df under the name it was called by. Throws a CommanderError instead of ending the process. */
export function makeProgram(name: string, actions: Actions): Parsed {
  const program = new Command(name)
  const parsed: Parsed = { program, exitCode: 0 }
  // Before any subcommand: they take over these settings. Errors are told by whoever catches them, on one line.
  program
    .exitOverride()
    .configureOutput({ writeErr: () => {}, outputError: () => {} })
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
  program
    .description('Downloads a file to one host or thousands at link speed, verifies every byte, and reads the origin about once.')
    .version(version(), '-V, --version', 'show the version')
    .addHelpText('after', generalHelp(name))
  addGet(program, name, parsed, actions)
  addPreheat(program, name, async (urls, flags) => {
    parsed.exitCode = await actions.preheat(urls, flags)
  })
  addSeed(program, name, {
    startSeed: async flags => {
      parsed.exitCode = await actions.startSeed(flags)
    },
    administrate: async (command, flags) => {
      parsed.exitCode = await actions.administrate(command, flags)
    },
  })
  addSim(program, name, async (scenario, flags) => {
    parsed.exitCode = await actions.simulate(scenario, flags)
  })
  addHelp(program)
  program
    .command('version')
    .description('show the version')
    .action(() => print(program, `${version()}\n`))
  return parsed
}

function addGet(program: Command, name: string, parsed: Parsed, actions: Actions): void {
  const command = program
    .command('get')
    .description('download a URL from peers, seeds and its origin')
    .argument('<url>', 'http:// or https:// URL')
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
    .option('--no-daemon', 'run in this process (always the case so far)')
    .option('--json', 'print one JSON object per line on standard output; with -o - on standard error')
    .addOption(new Option('--quiet', 'print only errors').conflicts('json'))
  addDownloadLimitFlags(command)
  addLogFlags(command, 'warn; with --json or --quiet nothing')
    .addHelpText('after', getHelp(name))
    .action(async (url: string, flags: GetFlags) => {
      parsed.exitCode = await actions.get(url, flags)
    })
}

function addHelp(program: Command): void {
  program
    .command('help')
    .description('show help on a command, or on exit-codes')
    .argument('[topic...]')
    .action((topic: string[]) => {
      if (topic.join(' ') === 'exit-codes') return print(program, exitCodesHelp())
      let command = program
      for (const word of topic) {
        const next = command.commands.find(c => c.name() === word)
        if (next === undefined) program.error(`no help on '${topic.join(' ')}'`)
        command = next
      }
      command.outputHelp()
    })
}

function print(program: Command, text: string): void {
  program.configureOutput().writeOut?.(text)
}

function names(flags: string, description: string): Option {
  return new Option(flags, description).argParser((value: string) => value.split(','))
}

function duration(flags: string, description: string): Option {
  return parsed(flags, description, text => parseDuration(text)).default(0, 'none')
}

function version(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version
}

function generalHelp(name: string): string {
  const diskTool =
    name === 'df'
      ? '\nAll other commands go to the system\'s df: "df", "df -h", "df /path", "df --help"; "df ./get" for a file named get.\n'
      : ''
  return `
Examples:
  ${name} get https://example.org/big.iso
  ${name} seed start
  ${name} get --seed /ip4/10.0.0.1/tcp/4801/p2p/12D3Koo… https://example.org/big.iso
  ${name} preheat --seed /ip4/10.0.0.1/tcp/4801/p2p/12D3Koo… https://example.org/big.iso

More: ${name} help get, ${name} help preheat, ${name} help seed, ${name} help seed start, ${name} help sim, ${name} help exit-codes
${diskTool}`
}

function getHelp(name: string): string {
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

function exitCodesHelp(): string {
  return EXIT_CODES.map(([code, meaning]) => `${String(code).padStart(5)}  ${meaning}\n`).join('')
}
