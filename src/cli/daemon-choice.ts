// Whether a download goes through the daemon of this host, or runs in this process.
import type { DaemonClient } from '../client/index.ts'
import { readDaemonUse, readSettings } from './config.ts'
import type { GetFlags } from './get-flags.ts'
import { settingsOf } from './get-options.ts'
import { routeOf } from './route.ts'

/** How long a daemon that `df get` started stays without a download. */
const IDLE = '5m'

/**
 * The daemon to use; undefined: run in this process, because none runs, or what the flags ask for is a matter of a node of one's
 * own. Rejects with `no-daemon` when one runs that cannot be talked to, and with a UsageError for a malformed configuration.
 */
export async function chooseDaemon(flags: GetFlags): Promise<DaemonClient | undefined> {
  if (needsOwnNode(flags)) return undefined
  const { controlPath, findDaemon, HOST_SOCKET, homeIfAny } = await import('../client/index.ts')
  const home = homeIfAny()
  const use = await readDaemonUse(flags.daemon === false, process.env, home)
  if (use === 'never') return undefined
  const own = home === undefined ? [] : [controlPath(home)]
  const shared = process.env.DRAGONFLY_SOCKET || HOST_SOCKET
  const found = await findDaemon(process.platform === 'win32' ? own : [...own, shared])
  const daemon = found ?? (use === 'auto' && home !== undefined ? await startAndLeave() : undefined)
  if (daemon === undefined || (await hasSameTies(daemon, flags, home))) return daemon
  await daemon.stop()
  return undefined
}

/** What is a matter of the node and not of one download. */
function needsOwnNode(flags: GetFlags): boolean {
  const { listen, announce, fleet, store, trace, linger, retry, connectTimeout } = flags
  return [listen, announce, fleet, store, trace, retry, connectTimeout].some(flag => flag !== undefined) || linger > 0
}

async function startAndLeave(): Promise<DaemonClient> {
  const { startInBackground } = await import('./daemon.ts')
  return await startInBackground(['daemon', 'start', '--idle', IDLE], async running => running)
}

/** Whether it asks and believes everybody whom this user wants asked and believed. */
async function hasSameTies(daemon: DaemonClient, flags: GetFlags, home: string | undefined): Promise<boolean> {
  const settings = await readSettings(settingsOf(flags), process.env, home)
  const { seeds, bootstrap, trust } = settings
  const route = routeOf(settings, process.env)
  const { ties } = daemon.hello
  const covers = (has: readonly string[], wanted: readonly string[]) => wanted.every(one => has.includes(one))
  if (route !== '' && route !== ties.route) return false
  return covers(ties.seeds, seeds) && covers(ties.bootstrap, bootstrap) && covers(ties.trust, trust)
}
