// The version of this program, for others to see.
import { readFileSync } from 'node:fs'

/** The build puts the version in its place. */
declare const __VERSION__: string | undefined

export function programVersion(): string {
  if (typeof __VERSION__ === 'string') return __VERSION__
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version
}
