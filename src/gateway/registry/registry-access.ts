// How registries are asked: with what the engine shows, else by the gateway's own tokens; and how their refusals go to the engine.
import type { Readable } from 'node:stream'
import type { RegistryClient } from '../../origin/registries/registry-client.ts'
import { loginOf } from '../../origin/registries/tokens.ts'
import type { Upstream } from '../../origin/upstream.ts'
import type { RegistryAuth } from '../auth/auth.ts'
import type { Asked } from './asked.ts'
import { passBack } from './pass-back.ts'

/** A request that changes nothing. */
export interface RegistryRequest {
  method: 'GET' | 'HEAD'
  url: URL
  /** Names and values in turn. */
  headers: readonly string[]
  signal: AbortSignal
}

/** An answer with its headers as they came, names and values in turn. */
export interface RegistryAnswer {
  status: number
  headers: readonly string[]
  body: Readable
}

/** What may be shown to a registry by whoever reads for a guest. */
export interface Shown {
  authorization: string | undefined
  /** Not anything that not anybody could show: what is read that way is public. */
  anonymous: boolean
}

/** `repository`: of a request to one; its tokens are for reading there. */
type Place = Pick<Asked, 'registry' | 'upstream' | 'authorization' | 'reading'> & { repository: string }

export class RegistryAccess {
  readonly #auth: RegistryAuth
  readonly #clients = new Map<Upstream, RegistryClient>()

  constructor(auth: RegistryAuth) {
    this.#auth = auth
  }

  /** Sends once, and again with a token where the registry wants one. Rejects with undici's errors or the abort. */
  async send(place: Place, { method, url, headers, signal }: RegistryRequest): Promise<RegistryAnswer> {
    const registry = new URL(place.registry.origin)
    const { authorization } = place
    return await this.#clientOf(place).request({
      registry,
      method,
      path: url.pathname + url.search,
      headers,
      scope: scopeOf(place),
      ...(authorization !== undefined && { authorization }),
      onToken: place.reading?.waitedForToken,
      signal,
    })
  }

  /** What those show who read `url` for the guest by themselves: this node, and seeds. Rejects with the abort alone. */
  async shown(place: Place, url: URL, signal: AbortSignal): Promise<Shown> {
    const { authorization } = place
    const registry = new URL(place.registry.origin)
    if (authorization !== undefined && loginOf(authorization) === undefined)
      return { authorization, anonymous: this.#auth.tokens.isAnonymous(registry, authorization) }
    const login = authorization !== undefined && { authorization }
    const question = {
      registry,
      scope: scopeOf(place),
      path: url.pathname + url.search,
      ...login,
      onToken: place.reading?.waitedForToken,
      signal,
    }
    // without a token only what is here, and public, can be given
    return await this.#clientOf(place)
      .authorization(question)
      .catch(() => {
        signal.throwIfAborted()
        return { authorization: undefined, anonymous: true }
      })
  }

  /** Passes an answer on; an engine that a mirror sends to a token server asks it through the gateway. Never rejects. */
  async passBack(asked: Asked, answer: RegistryAnswer): Promise<void> {
    const { guest, registry } = asked
    if (answer.status !== 401 || asked.isProxied) return await passBack(asked, answer)
    const headers = this.#auth.relay.redirected(answer.headers, new URL(registry.origin), guest.request)
    await passBack(asked, { ...answer, headers })
  }

  #clientOf({ upstream }: Place): RegistryClient {
    const client = this.#clients.get(upstream) ?? this.#auth.clientOver(upstream)
    this.#clients.set(upstream, client)
    return client
  }
}

function scopeOf({ repository }: Place): string {
  return `repository:${repository}:pull`
}

/**
 * The Authorization that an engine means. podman and skopeo send an empty name and password to a mirror for which they have no
 * login: that is none.
 */
export function meantAuthorization(header: string | undefined): string | undefined {
  if (header === undefined || header === '') return undefined
  const [, basic] = /^Basic +([A-Za-z0-9+/=]*)$/i.exec(header) ?? []
  return basic !== undefined && Buffer.from(basic, 'base64').toString('latin1') === ':' ? undefined : header
}
