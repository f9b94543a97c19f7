// The registry mirror: what container engines ask for below /v2/, answered out of the swarm or by the registry that is meant.
import { randomUUID } from 'node:crypto'
import type { Reading, RegistryReads } from '../../daemon/registry-reads.ts'
import type { DragonflyNode } from '../../node/api/dragonfly-node.ts'
import type { Upstream, UpstreamAnswer, UpstreamSettings } from '../../origin/upstream.ts'
import type { RegistryAuth } from '../auth/auth.ts'
import { type Guest, type Handler, isSameHost } from '../front/guest.ts'
import { ask } from '../front/relay.ts'
import { type Asked, headersFor, identityOf } from './asked.ts'
import { Blobs } from './blobs.ts'
import { Manifests } from './manifests.ts'
import { isLocalName, isSelf } from './own-address.ts'
import { refuse } from './refusals.ts'
import { meantAuthorization, RegistryAccess } from './registry-access.ts'
import { parseTarget } from './routes.ts'
import { isLoopback, type MirrorSettings, Registries } from './settings.ts'
import { Sizes } from './sizes.ts'
import { Upstreams } from './upstreams.ts'

export interface MirrorSetup {
  node: DragonflyNode
  upstream: Upstream
  upstreamSettings: UpstreamSettings
  settings: MirrorSettings
  /** The address that the gateway listens on. */
  listen: string
  auth: RegistryAuth
  reads: RegistryReads
}

/** What `GET /v2/` may wait for the registry, ms: engines ask it before everything else. */
const PING_MS = 5000

export class Mirror {
  readonly #registries: Registries
  readonly #upstreams: Upstreams
  readonly #blobs: Blobs
  readonly #manifests: Manifests
  readonly #via = `1.1 dragonfly-${randomUUID().slice(0, 13)}`
  readonly #isLocal: boolean
  readonly #hasLogins: boolean
  readonly #auth: RegistryAuth
  readonly #access: RegistryAccess
  readonly #reads: RegistryReads

  /** Throws `bad-option`. */
  constructor({ node, upstream, upstreamSettings, settings, listen, auth, reads }: MirrorSetup) {
    this.#reads = reads
    this.#registries = new Registries(settings, listen)
    this.#upstreams = new Upstreams(upstream, upstreamSettings)
    this.#isLocal = isLoopback(listen)
    this.#hasLogins = settings.credentials !== undefined
    const sizes = new Sizes()
    this.#auth = auth
    this.#access = new RegistryAccess(auth)
    this.#blobs = new Blobs(node, { upstreams: this.#upstreams, access: this.#access, sizes })
    this.#manifests = new Manifests(settings, this.#access, sizes)
  }

