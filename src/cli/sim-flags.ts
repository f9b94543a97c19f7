// Declares the flags of df sim.
import { type Command, Option } from 'commander'
import { parseRate, parseSize, wholeNumber } from './numbers.ts'
import { parsed } from './options.ts'
import type { SimFlags } from './sim.ts'

/** What a simulation may be asked for: far above what 24 GiB of memory hold. */
const MAX_PEERS = 100_000
const MAX_PIECES = 65_536
const MAX_NEIGHBOURS = 1000
const MAX_PIECE_LENGTH = 2 ** 30
const MAX_RANDOM_NUMBER = 2 ** 32 - 1

/** Adds the command under the program called `name`. */
export function addSim(
  program: Command,
  name: string,
  run: (scenario: string | undefined, flags: SimFlags) => Promise<void>,
): void {
  program
    .command('sim')
    .description('simulate a swarm in virtual time, with the policy that downloads use')
    .argument('[scenario]', 'a scenario of --list (default: equal-100)')
    .addOption(parsed('--peers <n>', 'number of peers', wholeNumber(1, MAX_PEERS)))
    .addOption(parsed('--pieces <n>', 'number of pieces of the content', wholeNumber(1, MAX_PIECES)))
    .addOption(parsed('--piece-length <size>', 'size of a piece (512KiB)', parsePieceLength))
    .addOption(parsed('--up <rate>', "a peer's uplink (100mbit, 12.5MB)", parseRate))
    .addOption(parsed('--down <rate>', "a peer's downlink", parseRate))
    .addOption(parsed('--seed-up <rate>', "the seed's uplink (default: twice a peer's)", parseRate))
    .addOption(
      parsed('--origin <rate>', 'the seed reads an origin at this rate (default: it has everything from the start)', parseRate),
    )
    .addOption(parsed('--neighbours <n>', 'number of neighbours of a peer, besides the seed', wholeNumber(1, MAX_NEIGHBOURS)))
    .addOption(
      parsed(
        '--seed <number>',
        'random seed: the same number gives the same run (default: 1)',
        wholeNumber(0, MAX_RANDOM_NUMBER),
      ),
    )
    .option('--svg <file>', 'write a picture of the run to FILE')
    .option('--json', 'print one JSON object on standard output')
    .addOption(new Option('--list', 'list the scenarios').conflicts(['replay', 'svg']))
    .addOption(new Option('--replay <file>', 'replay a recording of df get --trace, and compare the decisions').conflicts('svg'))
    .addHelpText('after', help(name))
    .action(run)
}

function parsePieceLength(text: string): number {
  return wholeNumber(1, MAX_PIECE_LENGTH)(String(parseSize(text)))
}

function help(name: string): string {
  return `
Examples:
  ${name} sim
  ${name} sim --list
  ${name} sim mixed --svg mixed.svg
  ${name} sim equal-1200 --peers 300 --up 20mbit --down 100mbit --seed 7
  ${name} get --trace t.ndjson https://example.org/big.iso && ${name} sim --replay t.ndjson

The times and rates of a scenario are scaled by the flags. Exit code 7: a peer did not complete; 1: a replay differs.
`
}
