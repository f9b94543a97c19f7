// Manifests: the registry's answer counts; what it has shown once answers again by digest, and by tag when it is down.
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { pairsOf } from '../../origin/raw-headers.ts'
import { endToEnd } from '../front/relay.ts'
import { type Asked, headersFor } from './asked.ts'
import { type Manifest, ManifestCache } from './manifest-cache.ts'
import { refuse } from './refusals.ts'
import type { RegistryAccess, RegistryAnswer } from './registry-access.ts'
import { discard, headerOf } from './registry-read.ts'
import { isSha256 } from './routes.ts'
import type { MirrorSettings } from './settings.ts'
import type { Sizes } from './sizes.ts'

export interface ManifestAsked extends Asked {
  name: string
  /** Tag or digest. */
  reference: string
  isDigest: boolean
}

/** Larger ones are passed through: the specification asks registries for 4 MiB. */
const MAX_BYTES = 4 * 1024 * 1024
/** How long the registry may be silent when there is something to answer without it, ms. */
const PATIENCE_MS = 10_000
/** Their digest is not that of their bytes. */
const SIGNED = 'application/vnd.docker.distribution.manifest.v1'

export class Manifests {
  readonly #cache: ManifestCache
  readonly #access: RegistryAccess
  readonly #sizes: Sizes

  constructor(settings: MirrorSettings, access: RegistryAccess, sizes: Sizes) {
    this.#cache = new ManifestCache(settings)
    this.#access = access
    this.#sizes = sizes
  }

  async answer(asked: ManifestAsked): Promise<void> {
    const { headers } = asked.guest.request
    // whoever asks with conditions or for parts gets the registry's own answer
    const isPlain = headers['if-none-match'] === undefined && headers['if-match'] === undefined && headers.range === undefined
    if (!isPlain) return await this.#passed(asked)
    const fresh = this.#cache.fresh(asked)
    if (fresh !== undefined) return give(asked, fresh)
    const stale = this.#cache.stale(asked)
    const known = stale ?? this.#cache.body(asked)
    const answer = await this.#ask(asked, known, stale !== undefined)
    if (answer === undefined || answer.status >= 500) {
      if (asked.guest.gone.aborted) return void asked.guest.response.destroy()
      if (stale !== undefined) {
        if (answer !== undefined) discard(answer)
        return give(asked, stale, true)
      }
      return answer === undefined ? refuse(asked.guest, 'unreachable') : await this.#access.passBack(asked, answer)
    }
    if (answer.status === 304 && known !== undefined) {
      discard(answer)
      this.#keep(asked, known)
      return give(asked, known)
    }
    if (answer.status !== 200) return await this.#access.passBack(asked, answer)
    if (asked.guest.request.method === 'HEAD') return await this.#head(asked, answer, known)
    await this.#take(asked, answer)
  }

