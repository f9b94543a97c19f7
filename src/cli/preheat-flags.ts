// The flags of df preheat.
import { type Command, Option } from 'commander'
import { parseDuration } from './durations.ts'
import { wholeNumber } from './numbers.ts'
import { addLogFlags, list, parsed, REPEAT } from './options.ts'
import type { PreheatFlags } from './preheat.ts'

/** A seed reads each origin for itself; more at once only makes it wait for its disk. */
const MAX_PARALLEL = 256
const DEFAULT_PARALLEL = 4

/** Adds the command under the program called `name`. */
export function addPreheat(program: Command, name: string, run: (urls: string[], flags: PreheatFlags) => Promise<void>): void {
  const command = program
    .command('preheat')
    .description('make seeds fetch URLs before anyone asks for them; nothing comes here')
    .argument('[url...]', 'http:// or https:// URLs')
    .option('-i, --input-file <file>', 'more URLs, one a line, # for comments; - for standard input')
    .addOption(list('--seed <multiaddr>', `a seed; the one responsible for a URL fetches it ${REPEAT}`))
    .addOption(list('--at <multiaddr>', `exactly these seeds fetch every URL ${REPEAT}`))
    .addOption(parsed('--parallel <n>', 'so many at a time', wholeNumber(1, MAX_PARALLEL)).default(DEFAULT_PARALLEL))
    .addOption(list('-H, --header <header>', `'Name: value' for the origin only ${REPEAT}`))
    .addOption(
      new Option('--filter <names>', 'query parameters that do not change the content, as a,b,c').argParser(text =>
        text.split(','),
      ),
    )
    .option('--tag <tag>', 'tells apart contents that share a URL')
    .option('--digest <digest>', 'sha256:HEX that the whole content must have (one URL only)')
    .addOption(parsed('--timeout <duration>', 'give up after so long', text => parseDuration(text)).default(0, 'none'))
    .option('--json', 'one JSON object a line on standard output')
    .addOption(new Option('--quiet', 'say nothing but errors').conflicts('json'))
  addLogFlags(command, 'warn; with --json or --quiet nothing').addHelpText('after', help(name)).action(run)
}

function help(name: string): string {
  return `
Examples:
  ${name} preheat https://example.org/big.iso
  ${name} preheat --seed /ip4/10.0.0.1/tcp/4801/p2p/12D3Koo… -i tonight.txt --parallel 8
  ${name} preheat --at /ip4/10.0.0.1/tcp/4801/p2p/12D3Koo… --at /ip4/10.0.0.2/tcp/4801/p2p/12D3Koo… https://example.org/big.iso
  generate-list | ${name} preheat -H 'Authorization: Bearer …' --json -i -

Ask for it with the same -H, --filter and --tag as ${name} get will. It ends when the seeds have everything: they stop
reading when nobody waits any more. Seeds also come from DRAGONFLY_SEEDS and config.json, as for ${name} get.
Exit code 0: all of it is there; else that of the first URL, in their order, that failed: ${name} help exit-codes
`
}
