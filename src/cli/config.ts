// Reads seeds, trusted peers and other settings: a flag wins over the environment, which wins over the config file, key by key.
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Limits } from '../index.ts'
import { absoluteShare } from './absolute-share.ts'
import { type Config, MAX_ENTRIES } from './config-schema.ts'
import { UsageError, unreadable } from './errors.ts'
import { configFault } from './generated/config.js'
import { checkedLimits, limitsOfConfig, limitsOfEnv, type NamedLimits } from './limit-flags.ts'
import { addOriginLimit, type OriginLimits, originLimitsOf, originLimitsOfEnv } from './origin-limits.ts'
import { chooseProxySettings, type ProxySettings, proxySettingsOfEnv, proxySettingsOfFile } from './proxy-flags.ts'

/** What a person named. A key that nobody named is left out. */
export interface Settings extends OriginLimits, ProxySettings {
  /** Multiaddrs ending in /p2p/PEERID. */
  seeds?: string[]
  bootstrap?: string[]
  /** Peer ids. */
  trust?: string[]
  /** Multiaddrs that others are told. */
  announce?: string[]
  /** Absolute path of the fleet file. */
  fleet?: string
  /** Patterns, as `allowOrigins` of the library. */
  allowOrigins?: string[]
  /** Folders to share by name: absolute paths, or NAME=PATH. */
  share?: string[]
  /** Of the config file alone. */
  connections?: NonNullable<Config['connections']>
  daemon?: DaemonUse
  /** Of the config file alone. */
  web?: string
  /** Of the config file alone. */
  linkWorkers?: number | string
  /** Rates of the node. */
  limits?: NamedLimits
  /** Of the config file alone. */
  gateway?: GatewayConfig
}

/** The key `gateway`. */
export type GatewayConfig = NonNullable<Config['gateway']>

/** Whether a download goes through the daemon of this host; see CONFIG_SCHEMA. */
export type DaemonUse = NonNullable<Config['daemon']>

const DAEMON_USES: readonly string[] = ['use', 'auto', 'never'] satisfies readonly DaemonUse[]

/** Beside config.json, as `df fleet init` makes it. */
const FLEET_FILE = 'fleet.json'
const MAX_CONFIG_BYTES = 1024 * 1024

type Connecting = OriginLimits & ProxySettings & Pick<Settings, 'limits'>
type Chosen = Required<
  Omit<Settings, keyof Connecting | 'daemon' | 'gateway' | 'web' | 'linkWorkers' | 'fleet' | 'connections' | 'share'>
> &
  Connecting &
  Pick<Settings, 'fleet' | 'connections' | 'share'>

/** What a command needs: flags replace the environment, which replaces the file of a home. Trust includes every seed. */
export async function readSettings(
  flags: Settings,
  env: NodeJS.ProcessEnv,
  home: string | undefined,
): Promise<Omit<Chosen, 'limits'> & { limits?: Limits }> {
  const file = await readConfigOf(env, home)
  const named = settingsOfEnv(env)
  const { limits = {}, ...chosen } = chooseSettings(flags, named, file)
  const fleet = chosen.fleet ?? (await fleetFileOf(home))
  return {
    ...chosen,
    ...(fleet !== undefined && { fleet }),
    ...(await checkedLimits(limits)),
    ...(await chooseProxySettings(flags, named, file)),
  }
}

/** A fleet file in the home folder needs no naming. */
async function fleetFileOf(home: string | undefined): Promise<string | undefined> {
  if (home === undefined) return undefined
  const file = path.join(home, FLEET_FILE)
  return (await isThere(file)) ? file : undefined
}

/** What the file of a home says of the gateway. */
export async function readGatewayConfig(home: string): Promise<GatewayConfig> {
  const { gateway = {} } = await readConfigOf(process.env, home)
  return gateway
}

/** As a flag, the environment or the file of a home says; `use` when none does. */
export async function readDaemonUse(isRefused: boolean, env: NodeJS.ProcessEnv, home: string | undefined): Promise<DaemonUse> {
  if (isRefused) return 'never'
  const named = env.DRAGONFLY_DAEMON || undefined
  if (named !== undefined && !DAEMON_USES.includes(named)) {
    throw new UsageError(`DRAGONFLY_DAEMON must be one of ${DAEMON_USES.join(', ')}`)
  }
  const file = await readConfigOf(env, home)
  return (named as DaemonUse | undefined) ?? file.daemon ?? 'use'
}

