// Finds what an image consists of: asks its registry for index and manifests, each checked by its digest.
import { createHash } from 'node:crypto'
import { DragonflyError } from '../../core/errors.ts'
import type { HeaderList } from '../../core/headers.ts'
import { bodyFailure, requestFailure, statusError } from '../failures.ts'
import {
  type BlobDescriptor,
  checkPlatform,
  forPlatform,
  hostPlatform,
  type ImageManifest,
  MANIFEST_TYPES,
  MAX_MANIFEST_BYTES,
  type ManifestDescriptor,
  parseManifest,
} from './image-manifest.ts'
import { type ImageReference, parseImage } from './image-reference.ts'
import type { RegistryAnswer, RegistryClient } from './registry-client.ts'
import { headerOf } from './token-servers.ts'

const MAX_REDIRECTS = 5
/** Indexes may be in indexes; nobody does it twice. */
const MAX_DEPTH = 2
/** Of one image, with all its platforms. */
const MAX_BLOBS = 10_000

export interface ImageBlob extends BlobDescriptor {
  url: string
}

export interface ResolvedImage {
  /** With registry and tag: docker.io/library/alpine:3 */
  name: string
  /** Of what the tag stands for now. */
  digest: string
  /** Configs and layers, each once. */
  blobs: ImageBlob[]
  /** What the registry has to be shown for a blob, valid when it is asked for; `anonymous`: anybody gets the blobs. */
  access(signal: AbortSignal): Promise<{ headers: HeaderList; anonymous: boolean }>
}

export interface ResolveOptions {
  /** `linux/amd64`, or `all`. Default: Linux on this host's processor. */
  platform?: string
  /** http for registries that are not on loopback, too. Default false. */
  plainHttp?: boolean
  signal: AbortSignal
}

/** Rejects with `bad-url`, `bad-digest`, `bad-option`, `origin-…` or the abort. */
export async function resolveImage(client: RegistryClient, text: string, options: ResolveOptions): Promise<ResolvedImage> {
  const { plainHttp = false, signal } = options
  const platform = checkPlatform(options.platform ?? hostPlatform())
  const reference = parseImage(text, plainHttp)
  const { repository, url } = reference
  const image = openImage(client, reference, signal)
  const { digest, manifests } = await image.manifestsFor(platform)
  const all = manifests.flatMap(({ config, layers }) => [config, ...layers])
  const blobs = new Map(all.map(({ digest, size }) => [digest, { digest, size }]))
  if (blobs.size > MAX_BLOBS) throw new DragonflyError('origin-lies', `${image.name} has more than ${MAX_BLOBS} blobs`)
  return {
    name: image.name,
    digest,
    blobs: [...blobs.values()].map(blob => ({ ...blob, url: `${url.origin}/v2/${repository}/blobs/${blob.digest}` })),
    access: image.access,
  }
}

export interface OpenImage extends Pick<ResolvedImage, 'name' | 'access'> {
  /** `digest`: of what the tag stands for now. Default: for this host's platform. */
  manifestsFor(platform?: string): Promise<{ digest: string; manifests: Manifest[] }>
}

type Manifest = ImageManifest & { kind: 'manifest' }

export function openImage(client: RegistryClient, image: ImageReference, signal: AbortSignal): OpenImage {
  const { registry, repository, version, url } = image
  const name = `${registry}/${repository}${version.startsWith('sha256:') ? '@' : ':'}${version}`
  const scope = `repository:${repository}:pull`
  const read = new ManifestReader(client, image, { name, scope, signal })
  return {
    name,
    manifestsFor: async (platform = hostPlatform()) => {
      const { digest, manifest } = await read.manifest(version)
      return { digest, manifests: await manifestsOf(read, manifest, platform, name) }
    },
    access: async signal => {
      const { authorization, anonymous } = await client.authorization({ registry: url, scope, signal })
      return { headers: authorization === undefined ? [] : [['authorization', authorization]], anonymous }
    },
  }
}

