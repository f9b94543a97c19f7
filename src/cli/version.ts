// The version of this program.
import { readFileSync } from 'node:fs'

/** The build puts it in place of the variable. */
export function version(): string {
  return process.env.DRAGONFLY_VERSION ?? JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version
}