/** All but the proxy, which the library checks. */
export function chooseSettings(flags: Settings, env: Settings, file: Settings): Chosen {
  const seeds = flags.seeds ?? env.seeds ?? file.seeds ?? []
  const bootstrap = flags.bootstrap ?? env.bootstrap ?? file.bootstrap ?? []
  const trusted = flags.trust ?? env.trust ?? file.trust ?? []
  const trust = [...new Set([...seeds.flatMap(peerIdOf), ...trusted])]
  const allowOrigins = flags.allowOrigins ?? env.allowOrigins ?? file.allowOrigins ?? []
  const announce = flags.announce ?? env.announce ?? file.announce ?? []
  const share = flags.share ?? file.share
  const fleet = flags.fleet ?? env.fleet ?? file.fleet
  const limits = { ...file.limits, ...env.limits, ...flags.limits }
  const named = Object.keys(limits).length > 0 && { limits }
  return {
    ...originLimitsOf({ ...file, ...env, ...flags }),
    seeds,
    bootstrap,
    trust,
    announce,
    allowOrigins,
    ...named,
    ...(share !== undefined && { share }),
    ...(fleet !== undefined && { fleet }),
    ...(file.connections !== undefined && { connections: file.connections }),
  }
}

/** DRAGONFLY_SEEDS, DRAGONFLY_ANNOUNCE and DRAGONFLY_ALLOW_ORIGIN: commas or spaces between the entries. Empty is as good as unset. */
export function settingsOfEnv(env: NodeJS.ProcessEnv): Settings {
  const seeds = entriesOf(env, 'DRAGONFLY_SEEDS')
  const allowOrigins = entriesOf(env, 'DRAGONFLY_ALLOW_ORIGIN')
  const announce = entriesOf(env, 'DRAGONFLY_ANNOUNCE')
  const limits = limitsOfEnv(env)
  const fleet = env.DRAGONFLY_FLEET_FILE || undefined
  return {
    ...originLimitsOfEnv(env),
    ...proxySettingsOfEnv(env),
    ...(Object.keys(limits).length > 0 && { limits }),
    ...(seeds.length > 0 && { seeds }),
    ...(announce.length > 0 && { announce }),
    ...(fleet !== undefined && { fleet: path.resolve(fleet) }),
    ...(allowOrigins.length > 0 && { allowOrigins }),
  }
}

function entriesOf(env: NodeJS.ProcessEnv, name: string): string[] {
  return bounded(
    (env[name] ?? '').split(/[\s,]+/).filter(part => part !== ''),
    name,
  )
}

/** The config file of a home, or the one that DRAGONFLY_CONFIG names in its place, which has to be there. */
export async function readConfigOf(env: NodeJS.ProcessEnv, home: string | undefined): Promise<Settings> {
  const file = configFileOf(env, home)
  if (file === undefined) return {}
  if (file === configFileOf({}, home) || (await isThere(file))) return await readConfig(file)
  throw new UsageError(`DRAGONFLY_CONFIG: there is no file ${file}`)
}

export function configFileOf({ DRAGONFLY_CONFIG: named }: NodeJS.ProcessEnv, home: string | undefined): string | undefined {
  if (named) return path.resolve(named)
  return home === undefined ? undefined : path.join(home, 'config.json')
}

/** Reads the config file; none is an empty one. Rejects with a UsageError that names the file and the key. */
export async function readConfig(file: string): Promise<Settings> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // a home of somebody else has no file for us
    if (code === 'ENOENT' || !(await isThere(file))) return {}
    throw unreadable(`the config file ${file}`, error)
  }
  return parseConfig(text, file)
}

async function isThere(file: string): Promise<boolean> {
  return await stat(file).then(
    () => true,
    () => false,
  )
}

export function parseConfig(text: string, file: string): Settings {
  if (Buffer.byteLength(text) > MAX_CONFIG_BYTES) throw new UsageError(`${file}: longer than ${MAX_CONFIG_BYTES} bytes`)
  const config = parseJson(text, file)
  const fault = configFault(config)
  if (fault !== undefined) throw new UsageError(`${file}: ${fault.message}`, fault.hint)
  const { originLimit, originConnections, limit, uploadLimit, totalLimit, fleet, share, ...settings } = config as Config
  const limits: OriginLimits = {}
  if (originLimit !== undefined) addOriginLimit(limits, 'originLimit', originLimit, file)
  if (originConnections !== undefined) addOriginLimit(limits, 'originConnections', originConnections, file)
  const rates = limitsOfConfig(
    {
      ...(limit !== undefined && { limit }),
      ...(uploadLimit !== undefined && { uploadLimit }),
      ...(totalLimit !== undefined && { totalLimit }),
    },
    file,
  )
  return {
    ...settings,
    ...(fleet !== undefined && { fleet: path.resolve(path.dirname(file), fleet) }),
    ...(share !== undefined && { share: share.map(text => absoluteShare(text, path.dirname(file))) }),
    ...limits,
    ...proxySettingsOfFile(config as Config, file),
    ...(Object.keys(rates).length > 0 && { limits: rates }),
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UsageError(`${file}: not JSON: ${(error as Error).message}`)
  }
}

function bounded(entries: string[], where: string): string[] {
  if (entries.length > MAX_ENTRIES) throw new UsageError(`${where}: more than ${MAX_ENTRIES} entries`)
  return entries
}

/** The peer id at the end of a multiaddr; whether both are well formed is for the library to say. */
function peerIdOf(multiaddr: string): string[] {
  const match = /\/p2p\/([^/]+)$/.exec(multiaddr)
  return match?.[1] === undefined ? [] : [match[1]]
}
