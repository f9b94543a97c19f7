// Whom to ask and whom to trust: from flags, else the environment, else the config file, each key on its own.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { UsageError } from './errors.ts'
import {
  addOriginLimit,
  isOriginLimit,
  ORIGIN_LIMITS,
  type OriginLimits,
  originLimitsOf,
  originLimitsOfEnv,
} from './origin-limits.ts'

/** Peers and limits as a person named them. A key that nobody named is left out. */
export interface Peers extends OriginLimits {
  /** Multiaddrs ending in /p2p/PEERID. */
  seeds?: string[]
  bootstrap?: string[]
  /** Peer ids. */
  trust?: string[]
}

const KEYS = ['seeds', 'bootstrap', 'trust'] as const
const KNOWN = [...KEYS, ...ORIGIN_LIMITS]
const MAX_ENTRIES = 256
const MAX_CONFIG_BYTES = 1024 * 1024

type Chosen = Required<Omit<Peers, keyof OriginLimits>> & OriginLimits

/** What a command needs: flags replace the environment, which replaces the file. Trust includes every seed. */
export async function readPeers(flags: Peers, env: NodeJS.ProcessEnv, home: string): Promise<Chosen> {
  const file = await readConfig(path.join(home, 'config.json'))
  return choosePeers(flags, peersOfEnv(env), file)
}

export function choosePeers(flags: Peers, env: Peers, file: Peers): Chosen {
  const seeds = flags.seeds ?? env.seeds ?? file.seeds ?? []
  const bootstrap = flags.bootstrap ?? env.bootstrap ?? file.bootstrap ?? []
  const named = flags.trust ?? env.trust ?? file.trust ?? []
  const trust = [...new Set([...seeds.flatMap(peerIdOf), ...named])]
  return { ...originLimitsOf({ ...file, ...env, ...flags }), seeds, bootstrap, trust }
}

/** DRAGONFLY_SEEDS: multiaddrs with commas or spaces between them. Empty is as good as unset. */
export function peersOfEnv(env: NodeJS.ProcessEnv): Peers {
  const seeds = (env.DRAGONFLY_SEEDS ?? '').split(/[\s,]+/).filter(part => part !== '')
  return { ...originLimitsOfEnv(env), ...(seeds.length > 0 && { seeds: bounded(seeds, 'DRAGONFLY_SEEDS') }) }
}

/** Reads the config file; none is an empty one. Rejects with a UsageError that names the file and the key. */
export async function readConfig(file: string): Promise<Peers> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return {}
    throw new UsageError(`cannot read the config file ${file}: ${code}`)
  }
  return parseConfig(text, file)
}

export function parseConfig(text: string, file: string): Peers {
  if (Buffer.byteLength(text) > MAX_CONFIG_BYTES) throw new UsageError(`${file}: longer than ${MAX_CONFIG_BYTES} bytes`)
  const config = parseJson(text, file)
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new UsageError(`${file}: not an object`, `write {"seeds": ["/ip4/…/p2p/…"]}`)
  }
  const peers: Peers = {}
  for (const [key, value] of Object.entries(config)) {
    if (isOriginLimit(key)) {
      addOriginLimit(peers, key, value, file)
      continue
    }
    if (!isKey(key))
      throw new UsageError(`${file}: unknown key ${JSON.stringify(key.slice(0, 50))}`, `known are ${KNOWN.join(', ')}`)
    if (!Array.isArray(value) || !value.every(entry => typeof entry === 'string')) {
      throw new UsageError(`${file}: ${key} is not a list of strings`)
    }
    peers[key] = bounded(value, `${file}: ${key}`)
  }
  return peers
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

function isKey(key: string): key is (typeof KEYS)[number] {
  return (KEYS as readonly string[]).includes(key)
}

/** The peer id at the end of a multiaddr; whether both are well formed is for the library to say. */
function peerIdOf(multiaddr: string): string[] {
  const match = /\/p2p\/([^/]+)$/.exec(multiaddr)
  return match?.[1] === undefined ? [] : [match[1]]
}
