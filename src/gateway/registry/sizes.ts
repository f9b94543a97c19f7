// The sizes of blobs, as manifests tell them: to those who were shown the manifest, and for its repository only.
import { LRUCache } from 'lru-cache'
import type { Asked } from './asked.ts'

const MAX_SIZES = 50_000
/** As long as a proof of access holds, ms. */
const AGE_MS = 3 * 60_000
/** Descriptors of one manifest that are looked at. */
const MAX_DESCRIPTORS = 4096

export class Sizes {
  readonly #sizes = new LRUCache<string, number>({ max: MAX_SIZES, ttl: AGE_MS })

  get(asked: Pick<Asked, 'identity' | 'registry'> & { name: string; digest: string }): number | undefined {
    return this.#sizes.get(keyOf(asked, asked.digest))
  }

  /** Remembers what a manifest says of its config and layers. Anything that is no manifest says nothing. */
  learn(asked: Pick<Asked, 'identity' | 'registry'> & { name: string }, manifest: Uint8Array): void {
    for (const { digest, size } of descriptorsOf(manifest)) this.#sizes.set(keyOf(asked, digest), size)
  }
}

interface Descriptor {
  digest: string
  size: number
}

function descriptorsOf(manifest: Uint8Array): Descriptor[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(Buffer.from(manifest).toString())
  } catch {
    return []
  }
  if (typeof parsed !== 'object' || parsed === null) return []
  const { config, layers, blobs } = parsed as Record<string, unknown>
  const all = [config, ...listOf(layers), ...listOf(blobs)]
  return all.slice(0, MAX_DESCRIPTORS).filter(isDescriptor)
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function isDescriptor(value: unknown): value is Descriptor {
  if (typeof value !== 'object' || value === null) return false
  const { digest, size } = value as Partial<Descriptor>
  return typeof digest === 'string' && digest.length <= 200 && Number.isSafeInteger(size) && (size as number) >= 0
}

function keyOf({ identity, registry, name }: Pick<Asked, 'identity' | 'registry'> & { name: string }, digest: string): string {
  return `${identity} ${registry.origin} ${name} ${digest}`
}
