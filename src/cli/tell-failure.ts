// What a command that has failed says: a line of NDJSON for who asked for that, else one line on stderr.
import { describe, failureLine } from './errors.ts'
import { errorLine } from './json-lines.ts'

/** Returns the exit code. */
export function tellFailure(error: unknown, { json }: { json?: boolean | undefined }, name: string): number {
  if (process.env.DEBUG) console.error(error)
  const failure = describe(error)
  if (json === true) process.stdout.write(errorLine(failure))
  else process.stderr.write(`${failureLine(name, failure)}\n`)
  return failure.exitCode
}