  async #passed(asked: ManifestAsked): Promise<void> {
    const answer = await this.#send(asked, {}, methodOf(asked), asked.guest.gone).catch(() => undefined)
    if (answer === undefined) return refuse(asked.guest, 'unreachable')
    await this.#access.passBack(asked, answer)
  }

  /** Undefined: no answer. */
  async #ask(asked: ManifestAsked, known: Manifest | undefined, canWaitLess: boolean): Promise<RegistryAnswer | undefined> {
    const { gone } = asked.guest
    const signal = canWaitLess ? AbortSignal.any([gone, AbortSignal.timeout(PATIENCE_MS)]) : gone
    const condition = known === undefined ? undefined : `"${known.digest}"`
    return await this.#send(asked, { 'if-none-match': condition }, methodOf(asked), signal).catch(() => undefined)
  }

  async #send(asked: ManifestAsked, more: Record<string, string | undefined>, method: 'GET' | 'HEAD', signal: AbortSignal) {
    // as it is, so that it can be compared with its digest
    const headers = endToEnd(headersFor(asked, { 'accept-encoding': 'identity', host: undefined, ...more }))
    return await this.#access.send({ ...asked, repository: asked.name }, { method, url: asked.url, headers, signal })
  }

  /** Engines drop a mirror, or ask again, for a HEAD without length or digest: then the manifest itself is read. */
  async #head(asked: ManifestAsked, answer: RegistryAnswer, known: Manifest | undefined): Promise<void> {
    const digest = headerOf(answer.headers, 'docker-content-digest')
    const isWhole = digest !== undefined && headerOf(answer.headers, 'content-length') !== undefined
    discard(answer)
    if (isWhole && known?.digest === digest) {
      this.#keep(asked, known)
      return give(asked, known)
    }
    if (isWhole) return void asked.guest.response.writeHead(200, endToEnd(answer.headers)).end()
    const whole = await this.#send(asked, {}, 'GET', asked.guest.gone).catch(() => undefined)
    if (whole === undefined) return refuse(asked.guest, 'unreachable')
    if (whole.status === 200) return await this.#take(asked, whole)
    discard(whole)
    asked.guest.response.writeHead(whole.status, endToEnd(whole.headers)).end()
  }

  /** Reads a manifest, checks and keeps it, and passes it on. */
  async #take(asked: ManifestAsked, answer: RegistryAnswer): Promise<void> {
    const { guest, reference, isDigest } = asked
    const type = headerOf(answer.headers, 'content-type') ?? 'application/octet-stream'
    const length = Number(headerOf(answer.headers, 'content-length') ?? 0)
    const isCoded = headerOf(answer.headers, 'content-encoding') !== undefined
    const isOther = isDigest && !isSha256(reference)
    if (type.startsWith(SIGNED) || length > MAX_BYTES || isCoded || isOther) return await this.#access.passBack(asked, answer)
    let body: Buffer | Readable
    try {
      body = await bytesOf(answer.body)
    } catch {
      return guest.gone.aborted ? void guest.response.destroy() : refuse(guest, 'unreachable')
    }
    if (!Buffer.isBuffer(body)) return await this.#access.passBack(asked, { ...answer, body })
    const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`
    if (isDigest && digest !== reference) return refuse(guest, 'corrupt')
    const named = headerOf(answer.headers, 'docker-content-digest')
    // a registry that names its manifests by another algorithm is believed, and nothing is kept
    if (named !== undefined && named !== digest) return passOn(asked, answer, body, named)
    this.#keep(asked, { digest, type, body })
    passOn(asked, answer, body, digest)
  }

  #keep(asked: ManifestAsked, manifest: Manifest): void {
    this.#cache.keep(asked, manifest)
    this.#sizes.learn(asked, manifest.body)
  }
}

function methodOf({ guest }: ManifestAsked): 'GET' | 'HEAD' {
  return guest.request.method === 'HEAD' ? 'HEAD' : 'GET'
}

/** The whole; where that is too much to keep, all of it as a stream. */
async function bytesOf(body: RegistryAnswer['body']): Promise<Buffer | Readable> {
  const parts: Uint8Array[] = []
  let length = 0
  const rest = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
    length += next.value.byteLength
    parts.push(next.value)
    if (length > MAX_BYTES) return Readable.from(following(parts, rest), { objectMode: false })
  }
  return Buffer.concat(parts)
}

async function* following(parts: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* parts
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}

/** The registry's answer, with length and digest in any case. */
function passOn({ guest }: ManifestAsked, answer: RegistryAnswer, body: Buffer, digest: string): void {
  const headers = pairsOf(endToEnd(answer.headers)).filter(([name]) => !/^(content-length|docker-content-digest)$/i.test(name))
  guest.response.writeHead(200, [...headers.flat(), 'Docker-Content-Digest', digest, 'Content-Length', String(body.byteLength)])
  guest.response.end(guest.request.method === 'HEAD' ? undefined : body)
}

function give({ guest }: ManifestAsked, { digest, type, body }: Manifest, isStale = false): void {
  guest.response.writeHead(200, {
    'content-type': type,
    'content-length': body.byteLength,
    'docker-content-digest': digest,
    'docker-distribution-api-version': 'registry/2.0',
    etag: `"${digest}"`,
    ...(isStale && { warning: '111 - "Revalidation Failed"' }),
  })
  guest.response.end(guest.request.method === 'HEAD' ? undefined : body)
}
