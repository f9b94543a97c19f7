// Declares the commands that look after the store, for every host and below df seed.
import type { Command, Option } from 'commander'
import { parseQuota } from './numbers.ts'
import { lists, parsed, REPEAT } from './options.ts'
import type { StoreCommand } from './store-admin.ts'
import type { StoreFlags } from './store-keeper.ts'

const STORE = ['--store <dir>', 'folder of the pieces, if it is not in $DRAGONFLY_HOME'] as const
const JSON_FLAG = ['--json', 'print one JSON object per line on standard output'] as const
const WHAT = 'the id that ls shows, or the URL that was requested'

/** Adds them to the program, or to `df seed`. */
export function addStoreCommands(
  parent: Command,
  administrate: (command: StoreCommand, flags: StoreFlags) => Promise<void>,
): void {
  const add = (word: string, description: string) =>
    parent
      .command(word)
      .description(description)
      .option(...STORE)
      .option(...JSON_FLAG)
  add('ls', 'list the stored contents').action((flags: StoreFlags) => administrate({ do: 'ls' }, flags))
  for (const [word, description] of [
    ['rm', 'remove contents, and their pins'],
    ['pin', 'never evict these contents'],
    ['unpin', 'allow eviction of pinned contents again'],
  ] as const) {
    add(word, description)
      .argument('<id or url...>', WHAT)
      .action((what: string[], flags: StoreFlags) => administrate({ do: word, what }, flags))
  }
  add('gc', 'remove contents that are broken or unfinished for 7 days, and evict down to 85 % of the quota')
    .addOption(quota())
    .addHelpText('after', '\nIf a daemon or a seed is running, its own quota is used.\n')
    .action((flags: StoreFlags) => administrate({ do: 'gc' }, flags))
  add('verify', 'hash the stored contents again, and fetch what is broken again')
    .argument('[id or url...]', `${WHAT} (default: everything)`)
    .addOption(lists('--seed <multiaddr>', `when no daemon runs: ask and trust this seed for what is broken ${REPEAT}`))
    .addHelpText('after', VERIFY_HELP)
    .action((what: string[], flags: StoreFlags) => administrate({ do: 'verify', what }, flags))
}

export function quota(): Option {
  const what = 'size limit of the store: 50GiB, or 20% of its size plus the free space (default: 80%)'
  return parsed('--quota <size>', what, parseQuota)
}

const VERIFY_HELP = `
A running daemon or seed verifies while it downloads and serves, and fetches what is broken from the swarm or the origin. Without one,
seeds come from --seed, else from DRAGONFLY_SEEDS, else from config.json; when none is named, what is broken is only told. The URL of a
content that has a query, credentials or a tag is not kept: give it to have such a content repaired.
Exit code 0: everything is good, or was repaired. 5: something stays broken.
`
