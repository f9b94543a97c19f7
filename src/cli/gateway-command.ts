// Declares the commands below df gateway and their flags.
import type { Command } from 'commander'
import type { GatewayCaFlags } from './gateway-ca.ts'

/** Which of the commands. */
export type GatewayCommand = { do: 'ca'; flags: GatewayCaFlags }

/** Adds the commands under the program. */
export function addGateway(program: Command, run: (command: GatewayCommand) => Promise<void>): void {
  const gateway = program.command('gateway').description('set up the gateway for container engines and other programs')
  gateway
    .command('ca')
    .description('make the certificate authority for TLS interception, once, and say how to trust it')
    .option('--out <file>', 'write its certificate here, too')
    .option('--json', 'print one JSON object per line on standard output')
    .action((flags: GatewayCaFlags) => run({ do: 'ca', flags }))
}
