// Options of one download, and its progress.
import type { HeaderList } from '../../core/headers.ts'
import type { RangeSpec } from '../../core/range.ts'
import type { DownloadPriority } from './limits.ts'

/**
 * Options of one `get` or `download`. Every one may be left out. Unknown names and values out of bounds are refused with
 * `bad-option`.
 *
 * @example Headers for the origin, a digest that the content must have, a time limit
 * ```ts
 * import { createNode } from 'dragonfly-p2p'
 *
 * const node = await createNode({ network: false })
 * try {
 *   const receipt = await node.download('https://example.org/big.iso', 'big.iso', {
 *     headers: [['authorization', 'Bearer TOKEN']],
 *     digest: 'sha256:9f86d08…',
 *     signal: AbortSignal.timeout(60_000),
 *     onProgress: ({ bytes, length }) => console.log(bytes, length),
 *   })
 *   console.log(receipt.trust)
 * } finally {
 *   await node.stop()
 * }
 * ```
 */
export interface GetOptions {
  /**
   * Headers for the origin only: at most 64, and 16 KiB together.
   * @default none
   */
  headers?: HeaderList
  /**
   * `sha256:` and 64 hexadecimal digits: the digest of the whole content. It is believed above everything else.
   * @default none
   */
  digest?: string
  /**
   * Only these bytes: `{ start: 0, end: 500 }` (`end` excluded), `{ start: 500 }`, or `{ last: 500 }`. Only the pieces that they
   * lie in are fetched. Not together with `digest`, which is that of the whole, unless it names the content (`byDigest`).
   *
   * @default the whole content
   * @example The first 500 bytes
   * ```ts
   * import { createNode } from 'dragonfly-p2p'
   *
   * await using node = await createNode({ network: false })
   * await node.download('https://example.org/big.iso', 'head.bin', { range: { start: 0, end: 500 } })
   * ```
   */
  range?: RangeSpec
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
   * Stands for the filtered parameters where they are a signature, which changes: text that only who has the credentials can derive.
   * Part of the content's name at this node, told to nobody. `resolveSource` makes it.
   * @default the parameters themselves
   */
  scope?: string
  /**
   * Gives the URL with a signature that is good now: asked before each request of the origin and of a seed. Not through a daemon.
   * `resolveSource` makes it.
   * @default the URL as it is
   */
  renew?: () => string
  /**
   * The `digest` names the content, and the URL only says where it can be read: its path must end with `/sha256:` and the same
   * digits, as those of blobs in registries do. Such a content never changes: nobody is asked whether it is current, and filter and
   * tag do not count. What is here under any URL is used. With an Authorization header it is private: it is shared only with those
   * to whom the same server has shown it too, and given to this caller once the server has shown it to these credentials, which is
   * remembered for `access.proof`. Not through a daemon.
   * @default false
   */
  byDigest?: boolean
  /**
   * With `byDigest`: anybody gets such credentials as are in the headers, so the content is public.
   * @default false
   */
  anonymous?: boolean
  /**
   * Read the origin when seeds and peers have been silent for so many milliseconds, from 1 on, rather than wait for them as long as
   * is best for the origin. A seed that is alive, if only busy with other contents of this node, is waited for ten times as long. Not
   * through a daemon.
   * @default as long as a crowd at a busy seed may need
   */
  originAfter?: number
  /**
   * Require the origin to confirm, during this call, that the content is current. A seed or this node asks it.
   * @default false
   */
  revalidate?: boolean
  /**
   * Whether this node may read the origin itself.
   * @default true
   */
  origin?: boolean
  /**
   * Keep a finished content in the store, to serve it while this node runs, and for the next time.
   * @default true
   */
  keep?: boolean
  /**
   * Give a file the time of its content (Last-Modified), when it is known. For `download` of a whole content.
   * @default false
   */
  remoteTime?: boolean
  /**
   * Called with the name that the content's file would get in a folder; returns the one that it gets. For `download` into a
   * folder, to keep several contents of one name apart.
   * @default the content's own name
   */
  nameFile?: (fileName: string) => string
  /**
   * Whether the output of `download` may replace a file that is there. If not, it gets the first free name of `name.1`, `name.2`, …,
   * unless a file of just these bytes is there already: that one is the output then, and stays as it is.
   * @default true for a path that was given and for the name that the URL ends in; false for every other name, which the origin chose
   */
  replace?: boolean
  /**
   * Make the output of `download` a read-only hard link of the file in the store, instead of a copy. Only through a daemon of the same
   * user, and with store and output on one device; otherwise the output is made as usual. It has the time of the store's file. What
   * becomes of the output never gets into the store: a content whose file was changed is read and hashed again before it is used.
   * @default false
   */
  hardLink?: boolean
  /**
   * Bytes a second, from 1 on, that may come for this download, inside the limits of the node. Where several downloads share a
   * content, the highest of their limits holds.
   * @default no limit of its own
   */
  limit?: number
  /**
   * Its part of the node's rate beside other downloads, while there is a limit: `high` has 4 times as much as `normal`, that
   * 4 times as much as `low`. What one does not use goes to the others.
   * @default 'normal'
   */
  priority?: DownloadPriority
  /**
   * Ends the download with `aborted`, or with `timeout` for `AbortSignal.timeout`.
   * @default never
   */
  signal?: AbortSignal
  /**
   * File for a record of what was decided and why: JSON lines that `df sim --replay` repeats, with peer ids and piece numbers,
   * without URLs and headers. Recording goes on until this node leaves the content. A file that cannot be opened is
   * `output-unwritable`; a later failure is a warning.
   * @default none
   */
  trace?: string
  /**
   * Say in `explain` of the receipt where the time went.
   * @default false
   */
  explain?: boolean
  /**
   * Called at most five times a second, and once at the end.
   * @default nobody is called
   */
  onProgress?: (progress: Progress) => void
}

/** How far a download is. Byte counts are verified payload bytes. */
export interface Progress {
  /** Verified bytes, resumed ones included; of a range, those that were given out. */
  bytes: number
  /** Length of the content, or of the range, in bytes; undefined while nobody knows. */
  length: number | undefined
  /** Bytes that this node read from the origin. */
  fromOrigin: number
  /** Bytes that peers gave. */
  fromPeers: number
  /** Bytes that seeds gave. */
  fromSeeds: number
  /** Bytes found in the store: of an earlier try, or of a content that was there. */
  resumed: number
  /**
   * Those of them that an older version had.
   * @default none
   */
  reused?: number
  /** Bytes that came since this download began, whether verified yet or not. */
  received: number
  /** Peers connected for this content, seeds included. */
  peers: number
  /** Bytes a second that came over the last seconds, whether verified yet or not. */
  rate: number
}
