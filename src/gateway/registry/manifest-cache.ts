// Manifests in memory: bodies by digest, and who was shown which of them when.
import { LRUCache } from 'lru-cache'
import type { Asked } from './asked.ts'
import { isSha256 } from './routes.ts'
import type { MirrorSettings } from './settings.ts'

export interface Manifest {
  /** `sha256:…` of `body`. */
  digest: string
  /** Media type. */
  type: string
  body: Buffer
}

/** Which manifest, and who wants it. */
export interface Wanted extends Pick<Asked, 'identity' | 'registry' | 'guest'> {
  name: string
  reference: string
  isDigest: boolean
}

/** That a registry has shown a manifest under a reference to somebody. */
interface Shown {
  digest: string
  type: string
  /** By `performance.now()`. */
  at: number
}

const MAX_BYTES = 64 * 1024 * 1024
const MAX_SHOWN = 20_000
/** Without a question to the registry, a digest answers those with the same credentials for so long, ms. */
const PROOF_MS = 3 * 60_000
/** Default of `staleTags`, seconds. */
const STALE = 24 * 3600

export class ManifestCache {
  readonly #bodies = new LRUCache<string, Buffer>({ maxSize: MAX_BYTES, sizeCalculation: body => body.byteLength + 256 })
  /** Media types by digest. */
  readonly #types = new LRUCache<string, string>({ max: MAX_SHOWN })
  readonly #shown = new LRUCache<string, Shown>({ max: MAX_SHOWN })
  readonly #tagMs: number
  readonly #staleMs: number

  /** Ages are in seconds. */
  constructor({ tagAge = 0, staleTags = STALE }: MirrorSettings) {
    this.#tagMs = tagAge * 1000
    this.#staleMs = staleTags * 1000
  }

  /** What answers without a question. */
  fresh(wanted: Wanted): Manifest | undefined {
    return this.#within(wanted, wanted.isDigest ? PROOF_MS : this.#tagMs)
  }

  /** What answers when the registry is down. */
  stale(wanted: Wanted): Manifest | undefined {
    return this.#within(wanted, this.#staleMs)
  }

  /** What is here under a digest, for those to whom the registry confirms it. Its type is the registry's to say. */
  body({ reference, isDigest }: Wanted): Manifest | undefined {
    const type = isDigest ? this.#types.get(reference) : undefined
    const body = this.#bodies.get(reference)
    return type === undefined || body === undefined ? undefined : { digest: reference, type, body }
  }

  keep(wanted: Wanted, { digest, type, body }: Manifest): void {
    this.#bodies.set(digest, body)
    this.#types.set(digest, type)
    const shown = { digest, type, at: performance.now() }
    this.#shown.set(keyOf(wanted, wanted.reference), shown)
    // whoever was shown a tag may ask for its digest next
    this.#shown.set(keyOf(wanted, digest), shown)
  }

  #within(wanted: Wanted, ms: number): Manifest | undefined {
    const shown = this.#shown.get(keyOf(wanted, wanted.reference))
    if (shown === undefined || performance.now() - shown.at >= ms) return undefined
    const body = this.#bodies.get(shown.digest)
    return body === undefined ? undefined : { digest: shown.digest, type: shown.type, body }
  }
}

/** A tag can mean several manifests: which one depends on the types that are accepted. */
function keyOf({ identity, registry, name, guest }: Wanted, reference: string): string {
  const accept = isSha256(reference) ? '' : acceptOf(guest.request.headers.accept)
  return JSON.stringify([identity, registry.origin, name, reference, accept])
}

function acceptOf(header = ''): string {
  const types = header.split(',').map(type => type.trim())
  return types.toSorted().join(',')
}
