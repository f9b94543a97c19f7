// Declares the commands below df gateway and their flags.
import { Argument, type Command, Option } from 'commander'
import { UsageError } from './errors.ts'
import type { GatewayCaFlags } from './gateway-ca.ts'
import { parseGateway } from './gateway-flags.ts'
import type { Loopback } from './loopback.ts'
import { lists, parsed, REPEAT } from './options.ts'

export const ENGINES = ['containerd', 'docker', 'podman', 'crio'] as const
export type Engine = (typeof ENGINES)[number]

/** As commander leaves them. */
export interface GatewayCommandFlags {
  registry?: string[]
  gateway?: Loopback
  write?: true
  undo?: true
  proxy?: true
  root?: string
  image?: string
  json?: true
}

export type GatewayCommand =
  | { do: 'setup'; engine: Engine }
  | { do: 'check'; engine?: Engine | undefined }
  | { do: 'ca'; flags: GatewayCaFlags }

const JSON_FLAG = ['--json', 'print one JSON object per line on standard output'] as const
const DEFAULT_PORT = 65_001

/** Adds the commands under the program called `name`. */
export function addGateway(
  program: Command,
  name: string,
  run: (command: GatewayCommand, flags: GatewayCommandFlags) => Promise<void>,
): void {
  const gateway = program
    .command('gateway')
    .description('set up container engines and other programs to use the gateway of the daemon or seed')
  shared(gateway.command('setup'))
    .description("show or write an engine's configuration")
    .addArgument(engines(true))
    .addOption(
      lists(
        '--registry <host:port>',
        `send this registry only (default: every one that the engine can send) ${REPEAT}`,
      ).argParser((text: string, before: string[] | undefined) => [...(before ?? []), ...registriesOf(text)]),
    )
    .option('--write', 'write the files, with a backup beside each')
    .addOption(new Option('--undo', 'remove what --write wrote').conflicts('write'))
    .option('--proxy', 'docker: make the gateway its proxy, for all registries, instead of its mirror of Docker Hub')
    .option(...JSON_FLAG)
    .addHelpText('after', setupHelp(name))
    .action((engine: Engine, flags: GatewayCommandFlags) => run({ do: 'setup', engine }, flags))
  shared(gateway.command('check'))
    .description('ask the gateway, and tell which engines are set up to use it')
    .addArgument(engines(false))
    .addOption(
      lists('--registry <host:port>', `is this registry set up? (default: every one) ${REPEAT}`).argParser(
        (text: string, before: string[] | undefined) => [...(before ?? []), ...registriesOf(text)],
      ),
    )
    .option('--image <name>', 'pull this image with the engine, and tell whether the gateway was asked')
    .option(...JSON_FLAG)
    .addHelpText('after', checkHelp(name))
    .action((engine: Engine | undefined, flags: GatewayCommandFlags) => run({ do: 'check', engine }, flags))
  gateway
    .command('ca')
    .description('make the certificate authority for TLS interception, once, and say how to trust it')
    .option('--out <file>', 'write its certificate here, too')
    .option(...JSON_FLAG)
    .action((flags: GatewayCaFlags) => run({ do: 'ca', flags }, {}))
}

function shared(command: Command): Command {
  return command
    .addOption(parsed('--gateway <host:port>', `where the gateway is (default: 127.0.0.1:${DEFAULT_PORT})`, parseGateway))
    .option('--root <dir>', 'folder that the engine sees as / (default: /)')
}

function engines(isRequired: boolean): Argument {
  return new Argument(isRequired ? '<engine>' : '[engine]', ENGINES.join(', ')).choices(ENGINES)
}

/** `http://127.0.0.1:65001`, as a program of this host reaches it. Throws a UsageError. */
export function gatewayUrl({ host, port }: Loopback = { host: '127.0.0.1', port: DEFAULT_PORT }): string {
  if (port === 0) throw new UsageError('--gateway: port 0 is no port that an engine can ask', 'write 127.0.0.1:65001')
  const local = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${local.includes(':') ? `[${local}]` : local}:${port}`
}

/** What a registry is called in the name of an image. Throws a UsageError. */
function registriesOf(text: string): string[] {
  return text.split(',').map(part => {
    const name = part.trim().toLowerCase()
    const [, host = '', port] = /^([a-z0-9]+(?:[.-]+[a-z0-9]+)*)(?::(\d{1,5}))?$/.exec(name) ?? []
    if (host === '' || host.length > 253 || Number(port ?? 0) > 65_535) {
      throw new UsageError(
        `--registry: not a registry: ${part.slice(0, 100)}`,
        'write HOST or HOST:PORT, as in the names of images: quay.io',
      )
    }
    return name
  })
}

function setupHelp(name: string): string {
  return `
Examples:
  ${name} gateway setup containerd
  sudo ${name} gateway setup containerd --write
  sudo ${name} gateway setup podman --registry quay.io --registry registry.example.org:5000 --write
  sudo ${name} gateway setup docker --undo

podman stands for buildah and skopeo, too. Without --write and --undo nothing is changed. A second --write changes nothing. --undo takes out
what was put in, also when the files were edited since. Nothing is restarted: the command says what has to be.
`
}

function checkHelp(name: string): string {
  return `
Examples:
  ${name} gateway check
  ${name} gateway check containerd
  ${name} gateway check docker --image busybox

Exit code 0: all is well. 1: something is missing, and the output says what. --image pulls for real: the engine keeps the image.
`
}
