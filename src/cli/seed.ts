// df seed start: runs a seed until SIGINT or SIGTERM.
import { type ServeFlags, serve } from './serve.ts'
import { usualListen } from './usual-port.ts'

/** Where seeds listen unless told otherwise. */
const SEED_LISTEN = usualListen()

/** Flags of `df seed start` as commander leaves them. */
export interface SeedFlags extends ServeFlags {
  /** Milliseconds. */
  expire?: number
  replicas?: number
}

/** Resolves to the exit code once the seed was told to stop, or could not start; whatever went wrong was told. */
export async function startSeed(flags: SeedFlags, name: string): Promise<number> {
  const options = {
    ...(flags.listen === undefined && { listen: SEED_LISTEN }),
    ...(flags.expire !== undefined && { expire: flags.expire }),
    ...(flags.replicas !== undefined && { replicas: flags.replicas }),
  }
  const readyOf = (addresses: readonly string[]) => readyText(addresses, name)
  // it is a seed all the same when nobody can control it
  const begin = { begin: (node: { seed(): Promise<void> }) => node.seed(), needsControl: false }
  return await serve(flags, { role: 'seed', options, ...begin, readyText: readyOf }, name)
}

/** What a person copies: every address, and a command that uses the one that other hosts can most likely reach. */
export function readyText(addresses: readonly string[], name: string): string {
  const best = addresses.find(address => !/^\/(ip4\/127\.|ip6\/::1\/)/.test(address)) ?? addresses[0]
  const hint = best === undefined ? [] : ['', 'On other hosts:', `  ${name} get --seed ${best} URL`]
  return `${['seed ready', ...addresses, ...hint].join('\n')}\n`
}
