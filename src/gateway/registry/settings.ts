// What config.json says about registries, and which URL a registry is read at.
import { isIP } from 'node:net'
import { DragonflyError } from '../../core/errors.ts'
import { parseHost } from './routes.ts'

export interface RegistrySettings {
  /** `http://HOST[:PORT]` or `https://…`. Default: https at the registry's own name; http on loopback. */
  url?: string
  /** PEM file of the certificate authorities of this registry. Default: those of other origins. */
  ca?: string
}

export interface MirrorSettings {
  /** The registry of requests that name none. Default `docker.io`. */
  registry?: string
  /** By host and port, as in image names. */
  registries?: Readonly<Record<string, RegistrySettings>>
  /** Whether any registry may be asked for. Default: only when the gateway listens on a loopback address. */
  anyRegistry?: boolean
  /** A file of logins as docker and podman write it: used for guests that show none of their own. Default: nobody's. */
  credentials?: string
  /** A tag's last digest answers for so long without a question to the registry, seconds. Default 0. */
  tagAge?: number
  /** And for so long when the registry is down, seconds. Default 86,400. */
  staleTags?: number
}

/** A registry and how it is reached. */
export interface Registry {
  /** As in image names. */
  host: string
  /** Scheme, host, port. */
  origin: string
  ca: string | undefined
}

export const DEFAULT_REGISTRY = 'docker.io'
const HUB = 'https://registry-1.docker.io'
const HUB_NAMES = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com'])

/** The registries that one gateway may ask. */
export class Registries {
  readonly #default: string
  readonly #named: ReadonlyMap<string, Registry>
  readonly #isOpen: boolean

  /** Throws `bad-option`. `listen`: the address of the gateway. */
  constructor({ registry, registries = {}, anyRegistry }: MirrorSettings, listen: string) {
    this.#default = hostOf(registry ?? DEFAULT_REGISTRY)
    const named = Object.entries(registries).map(([name, settings]) => configured(hostOf(name), settings))
    this.#named = new Map(named.map(one => [one.host, one]))
    this.#isOpen = anyRegistry ?? isLoopback(listen)
  }

  /** The registry of that name, or the default one; undefined: it may not be asked for. */
  find(name = this.#default): Registry | undefined {
    const host = canonical(name)
    const known = this.#named.get(host)
    if (known !== undefined) return known
    if (this.#isOpen || host === DEFAULT_REGISTRY || host === this.#default) return configured(host, {})
    return undefined
  }

  get isDefaultNamed(): boolean {
    return this.#default !== DEFAULT_REGISTRY
  }
}

/** Whether `host`, with or without a port, is this machine by its loopback interface. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[(.*)\](?::\d+)?$/, '$1')
  const bare = isIP(name) === 0 ? name.replace(/:\d+$/, '') : name
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'))
}

function canonical(host: string): string {
  return HUB_NAMES.has(host) ? DEFAULT_REGISTRY : host
}

function hostOf(name: string): string {
  const host = parseHost(name)
  if (host === undefined)
    throw new DragonflyError('bad-option', `gateway: not a registry: ${JSON.stringify(name.slice(0, 100))}`, {
      hint: 'write docker.io or reg.example.org:5000',
    })
  return canonical(host)
}

function configured(host: string, { url, ca }: RegistrySettings): Registry {
  const usual = host === DEFAULT_REGISTRY ? HUB : `${isLoopback(host) ? 'http' : 'https'}://${host}`
  const parsed = URL.parse(url ?? usual)
  const isWeb = parsed?.protocol === 'http:' || parsed?.protocol === 'https:'
  if (parsed === null || !isWeb || parsed.pathname !== '/' || parsed.search !== '' || parsed.username !== '')
    throw new DragonflyError('bad-option', `gateway: the URL of ${host} is not one of a registry`, {
      hint: 'write http://HOST:PORT or https://HOST:PORT',
    })
  return { host, origin: parsed.origin, ca }
}
