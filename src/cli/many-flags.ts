// Flags of df get for several URLs and for trees.
import type { Command } from 'commander'
import { wholeNumber } from './numbers.ts'
import { list, parsed, REPEAT } from './options.ts'

export interface ManyFlags {
  /** Downloads at the same time. */
  parallel: number
  recursive?: true
  /** Folders below the first one. Undefined: as deep as DEFAULT_LEVEL, and deeper is a failure. */
  level?: number
  maxFiles: number
  /** Patterns of the files of a tree. */
  include?: string[]
  exclude?: string[]
  mirror?: true
  metalink?: string
  dryRun?: true
}

const DEFAULT_PARALLEL = 8
const DEFAULT_MAX_FILES = 10_000
const MOST_FILES = 1_000_000

export function addManyFlags(command: Command): Command {
  return command
    .addOption(
      parsed('--parallel <n>', 'downloads at the same time, of several URLs', wholeNumber(1, 256)).default(DEFAULT_PARALLEL),
    )
    .option(
      '--recursive',
      'everything below the URLs, which are folders: indexes of nginx, Apache, python -m http.server, or lists of S3; hf://ORG/REPO and s3://BUCKET/PREFIX/ need no flag',
    )
    .addOption(
      list('--include <pattern>', `of a tree only what matches: '*.bin' by name, 'a/**/*.bin' by path, 'a/' all below ${REPEAT}`),
    )
    .addOption(list('--exclude <pattern>', `of a tree not what matches; stronger than --include ${REPEAT}`))
    .option('--metalink <file>', 'the files of a Metalink 4 (RFC 5854) here; a URL that ends with .meta4 is followed without -o')
    .option('--mirror', 'remove files below -P DIR that the tree does not have; of filtered ones only what the filters want')
    .option('--dry-run', 'of a tree: only show what would be downloaded and removed')
    .addOption(parsed('--level <n>', 'with --recursive: so many folders deep; 0 is the first one alone', wholeNumber(0, 1000)))
    .addOption(parsed('--max-files <n>', 'of a tree: stop at more files', wholeNumber(1, MOST_FILES)).default(DEFAULT_MAX_FILES))
}
