// A seed's service for trees: lists what is below a URL and packs its small files, once for all who ask; and what it shares by name.
import { LRUCache } from 'lru-cache'
import { DragonflyError } from '../../core/errors.ts'
import { isNamedShare, namedShareUrl, parseNamedShare } from '../../core/named-share.ts'
import { makeTask, withoutSecrets } from '../../core/task.ts'
import { serveTrees, unserveTrees } from '../../net/tree-stream.ts'
import { rootOf } from '../../origin/listing/index-page.ts'
import { failureOf } from '../../wire/codec-failure.ts'
import type { TreeReply, TreeRequest } from '../../wire/codec-tree.ts'
import { sealTree } from '../../wire/envelope.ts'
import type { Network, NodeContext } from '../context/node-context.ts'
import { SharedContents } from '../sharing/shared-contents.ts'
import { SharedNames } from '../sharing/shared-names.ts'
import type { TaskRegistry } from '../tasks/task-registry.ts'
import { ListedTree } from './listed-tree.ts'
import { RequestRoom, type RoomTaken } from './request-room.ts'
import { ALIVE_MS, WAITING_MS } from './resolving.ts'

/** Trees that are asked for at a time, whoever they come from. */
const MAX_TREES = 16
/** Files of all trees that are remembered, some 500 bytes each. */
const MAX_FILES = 400_000
/** Trees that are remembered. */
const MAX_KEPT = 200

export class TreeService {
  readonly #ctx: NodeContext
  readonly #network: Network
  readonly #contents: SharedContents
  readonly #names: SharedNames
  readonly #room = new RequestRoom(MAX_TREES)
  readonly #stopping = new AbortController()
  readonly #closing = new Set<Promise<void>>()
  /** By URL. */
  readonly #trees = new LRUCache<string, ListedTree>({
    max: MAX_KEPT,
    maxSize: MAX_FILES,
    sizeCalculation: tree => tree.size + 1,
    noDisposeOnSet: true,
    dispose: tree => this.#close(tree),
  })

  private constructor(ctx: NodeContext, registry: TaskRegistry, network: Network) {
    this.#ctx = ctx
    this.#network = network
    this.#contents = SharedContents.of(ctx, registry)
    this.#names = SharedNames.of(registry)
  }

  /** Answers from now on. */
  static async start(ctx: NodeContext, registry: TaskRegistry, network: Network): Promise<TreeService> {
    const service = new TreeService(ctx, registry, network)
    await serveTrees(network.host, (peer, request, say, gone) => service.#serve(peer, request, say, gone))
    return service
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await unserveTrees(this.#network.host)
    this.#trees.clear()
    await Promise.all(this.#closing)
  }

  async #serve(peer: string, { url }: TreeRequest, say: (reply: TreeReply) => void, gone: AbortSignal): Promise<void> {
    const living = setTimeout(() => say({ type: 'waiting' }), ALIVE_MS)
    const waiting = setInterval(() => say({ type: 'waiting' }), WAITING_MS)
    let room: RoomTaken | undefined
    try {
      const place = isNamedShare(url) ? namedShareUrl(parseNamedShare(url).name) : this.#indexOf(url)
      room = this.#room.enter(peer, this.#network.host.placeOf(peer) ?? peer, place)
      this.#ctx.counters.count('dragonfly_resolve_requests_total')
      const listed = await this.#listed(place, AbortSignal.any([gone, this.#stopping.signal, room.ended]))
      this.#ctx.emit({ code: 'resolve-answered', peer, url: withoutSecrets(url) })
      say({ type: 'tree', envelope: await sealTree({ url, ...listed }, this.#network.host.privateKey) })
    } catch (error) {
      if (!gone.aborted && !this.#stopping.signal.aborted) say(failureOf(asFailure(room?.ended.reason ?? error)))
    } finally {
      room?.leave()
      clearTimeout(living)
      clearInterval(waiting)
    }
  }

  /** The URL of the index in canonical form. Throws `bad-url` for what is not open to everybody, `peer-refused` where none is listed. */
  #indexOf(url: string): string {
    if (!this.#ctx.servesOthers) throw new DragonflyError('peer-refused', 'this host is no seed: it lists no URLs for others')
    const task = makeTask({ url })
    if (!task.isPrivate && task.root === undefined) return rootOf(task.url).url.href
    throw new DragonflyError('bad-url', 'only what anybody may read is listed for others')
  }

  async #listed(url: string, signal: AbortSignal) {
    if (isNamedShare(url)) return await this.#named(parseNamedShare(url).name, signal)
    const tree = this.#trees.get(url) ?? new ListedTree(this.#ctx, this.#contents, url)
    this.#trees.set(url, tree)
    try {
      return await tree.current(signal)
    } finally {
      // it has grown; one that was let go meanwhile stays away
      if (this.#trees.peek(url) === tree) this.#trees.set(url, tree)
    }
  }

  async #named(name: string, signal: AbortSignal) {
    const { shared, length, listedAt } = await this.#names.newest(name, signal)
    return { root: shared.cid, length, listedAt }
  }

  #close(tree: ListedTree): void {
    const closing = tree
      .close()
      .catch(() => {})
      .finally(() => this.#closing.delete(closing))
    this.#closing.add(closing)
  }
}

function asFailure(error: unknown): DragonflyError {
  if (error instanceof DragonflyError) return error
  return new DragonflyError('internal', 'the seed could not list the tree', { cause: error })
}
