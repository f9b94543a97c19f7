// Reads indexes and manifests of images (OCI image specification, docker's schema 2): checks only, no request.
import { arch } from 'node:process'
import { DragonflyError } from '../../core/errors.ts'

/** A config or a layer. */
export interface BlobDescriptor {
  /** `sha256:…` */
  digest: string
  size: number
  /** Name of the file, in an artifact. */
  title?: string
}

export interface ManifestDescriptor extends BlobDescriptor {
  /** `linux/arm64/v8`; undefined: it has none that a host could run. */
  platform: string | undefined
}

export type ImageManifest =
  | { kind: 'index'; manifests: ManifestDescriptor[] }
  | { kind: 'manifest'; config: BlobDescriptor; layers: BlobDescriptor[] }

export const MANIFEST_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
]
/** As registries limit them, bytes. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024
const MAX_ENTRIES = 1000
const TITLE = 'org.opencontainers.image.title'
/** Characters: a path, as operating systems limit it. */
const MAX_TITLE = 4096
const ARCHITECTURES: Record<string, string> = { x64: 'amd64', ia32: '386' }

/** What an engine on this host would pull: also on macOS, where engines run Linux. */
export function hostPlatform(): string {
  return `linux/${ARCHITECTURES[arch] ?? arch}`
}

/** Throws `origin-lies` that names the image. */
export function parseManifest(body: Buffer, image: string): ImageManifest {
  const json = objectOf(body, image)
  if (Array.isArray(json.manifests)) {
    const manifests = entriesOf(json.manifests, image).map(entry => ({
      ...descriptorOf(entry, image),
      platform: platformOf(entry),
    }))
    return { kind: 'index', manifests }
  }
  if (json.schemaVersion !== 2 || !Array.isArray(json.layers) || !isObject(json.config))
    throw lies(image, 'neither an index nor a manifest')
  // layers of Windows that only Microsoft may give away are not in the registry
  const layers = entriesOf(json.layers, image).filter(({ mediaType }) => !/foreign|nondistributable/.test(String(mediaType)))
  return { kind: 'manifest', config: descriptorOf(json.config, image), layers: layers.map(entry => layerOf(entry, image)) }
}

/** `all`, or OS/ARCHITECTURE with or without a variant. Throws `bad-option`. */
export function checkPlatform(text: string): string {
  if (text === 'all' || /^[a-z0-9]+\/[a-z0-9]+(?:\/[a-z0-9.]+)?$/.test(text)) return text
  throw new DragonflyError('bad-option', `not a platform: ${JSON.stringify(text.slice(0, 100))}`, {
    hint: 'write linux/amd64, or all',
  })
}

/** Those for a platform: without a variant every variant counts, as arm64 has v8 in some indexes only. */
export function forPlatform(manifests: readonly ManifestDescriptor[], wanted: string): ManifestDescriptor[] {
  if (wanted === 'all') return [...manifests]
  return manifests.filter(({ platform }) => platform === wanted || platform?.startsWith(`${wanted}/`) === true)
}

function platformOf({ platform }: Record<string, unknown>): string | undefined {
  if (!isObject(platform)) return undefined
  const { os, architecture, variant } = platform
  if (typeof os !== 'string' || typeof architecture !== 'string' || os === 'unknown') return undefined
  return [os, architecture, ...(typeof variant === 'string' && variant !== '' ? [variant] : [])].join('/')
}

function descriptorOf({ digest, size }: Record<string, unknown>, image: string): BlobDescriptor {
  if (typeof digest !== 'string' || !/^sha256:[0-9a-f]{64}$/.test(digest)) throw lies(image, 'a digest that is not sha256')
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) throw lies(image, 'a size that is none')
  return { digest, size }
}

function layerOf(entry: Record<string, unknown>, image: string): BlobDescriptor {
  const title = isObject(entry.annotations) ? entry.annotations[TITLE] : undefined
  const isTitle = typeof title === 'string' && title !== '' && title.length <= MAX_TITLE
  return { ...descriptorOf(entry, image), ...(isTitle && { title }) }
}

function entriesOf(list: unknown[], image: string): Record<string, unknown>[] {
  if (list.length > MAX_ENTRIES) throw lies(image, `more than ${MAX_ENTRIES} entries`)
  return list.map(entry => {
    if (!isObject(entry)) throw lies(image, 'an entry that is none')
    return entry
  })
}

function objectOf(body: Buffer, image: string): Record<string, unknown> {
  let json: unknown
  try {
    json = JSON.parse(body.toString('utf8'))
  } catch {
    // said below
  }
  if (!isObject(json)) throw lies(image, 'no JSON object')
  return json
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function lies(image: string, what: string): DragonflyError {
  return new DragonflyError('origin-lies', `unusable manifest of ${image}: ${what}`)
}
