// The program df: parses the arguments, runs one command, and exits with its code.
import { CommanderError, type Option } from 'commander'
import { describe, failureLine, OutputError, printable, UsageError } from './errors.ts'
import { OK } from './exit-codes.ts'
import { hideArguments } from './hide-arguments.ts'
import { errorLine } from './json-lines.ts'
import { type Actions, makeProgram } from './program.ts'
import { flushed, stdoutError } from './stdout.ts'

const name = process.env.DRAGONFLY_NAME ?? 'df'
/** What the SDK of OpenTelemetry may take at the end to send its spans, ms. */
const FLUSH_MS = 2000

process.on('uncaughtException', error => {
  if (process.env.DEBUG) console.error(error)
  process.stderr.write(`${failureLine(name, describe(error))}\n`)
  process.exit(describe(error).exitCode)
})
// df get listens too, and ends at once.
let outputFailure: OutputError | undefined
process.stdout.on('error', error => {
  const failure = stdoutError(error)
  if (failure instanceof OutputError) outputFailure ??= failure
})
process.stderr.on('error', () => {})

// no await at this level: the program is built as CommonJS, which starts sooner
void run()

async function run(): Promise<void> {
  process.exitCode = await main(process.argv.slice(2))
  if (process.exitCode === OK) await flushed(process.stdout)
  if (process.exitCode === OK && outputFailure !== undefined) process.exitCode = refuse(outputFailure, [])
  if (Symbol.for('opentelemetry.js.api.1') in globalThis) await (await import('../client/index.ts')).flushSpans(FLUSH_MS)
  end()
}

async function main(args: string[]): Promise<number> {
  hideArguments(name, args)
  const actions: Actions = {
    get: async (urls, flags) => (await import('./get.ts')).get(urls, flags, name),
    preheat: async (urls, flags) => (await import('./preheat.ts')).preheat(urls, flags, name),
    share: async (paths, flags) => (await import('./share.ts')).share(paths, flags, name),
    startSeed: async flags => (await import('./seed.ts')).startSeed(flags, name),
    administrate: async (command, flags) => (await import('./store-admin.ts')).administrate(command, flags, name),
    daemon: async (command, flags) => (await import('./daemon.ts')).daemon(command, flags, name),
    fleet: async (command, flags) => (await import('./fleet.ts')).fleet(command, flags, name),
    gateway: async (command, flags) =>
      command.do === 'ca'
        ? (await import('./gateway-ca.ts')).gatewayCa(command.flags, name)
        : (await import('./gateway.ts')).gateway(command, flags, name),
    lfs: async (command, flags) => (await import('./lfs.ts')).lfs(command, flags, name),
    top: async flags => (await import('./top.ts')).top(flags, name),
    simulate: async (scenario, flags) => (await import('./sim.ts')).sim(scenario, flags, name),
  }
  const parsed = makeProgram(name, actions, name === 'dfget' ? undefined : args[0])
  try {
    await parsed.run(name === 'dfget' ? await ofDfget(args, parsed.getOptions) : args)
    return parsed.exitCode
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === OK) return OK
    return refuse(error, args)
  }
}

/** What the original dfget would have done, as arguments of df. */
async function ofDfget(given: string[], options: readonly Option[]): Promise<string[]> {
  const { dfgetHelp, fromDfget } = await import('./dfget.ts')
  if (given.length === 0 || given.includes('--help') || given.includes('-h')) {
    process.stdout.write(dfgetHelp())
    throw new CommanderError(OK, 'help', '')
  }
  const { args, meaningless } = fromDfget(given, options)
  if (meaningless.length > 0 && !given.includes('--quiet')) {
    const words = `${meaningless.join(', ')} ${meaningless.length === 1 ? 'has' : 'have'} no meaning any more`
    process.stderr.write(`${printable(`${name}: warning: ${words}; see dfget --help`)}\n`)
  }
  return args
}

/** Tells what is wrong with the arguments: as NDJSON for who asked for it, else on one line. */
function refuse(error: unknown, args: string[]): number {
  const failure = describe(error instanceof CommanderError ? asUsageError(error) : error)
  if (args.includes('--json')) process.stdout.write(errorLine(failure))
  else process.stderr.write(`${failureLine(name, failure)}\n`)
  return failure.exitCode
}

function asUsageError(error: CommanderError): UsageError {
  const help = `see ${name} ${name === 'dfget' ? '--help' : 'help'}`
  // Without a command commander has shown the help already and has no message of its own.
  if (error.code === 'commander.help') return new UsageError('no command given', help)
  const [, url] = /^error: unknown command '(https?:\/\/[^']*)'/.exec(error.message) ?? []
  if (url !== undefined) return new UsageError(`no command given for ${url}`, `to download it: ${name} get URL`)
  return new UsageError(error.message.replace(/^error: /, '').replace(/\.$/, ''), help)
}

/** Not before a slow reader has everything; not later either: libp2p leaves a timer of a second behind when it stops. */
function end(): void {
  const unread = [process.stdout, process.stderr].find(stream => stream.writableLength > 0 && stream.writable)
  if (unread === undefined) process.exit()
  else unread.once('drain', end).once('close', end)
}
