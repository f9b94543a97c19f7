// Declares every command and flag once. Only commander is loaded to parse or refuse them.
import { Command, type Option } from 'commander'
import { completionScript, SHELLS } from './completion.ts'
import type { DaemonCommand, DaemonFlags } from './daemon.ts'
import { addDaemon } from './daemon-flags.ts'
import { EXIT_CODES } from './exit-codes.ts'
import { addFleet, type FleetCommand, type FleetFlags } from './fleet-flags.ts'
import { addGateway, type GatewayCommand, type GatewayCommandFlags } from './gateway-command.ts'
import { addGet, type GetFlags } from './get-flags.ts'
import { translate } from './habits.ts'
import { addLfs, type LfsCommand, type LfsFlags } from './lfs-flags.ts'
import type { PreheatFlags } from './preheat.ts'
import { addPreheat } from './preheat-flags.ts'
import type { SeedFlags } from './seed.ts'
import { addSeed } from './seed-flags.ts'
import type { ShareFlags } from './share.ts'
import { addShare } from './share-flags.ts'
import type { SimFlags } from './sim.ts'
import { addSim } from './sim-flags.ts'
import type { StoreCommand } from './store-admin.ts'
import { addStoreCommands } from './store-flags.ts'
import type { StoreFlags } from './store-keeper.ts'
import type { TopFlags } from './top.ts'
import { addTop } from './top-flags.ts'
import { version } from './version.ts'

/** What the program does with what it understood; resolves to an exit code. */
export interface Actions {
  get(urls: string[], flags: GetFlags): Promise<number>
  preheat(urls: string[], flags: PreheatFlags): Promise<number>
  share(paths: string[], flags: ShareFlags): Promise<number>
  startSeed(flags: SeedFlags): Promise<number>
  administrate(command: StoreCommand, flags: StoreFlags): Promise<number>
  daemon(command: DaemonCommand, flags: DaemonFlags): Promise<number>
  fleet(command: FleetCommand, flags: FleetFlags): Promise<number>
  gateway(command: GatewayCommand, flags: GatewayCommandFlags): Promise<number>
  lfs(command: LfsCommand, flags: LfsFlags): Promise<number>
  top(flags: TopFlags): Promise<number>
  simulate(scenario: string | undefined, flags: SimFlags): Promise<number>
}

export interface Parsed {
  program: Command
  /** Runs the command that the arguments name. Rejects with a CommanderError or UsageError for what is not understood. */
  run(args: readonly string[]): Promise<void>
  /** The flags of df get. */
  readonly getOptions: readonly Option[]
  /** Set by the command that ran. */
  exitCode: number
}

/**
 * The commands of df under the name it was called by. Throws a CommanderError instead of ending the process. `only`: the first
 * argument; when it is a command no other one is declared, which saves time.
 */
