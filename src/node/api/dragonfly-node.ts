// The interface of a node for embedding programs.
import type { ContentHead, HeadOptions, StreamHead } from './content-head.ts'
import type { FleetReport } from './fleet-report.ts'
import type { FindTreeOptions, FoundTree } from './found-tree.ts'
import type { GetOptions } from './get-options.ts'
import type { Limits, LimitsNow } from './limits.ts'
import type { LiveStatus } from './live.ts'
import type { Metric } from './metrics.ts'
import type { Preheated, PreheatOptions } from './preheat-options.ts'
import type { Receipt } from './receipt.ts'
import type { ActiveShare, SharedContent, ShareOptions } from './shared-content.ts'
import type { SeedStatus } from './status.ts'
import type { StoreAdmin } from './store-admin.ts'
import type { StoredContent } from './stored-content.ts'

/** Bytes in order, each verified before it is seen. */
export interface ContentStream extends AsyncIterable<Uint8Array> {
  /** Resolves after the last byte was read; rejects with the error that the iteration throws. */
  readonly receipt: Promise<Receipt>
  /**
   * Bytes of the whole content, also when only a range of it is read; undefined when only the end will tell. Of a node it resolves
   * before the first byte comes. Rejects as `receipt` does.
   */
  readonly length: Promise<number | undefined>
  /** What the bytes are of. Of a node it resolves before the first byte comes, also of a range. Rejects as `receipt` does. */
  readonly head: Promise<StreamHead>
}

/**
 * A node in this process: downloads, serves, preheats.
 *
 * @example A download to a file, and a stream of verified bytes
 * ```ts
 * import { createNode } from 'dragonfly-p2p'
 *
 * await using node = await createNode({ network: false })
 * const { sha256, fromOrigin } = await node.download('https://example.org/big.iso', 'copy.iso')
 * console.log(sha256, fromOrigin)
 *
 * let length = 0
 * for await (const bytes of node.get('https://example.org/big.iso')) length += bytes.byteLength
 * console.log(length)
 * ```
 */
export interface DragonflyNode {
  /** Resolves to the peer id once the network is up. */
  readonly peerId: string
  /** Full multiaddrs (…/p2p/PEERID) that others can dial; empty when not listening or without a network. */
  readonly addresses: readonly string[]
  /**
   * What a content is, before its bytes: one small request to the origin, or a seed's answer when this node may not read the
   * origin or cannot reach it; a seed that is asked begins to read the content. Rejects as `download` does.
   *
   * @example
   * const { length, type } = await node.head('https://example.org/big.iso')
   */
  head(url: string, options?: HeadOptions): Promise<ContentHead>
  /** Streams a content. Nothing is fetched before the first read. Throws at once for a malformed request. */
  get(url: string, options?: GetOptions): ContentStream
  /**
   * Downloads to a file. The file appears whole or not at all; an existing one is replaced only then. A path that is a
   * folder, or ends in a separator, takes the file's name from the origin or the URL.
   * @param file - path of the file or folder; default: the current folder
   */
  download(url: string, file?: string, options?: GetOptions): Promise<Receipt>
  /**
   * Downloads a content into the store, and lends it to `use`: nothing of it is evicted before `use` has ended. Resolves to the
   * receipt after that. Rejects as `download` does, and with what `use` throws. Not with `range`.
   */
  fetch(url: string, options: GetOptions, use: (content: StoredContent) => Promise<void>): Promise<Receipt>
  /**
   * Asks a trusted seed for the tree below the URL of an index (HTML with links, or an S3 list of keys): it lists it now, and puts small
   * files into packs. The list is a content of its own, `dragonfly:ROOT`; `decodeUrlTree` reads it. Resolves to undefined where no seed can
   * say it: list it yourself. Rejects with `bad-url`, or the abort.
   */
  findTree(url: string, options?: FindTreeOptions): Promise<FoundTree | undefined>
  /**
   * Makes a seed fetch a content before anyone asks for it; nothing of it comes here. Resolves when the seed has all of it.
   * Rejects with `bad-…`, with the seed's error (`origin-…`), with `digest-mismatch`, or with `no-source` when no seed does it.
   */
  preheat(url: string, options?: PreheatOptions): Promise<Preheated>
  /**
   * Shares a file for as long as this node runs and the file stays as it is: whoever has the address can fetch it from here. Rejects with
   * `bad-option` for what cannot be read, `no-space` or `store-error`.
   *
   * @example
   * const { url } = await node.share('big.iso')
   */
  share(file: string, options?: ShareOptions): Promise<SharedContent>
  /** What this node shares now, sorted by path. A folder that is watched is among it once it was read. */
  shares(): Promise<ActiveShare[]>
  /**
   * Ends the sharing of a file or folder, by its path or by its address as it is now; who has fetched it goes on. Resolves to what was
   * shared. Rejects with `not-found` where it is not shared.
   */
  unshare(pathOrUrl: string): Promise<ActiveShare>
  /**
   * A block of IPFS by its CID: a piece, or a node above pieces, of a finished public content or a shared one of this node. Undefined: none
   * has it; private contents are none. Not through a daemon: its gateway gives blocks (`--ipfs`).
   */
  readBlock(cid: string): Promise<Uint8Array | undefined>
  /** Takes on a seed's duties: reads origins for others, signs, keeps. Resolves once others can ask. */
  seed(): Promise<void>
  /**
   * What is kept, who is served, how full the disk is.
   * @param limit - contents that are named; default 1,000
   */
  status(limit?: number): Promise<SeedStatus>
  /** Every metric as it is now; what there is stands in `METRICS`. */
  metrics(): Promise<Metric[]>
  /**
   * What it is doing at this moment, of bounded size, for who asks every second. From the first call on it watches where pieces
   * come from, and stops when nobody has asked for 30 s.
   */
  live(): Promise<LiveStatus>
  /**
   * Limits the rates of this node from now on, in place of all limits before: one that is left out is lifted. Rejects with `bad-option`.
   *
   * @example
   * await node.setLimits({ down: '50M,09:00-18:00=20M', up: 1_000_000 })
   */
  setLimits(limits: Limits): Promise<void>
  /** The limits that were set, and what holds of them now. */
  limits(): Promise<LimitsNow>
  /**
   * Asks the other members of the fleet how they are doing: 48 at a time, 5 s for each, 20 s for all. Rejects with `bad-fleet` for a node
   * that is in no fleet, or that leaves soon.
   */
  fleetStatus(): Promise<FleetReport>
  /** Looks after what is kept. */
  readonly administration: StoreAdmin
  /** Safe to call twice. After it nothing of this node is left running. */
  stop(): Promise<void>
  /** As `stop`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}
