// The flags of df preheat.

import { type Command, Option } from 'commander'
import { SCHEMES_TEXT } from '../client/schemes.ts'
import { parseDuration } from './durations.ts'
import { addHeaderFlags } from './header-lines.ts'
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
    .description('make seeds fetch URLs before hosts ask for them; nothing is downloaded to this host')
    .argument('[url...]', `${SCHEMES_TEXT} URLs`)
    .option('-i, --input-file <file>', 'read more URLs from FILE, one per line, # for comments; - is standard input')
    .addOption(
      list(
        '--image <image>',
        `REGISTRY/NAME:TAG or @sha256:…: all its layers, by the logins of docker and podman ${REPEAT}`,
      ).conflicts(['header', 'headerEnv', 'filter', 'tag', 'digest']),
    )
    .option('--platform <os/arch>', 'of the images, or all (default: linux and the processor of this host)')
    .option('--plain-http', 'ask the registries of the images over http; those on this host always are')
    .addOption(list('--seed <multiaddr>', `a seed; the seed responsible for a URL fetches it ${REPEAT}`))
    .addOption(list('--at <multiaddr>', `make exactly these seeds fetch every URL ${REPEAT}`))
    .addOption(parsed('--parallel <n>', 'number of concurrent URLs', wholeNumber(1, MAX_PARALLEL)).default(DEFAULT_PARALLEL))
  addHeaderFlags(command)
    .addOption(
      new Option('--filter <names>', 'query parameters that do not change the content: a,b,c').argParser(text => text.split(',')),
    )
    .option('--tag <tag>', 'a name that separates contents with the same URL')
    .option('--digest <digest>', 'sha256:HEX of the whole content; fail if it differs (one URL only)')
    .addOption(parsed('--timeout <duration>', 'give up after this time', text => parseDuration(text)).default(0, 'none'))
    .option('--json', 'print one JSON object per line on standard output')
    .addOption(new Option('--quiet', 'print only errors').conflicts('json'))
  addLogFlags(command, 'warn; with --json or --quiet nothing').addHelpText('after', help(name)).action(run)
}

function help(name: string): string {
  return `
Examples:
  ${name} preheat https://example.org/big.iso
  ${name} preheat --seed /ip4/10.0.0.1/tcp/4801/p2p/12D3Koo… -i tonight.txt --parallel 8
  ${name} preheat --at /ip4/10.0.0.1/tcp/4801/p2p/12D3Koo… --at /ip4/10.0.0.2/tcp/4801/p2p/12D3Koo… https://example.org/big.iso
  ${name} preheat --image registry.corp.example/team/app:v2 --platform linux/amd64
  generate-list | ${name} preheat -H @token --json -i -

Use the same -H, --filter and --tag as the later ${name} get. The command ends when the seeds have everything; if it is
stopped earlier, they stop reading unless others wait too. Without --seed, seeds come from DRAGONFLY_SEEDS, else from config.json.
Exit code 0: the seeds have everything; else that of the first URL, in the given order, that failed: ${name} help exit-codes
`
}