async function manifestsOf(
  read: ManifestReader,
  found: ImageManifest,
  platform: string,
  name: string,
  depth = 0,
): Promise<Manifest[]> {
  if (found.kind === 'manifest') return [found]
  if (depth === MAX_DEPTH) throw new DragonflyError('origin-lies', `${name} has indexes in indexes in indexes`)
  const chosen = forPlatform(found.manifests, platform)
  if (chosen.length === 0) throw absent(name, platform, found.manifests)
  const manifests: Manifest[] = []
  for (const { digest } of chosen)
    manifests.push(...(await manifestsOf(read, (await read.manifest(digest)).manifest, platform, name, depth + 1)))
  return manifests
}

class ManifestReader {
  readonly #client: RegistryClient
  readonly #image: ImageReference
  readonly #of: { name: string; scope: string; signal: AbortSignal }

  constructor(client: RegistryClient, image: ImageReference, of: { name: string; scope: string; signal: AbortSignal }) {
    this.#client = client
    this.#image = image
    this.#of = of
  }

  /** `version`: a tag or a digest. */
  async manifest(version: string): Promise<{ digest: string; manifest: ImageManifest }> {
    const { repository, url } = this.#image
    const body = await this.#read(new URL(`/v2/${repository}/manifests/${version}`, url))
    const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`
    if (version.startsWith('sha256:') && digest !== version)
      throw new DragonflyError('digest-mismatch', `the registry has sent something else for ${repository}@${version}: ${digest}`)
    return { digest, manifest: parseManifest(body, this.#of.name) }
  }

  /** Another host than the registry sees none of its credentials. */
  async #read(start: URL): Promise<Buffer> {
    let place = start
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      const answer = await this.#ask(place)
      if (answer.status === 200) return await wholeOf(answer, place)
      const to = answer.status >= 300 && answer.status < 400 ? headerOf(answer.headers, 'location') : undefined
      answer.body.on('error', () => {}).destroy()
      const next = to === undefined ? null : URL.parse(to, place.href)
      if (next === null) throw this.#refusal(answer, place)
      const isWorse = next.protocol !== 'https:' && (next.protocol !== 'http:' || place.protocol === 'https:')
      if (isWorse)
        throw new DragonflyError('origin-redirect', `the registry ${place.host} redirects from https to ${next.protocol}`)
      place = next
    }
    throw new DragonflyError('origin-redirect', `the registry ${start.host} redirects more than ${MAX_REDIRECTS} times`)
  }

  async #ask(place: URL): Promise<RegistryAnswer> {
    const { scope, signal } = this.#of
    try {
      return await this.#client.request({
        registry: place,
        method: 'GET',
        path: place.pathname + place.search,
        headers: ['accept', MANIFEST_TYPES.join(', ')],
        scope,
        signal,
      })
    } catch (error) {
      if (signal.aborted) throw error
      throw requestFailure(error, place.href)
    }
  }

  #refusal({ status, headers, failure }: RegistryAnswer, place: URL): DragonflyError {
    if (failure !== undefined) return failure
    const fields = { 'retry-after': headerOf(headers, 'retry-after') }
    const { code, message, retryable, retryAfter } = statusError(status, fields, place.href)
    const hint = code === 'origin-forbidden' ? `log in: docker login ${this.#image.registry}` : 'check the name of the image'
    return new DragonflyError(code, message, { status, retryable, ...(retryAfter !== undefined && { retryAfter }), hint })
  }
}

async function wholeOf({ body }: RegistryAnswer, place: URL): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length > MAX_MANIFEST_BYTES)
        throw new DragonflyError('origin-lies', `a manifest is longer than ${MAX_MANIFEST_BYTES} bytes`)
      chunks.push(chunk)
    }
  } catch (error) {
    throw error instanceof DragonflyError ? error : bodyFailure(error, place.href, length, undefined)
  }
  return Buffer.concat(chunks)
}

function absent(name: string, platform: string, manifests: readonly ManifestDescriptor[]): DragonflyError {
  const there = [...new Set(manifests.flatMap(({ platform }) => platform ?? []))].slice(0, 20).join(', ')
  return new DragonflyError('origin-not-found', `${name} is not there for ${platform}`, {
    hint: `name one of its platforms with --platform: ${there || 'it names none'}`,
  })
}
