// Options of one preheat, its progress and its result.
import type { HeaderList } from '../../core/headers.ts'

/**
 * Options of one `preheat`. Every one may be left out. Unknown names and values out of bounds are refused with `bad-option`.
 *
 * @example A seed fetches a content before anyone asks for it
 * ```ts
 * import { createNode } from 'dragonfly-p2p'
 *
 * const node = await createNode({ seeds: ['/ip4/10.0.0.1/tcp/4801/p2p/12D3KooW…'], listen: [], store: 'memory' })
 * try {
 *   const { bytes, alreadyThere } = await node.preheat('https://example.org/big.iso', {
 *     onProgress: ({ bytes, length }) => console.log(bytes, length),
 *   })
 *   console.log(bytes, alreadyThere)
 * } finally {
 *   await node.stop()
 * }
 * ```
 */
export interface PreheatOptions {
  /**
   * Headers for the origin only: at most 64, and 16 KiB together.
   * @default none
   */
  headers?: HeaderList
  /**
   * `sha256:` and 64 hexadecimal digits: the digest that the whole content must have.
   * @default none
   */
  digest?: string
  /**
   * As in `GetOptions`: the digest names the content.
   * @default false
   */
  byDigest?: boolean
  /**
   * As in `GetOptions`: anybody gets such credentials.
   * @default false
   */
  anonymous?: boolean
  /**
   * Query parameters that do not change the content, such as signatures.
   * @default none
   */
  filter?: readonly string[]
  /**
   * Tells apart contents that share a URL.
   * @default none
   */
  tag?: string
  /**
   * The seed that shall have it: a multiaddr that ends in /p2p/PEERID.
   * @default the seed that is responsible for the URL, else its successors
   */
  at?: string
  /**
   * Ends the waiting with `aborted`, or with `timeout` for `AbortSignal.timeout`. The seed stops too unless others wait.
   * @default never
   */
  signal?: AbortSignal
  /**
   * Called at most five times a second, and once at the end.
   * @default nobody is called
   */
  onProgress?: (progress: PreheatProgress) => void
}

/** How far a seed is. */
export interface PreheatProgress {
  /** Peer id. */
  seed: string
  /** Payload bytes that the seed says it has, verified there. */
  bytes: number
  /** Length of the content in bytes; undefined while nobody knows. */
  length: number | undefined
}

/** A seed has all of a content. */
export interface Preheated {
  /** Length of the content. */
  bytes: number
  /** How long this call took, in seconds. */
  seconds: number
  /** Peer id of the seed that has it. */
  seed: string
  /** Whether the seed had all of it, in the origin's present version, before it was asked to fetch. */
  alreadyThere: boolean
}
