// Flags of df get for several URLs and for folders of an HTTP server.
import type { Command } from 'commander'
import { wholeNumber } from './numbers.ts'
import { parsed } from './options.ts'

export interface ManyFlags {
  /** Downloads at the same time. */
  parallel: number
  recursive?: true
  /** Folders below the first one. Undefined: as deep as DEFAULT_LEVEL, and deeper is a failure. */
  level?: number
  maxFiles: number
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
      'everything below the URLs, which are folders: indexes of nginx, Apache, python -m http.server, or lists of S3',
    )
    .addOption(parsed('--level <n>', 'with --recursive: so many folders deep; 0 is the first one alone', wholeNumber(0, 1000)))
    .addOption(
      parsed('--max-files <n>', 'with --recursive: stop at more files', wholeNumber(1, MOST_FILES)).default(DEFAULT_MAX_FILES),
    )
}
