// Says that this is the gateway, and how often it was asked: `df gateway check` reads it.
import type { IncomingMessage } from 'node:http'
import { LRUCache } from 'lru-cache'
import type { Guest } from './guest.ts'

/** No name of a registry and no path of a proxy request begins like this. */
export const HEALTH_PATH = '/_dragonfly/health'

/** Programs and repositories that are counted; beyond, the ones seen longest ago are forgotten. */
const MAX_COUNTED = 256
/** Longer names are not counted one by one. Characters. */
const MAX_NAME = 255

/** What `GET /_dragonfly/health` answers. */
export interface HealthReport {
  name: 'dragonfly'
  version: string
  role: 'seed' | 'daemon'
  /** Requests since the start, those for this page excepted. */
  requests: number
  /** With `?repository=NAME`: those for manifests and blobs of this repository, through any registry. */
  repositoryRequests?: number
  /** First product of the User-Agent → requests; for programs of this host only. */
  clients?: Record<string, number>
}

/** Counts requests. Names of repositories are told only to who knows them already. */
export class Health {
  readonly #about: Pick<HealthReport, 'version' | 'role'>
  #requests = 0
  readonly #clients = new LRUCache<string, number>({ max: MAX_COUNTED })
  readonly #repositories = new LRUCache<string, number>({ max: MAX_COUNTED })

  constructor({ version, role }: Pick<HealthReport, 'version' | 'role'>) {
    this.#about = { version, role }
  }

  /** Answers a request for the page; counts any other one and returns false. */
  handle({ request, response }: Pick<Guest, 'request' | 'response'>): boolean {
    const url = request.url ?? ''
    if (url !== HEALTH_PATH && !url.startsWith(`${HEALTH_PATH}?`)) {
      this.#count(request)
      return false
    }
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    const repository = new URLSearchParams(url.slice(HEALTH_PATH.length)).get('repository') ?? undefined
    const body = isRead ? `${JSON.stringify(this.#report(repository, isLoopback(request)))}\n` : ''
    response.writeHead(isRead ? 200 : 405, {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'content-length': Buffer.byteLength(body),
      ...(!isRead && { allow: 'GET, HEAD' }),
    })
    response.end(body)
    return true
  }

  #report(repository: string | undefined, isLocal: boolean): HealthReport {
    return {
      name: 'dragonfly',
      ...this.#about,
      requests: this.#requests,
      ...(repository !== undefined && { repositoryRequests: this.#requestsOf(repository) }),
      ...(isLocal && { clients: Object.fromEntries(this.#clients.entries()) }),
    }
  }

  #requestsOf(repository: string): number {
    const counts = [...this.#repositories.entries()]
    return counts
      .filter(([name]) => name === repository || name.endsWith(`/${repository}`))
      .reduce((sum, [, count]) => sum + count, 0)
  }

  #count(request: IncomingMessage): void {
    this.#requests++
    add(this.#clients, clientOf(request))
    add(this.#repositories, repositoryOf(request.url ?? ''))
  }
}

function add(counts: LRUCache<string, number>, name: string | undefined): void {
  if (name !== undefined && name.length <= MAX_NAME) counts.set(name, (counts.get(name) ?? 0) + 1)
}

/** `containerd` of `containerd/1.6.20`. */
function clientOf({ headers }: IncomingMessage): string | undefined {
  return /^[\w.-]+/.exec(headers['user-agent'] ?? '')?.[0]
}

/** Of a request for a manifest or a blob, in origin or absolute form. */
function repositoryOf(url: string): string | undefined {
  return /^[^?#]*?\/v2\/([^?#]+)\/(?:manifests|blobs)\//.exec(url)?.[1]
}

function isLoopback({ socket }: IncomingMessage): boolean {
  return /^(::1|(::ffff:)?127\.)/.test(socket.remoteAddress ?? '')
}