  readonly handle: Handler = async guest => {
    const { request } = guest
    // a web page whose name was made to point here must not read what this host may read
    if (this.#isLocal && !isLocalName(request.headers.host)) return refuse(guest, 'misdirected')
    if (this.#auth.relay.isAsked(request)) return await this.#auth.relay.handle(guest)
    const target = parseTarget(request.url ?? '')
    if (target === undefined) return refuse(guest, 'not-a-registry-path')
    if (request.headers.via?.includes(this.#via) === true) return refuse(guest, 'loop')
    const registry = this.#registries.find(target.host)
    if (registry === undefined) return refuse(guest, 'not-allowed')
    const url = URL.parse(registry.origin + target.route.path + target.query)
    if (url === null) return refuse(guest, 'not-a-registry-path')
    if (isSelf(url, guest)) return refuse(guest, 'loop')
    const upstream = this.#upstreams.of(registry)
    const authorization = meantAuthorization(request.headers.authorization)
    const identity = identityOf(authorization)
    await this.#answer({ guest, target, registry, upstream, url, authorization, identity, isProxied: false, via: this.#via })
  }

  /** What a proxy was asked for at this URL: a GET or HEAD below /v2/ of the registry that is there. */
  async handleAt(guest: Guest, url: URL): Promise<void> {
    const target = parseTarget(url.pathname + url.search)
    if (target === undefined || target.host !== undefined) return refuse(guest, 'not-a-registry-path')
    const registry = { host: url.host, origin: url.origin, ca: this.#registries.find(url.host)?.ca }
    const authorization = meantAuthorization(guest.request.headers.authorization)
    const identity = identityOf(authorization)
    const upstream = this.#upstreams.of(registry)
    await this.#answer({ guest, target, registry, upstream, url, authorization, identity, isProxied: true, via: this.#via })
  }

  async stop(): Promise<void> {
    await this.#upstreams.stop()
  }

  async #answer(asked: Asked): Promise<void> {
    const { route } = asked.target
    const { method } = asked.guest.request
    const reads = method === 'GET' || method === 'HEAD'
    if (route.kind === 'base' && reads) return await this.#ping(asked)
    if (route.kind === 'blob' && reads && asked.target.query === '') {
      const reading = method === 'GET' ? this.#reading(asked, 'blob', route.name, route.digest) : undefined
      const blob = { ...asked, reading, name: route.name, digest: route.digest }
      return method === 'GET' ? await this.#blobs.get(blob) : await this.#blobs.head(blob)
    }
    if (route.kind === 'manifest' && reads && asked.target.query === '') {
      const reading = this.#reading(asked, 'manifest', route.name, route.reference)
      const { name, reference, isDigest } = route
      return await this.#manifests.answer({ ...asked, reading, name, reference, isDigest })
    }
    await this.#access.passBack(asked, await this.#pass(asked, asked.guest.gone))
  }

  #reading({ guest, registry }: Asked, kind: 'manifest' | 'blob', repository: string, reference: string): Reading {
    const reading = this.#reads.begin({ registry: registry.host, repository, kind, reference })
    const { response } = guest
    const { socket } = response
    const before = socket?.bytesWritten ?? 0
    response.once('close', () => {
      reading.ended(response.statusCode, (socket?.bytesWritten ?? before) - before, !response.writableFinished)
    })
    return reading
  }

  /**
   * Docker, podman and skopeo learn from `GET /v2/` how to log in, so the registry's own answer is given where the request names
   * one. A mirror is there even when the registry is not: what the swarm has can be read.
   */
  async #ping(asked: Asked): Promise<void> {
    const { guest, target } = asked
    // these clients name the registry in later requests only, and show their login for it only if they were asked for one here
    if (target.host === undefined && !this.#registries.isDefaultNamed && namesLater(guest))
      return guest.request.headers.authorization === undefined && isSameHost(guest.request) ? askLogin(guest) : here(guest)
    // who shows no login is read for by the gateway's own, and must not be sent to get a token of nobody's
    if (this.#hasLogins && asked.authorization === undefined) return here(guest)
    try {
      const answer = await this.#pass(asked, AbortSignal.any([guest.gone, AbortSignal.timeout(PING_MS)]))
      if (answer.status < 500) return await this.#access.passBack(asked, answer)
      answer.body.on('error', () => {}).destroy()
    } catch {
      if (guest.gone.aborted) return
    }
    here(guest)
  }

  async #pass(asked: Asked, gone: AbortSignal): Promise<UpstreamAnswer> {
    const { guest, upstream, url } = asked
    try {
      return await ask(upstream, { ...guest, gone }, url, headersFor(asked))
    } catch (error) {
      if (guest.gone.aborted || gone.aborted) throw error
      throw new Error(`the registry ${asked.registry.host} cannot be reached`)
    }
  }
}

/** Those of containers/image (podman, skopeo, buildah, CRI-O): the mirror's name in their configuration may end in a registry. */
function namesLater({ request }: Guest): boolean {
  return request.headers['docker-distribution-api-version'] !== undefined
}

function here({ request, response }: Guest): void {
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': 2,
    'docker-distribution-api-version': 'registry/2.0',
  })
  response.end(request.method === 'HEAD' ? undefined : '{}')
}

/**
 * Who has no login then shows an empty one. Not asked of other hosts: what they show must not cross a network in the clear. What is
 * shown goes to the registry that the path names, as it is or to its token server.
 */
function askLogin({ response }: Guest): void {
  response.writeHead(401, {
    'content-type': 'application/json',
    'content-length': 2,
    'docker-distribution-api-version': 'registry/2.0',
    'www-authenticate': 'Basic realm="dragonfly gateway"',
  })
  response.end('{}')
}