export function makeProgram(name: string, actions: Actions, only?: string): Parsed {
  const program = new Command(name)
  const parsed: Parsed = {
    program,
    exitCode: 0,
    run: async args => await runProgram(program, args),
    get getOptions() {
      return optionsOfGet(program)
    },
  }
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
  const add: Record<string, () => void> = {
    get: () =>
      addGet(program, name, async (urls, flags) => {
        parsed.exitCode = await actions.get(urls, flags)
      }),
    share: () =>
      addShare(program, name, async (paths, flags) => {
        parsed.exitCode = await actions.share(paths, flags)
      }),
    preheat: () =>
      addPreheat(program, name, async (urls, flags) => {
        parsed.exitCode = await actions.preheat(urls, flags)
      }),
    seed: () =>
      addSeed(program, name, {
        startSeed: async flags => {
          parsed.exitCode = await actions.startSeed(flags)
        },
        administrate: async (command, flags) => {
          parsed.exitCode = await actions.administrate(command, flags)
        },
      }),
    // the store's commands by their own names
    store: () =>
      addStoreCommands(program, async (command, flags) => {
        parsed.exitCode = await actions.administrate(command, flags)
      }),
    daemon: () =>
      addDaemon(program, name, async (command, flags) => {
        parsed.exitCode = await actions.daemon(command, flags)
      }),
    fleet: () =>
      addFleet(program, name, async (command, flags) => {
        parsed.exitCode = await actions.fleet(command, flags)
      }),
    gateway: () =>
      addGateway(program, name, async (command, flags) => {
        parsed.exitCode = await actions.gateway(command, flags)
      }),
    lfs: () =>
      addLfs(program, name, async (command, flags) => {
        parsed.exitCode = await actions.lfs(command, flags)
      }),
    top: () =>
      addTop(program, name, async flags => {
        parsed.exitCode = await actions.top(flags)
      }),
    sim: () =>
      addSim(program, name, async (scenario, flags) => {
        parsed.exitCode = await actions.simulate(scenario, flags)
      }),
  }
  if (only !== undefined && Object.hasOwn(add, only)) {
    add[only]?.()
    return parsed
  }
  for (const declare of Object.values(add)) declare()
  addHelp(program)
  addCompletion(program)
  program
    .command('version')
    .description('show the version')
    .action(() => print(program, `${version()}\n`))
  return parsed
}

async function runProgram(program: Command, args: readonly string[]): Promise<void> {
  const [word, ...rest] = args
  // who types df get has curl and wget in the fingers
  const ours = word === 'get' ? ['get', ...translate(rest, optionsOfGet(program))] : [...args]
  await program.parseAsync(ours, { from: 'user' })
}

function optionsOfGet(program: Command): readonly Option[] {
  return program.commands.find(command => command.name() === 'get')?.options ?? []
}

/** A topic of help that is no command. */
const EXIT_TOPIC = 'exit-codes'

function addHelp(program: Command): void {
  program
    .command('help')
    .description('show help on a command, or on exit-codes')
    .argument('[topic...]')
    .action((topic: string[]) => {
      if (topic.join(' ') === EXIT_TOPIC) return print(program, exitCodesHelp())
      let command = program
      for (const word of topic) {
        const next = command.commands.find(c => c.name() === word)
        if (next === undefined) program.error(`no help on '${topic.join(' ')}'`)
        command = next
      }
      command.outputHelp()
    })
}

function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('print a completion script for a shell: bash, zsh or fish')
    .argument('<shell>', SHELLS.join(', '))
    .addHelpText('after', completionHelp(program.name()))
    .action((shell: string) => {
      const topics = [...program.commands.map(command => command.name()), EXIT_TOPIC]
      print(program, completionScript(shell, program, topics))
    })
}

function print(program: Command, text: string): void {
  program.configureOutput().writeOut?.(text)
}

function generalHelp(name: string): string {
  const diskTool =
    name === 'df'
      ? '\nAll other commands go to the system\'s df: "df", "df -h", "df /path", "df --help"; "df ./get" for a file named get.\nls, rm, pin, unpin, verify and top are the system\'s, too, where a file has that name and no URL follows.\n'
      : ''
  return `
Examples:
  ${name} get https://example.org/big.iso
  ${name} seed start
  ${name} get --seed /ip4/10.0.0.1/tcp/4801/p2p/12D3Koo… https://example.org/big.iso
  ${name} preheat --seed /ip4/10.0.0.1/tcp/4801/p2p/12D3Koo… https://example.org/big.iso

More: ${name} help COMMAND, such as ${name} help get or ${name} help seed start, and ${name} help exit-codes
${diskTool}`
}

function completionHelp(name: string): string {
  return `
Examples:
  ${name} completion bash > ~/.local/share/bash-completion/completions/${name}
  ${name} completion zsh > "\${fpath[1]}/_dragonfly_df"
  ${name} completion fish > ~/.config/fish/completions/${name}.fish
  source <(${name} completion bash)
`
}

function exitCodesHelp(): string {
  return EXIT_CODES.map(([code, meaning]) => `${String(code).padStart(5)}  ${meaning}\n`).join('')
}
