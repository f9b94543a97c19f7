// The headers of -H and --header-env: from the command line, from files, and from environment variables, which `ps` does not show.
import type { Command } from 'commander'
import { UsageError } from './errors.ts'
import { list, REPEAT } from './options.ts'

/** Bytes. */
const MAX_LINE = 16 * 1024

export interface HeaderFlags {
  /** `Name: value`, or `@FILE`. */
  header?: string[]
  /** Names of variables. */
  headerEnv?: string[]
}

export function addHeaderFlags(command: Command): Command {
  return command
    .addOption(list('-H, --header <header>', `'Name: value', sent to the origin only; @FILE reads them from a file ${REPEAT}`))
    .addOption(list('--header-env <variable>', `as -H, from this environment variable, which other users cannot see ${REPEAT}`))
}

/** All of them, in order; `@FILE` stands for the lines of a file, `@-` for those of standard input. Empty lines are no headers. */
export async function headerLines({ header = [], headerEnv = [] }: HeaderFlags): Promise<string[]> {
  const lines: string[] = []
  for (const text of header) {
    if (!text.startsWith('@')) lines.push(text)
    else {
      const { linesOf } = await import('./lines.ts')
      const file = text.slice(1)
      const source =
        file === '-' ? linesOf('standard input', MAX_LINE, process.stdin.setEncoding('utf8')) : linesOf(file, MAX_LINE)
      for await (const line of source) if (line.trim() !== '') lines.push(line)
    }
  }
  for (const name of headerEnv) lines.push(...fromVariable(name))
  return lines
}

function fromVariable(name: string): string[] {
  const lines = (process.env[name] ?? '').split(/\r?\n/).filter(line => line.trim() !== '')
  if (lines.length > 0) return lines
  throw new UsageError(`--header-env: the variable ${JSON.stringify(name)} is not set`, "export it with 'Name: value' in it")
}
