// Says where a malformed address or peer id came from: a flag, a variable, or the config file.
import { configFileOf, readConfigOf, type Settings, settingsOfEnv } from './config.ts'
import { UsageError } from './errors.ts'

type Key = 'seeds' | 'bootstrap' | 'trust' | 'announce'

const FLAGS: Record<Key, string> = { seeds: '--seed', bootstrap: '--bootstrap', trust: '--trust', announce: '--announce' }
const VARIABLES: Partial<Record<Key, string>> = { seeds: 'DRAGONFLY_SEEDS', announce: 'DRAGONFLY_ANNOUNCE' }

/** Runs `start`; an error about an address names its source. `named`: what the flags said. */
export async function withSource<T>(named: Settings, home: string | undefined, start: () => Promise<T>): Promise<T> {
  try {
    return await start()
  } catch (error) {
    const { code, message, hint } = error as { code?: unknown; message: string; hint?: string }
    const isNamed = code === 'bad-multiaddr' || code === 'bad-peer-id'
    const source = isNamed ? await sourceOf(message, named, home) : undefined
    if (!isNamed || source === undefined) throw error
    throw Object.assign(new UsageError(`${source}: ${message}`, hint, code), { cause: error })
  }
}

/** Messages quote what is wrong, or its beginning. */
async function sourceOf(message: string, named: Settings, home: string | undefined): Promise<string | undefined> {
  const quoted = /"(?:[^"\\]|\\.)*"/.exec(message)?.[0]
  if (quoted === undefined) return undefined
  const text: string = JSON.parse(quoted)
  const env = settingsOfEnv(process.env)
  const file = configFileOf(process.env, home)
  const written = await readConfigOf(process.env, home)
  for (const key of Object.keys(FLAGS) as Key[]) {
    const has = (settings: Settings) => settings[key]?.some(value => value.includes(text)) === true
    // the first one that names any counts, as in chooseSettings
    if (named[key] !== undefined) {
      if (has(named)) return FLAGS[key]
    } else if (env[key] !== undefined) {
      if (has(env)) return VARIABLES[key]
    } else if (has(written)) return `${file}: ${key}`
  }
  return undefined
}
