// Finds the blocks of IPFS in what this node has: of finished public contents, and of shared ones for who has their CID.
import { setImmediate } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import { CID } from 'multiformats/cid'
import { ContentDag } from '../core/content-dag.ts'
import { unreadable } from '../core/ipfs-url.ts'
import { isRoot, sharedUrl } from '../core/shared-url.ts'
import { makeTask } from '../core/task.ts'
import type { ActiveTask } from './session/active-task.ts'
import type { TaskRegistry } from './tasks/task-registry.ts'
import { isPublicContent } from './tasks/topics.ts'

const IDENTITY = 0x00
const SHA2_256 = 0x12
/** A content with more pieces than this is not looked through: 256 GiB. */
const MAX_PIECES = 65_536
/** Pieces of all contents that are known by their digests: about 200 bytes each. */
const MAX_KNOWN_PIECES = 262_144
/** Contents that are known so: each request may look at all of them. */
const MAX_KNOWN = 256
/** What is shared is found by its pieces for so long after its CID was asked for, or one of them was read: ms. */
const SHARED_MS = 600_000

export class IpfsBlocks {
  readonly #registry: Pick<TaskRegistry, 'all' | 'byContent' | 'shared'>
  /** By root. */
  readonly #dags = new LRUCache<string, ContentDag>({
    max: MAX_KNOWN,
    maxSize: MAX_KNOWN_PIECES,
    sizeCalculation: dag => dag.pieces + 1,
    updateAgeOnGet: true,
  })
  /** Contents that were looked through. */
  readonly #seen = new WeakSet<ActiveTask>()

  /** Being looked through now. */
  readonly #learning = new Map<ActiveTask, Promise<ContentDag | undefined>>()

  constructor(registry: Pick<TaskRegistry, 'all' | 'byContent' | 'shared'>) {
    this.#registry = registry
  }

  /** Undefined: no public content here has it. */
  async read(text: string): Promise<Uint8Array | undefined> {
    const cid = readableCid(text)
    if (cid === undefined) return undefined
    const { code, digest } = cid.multihash
    if (code === IDENTITY) return digest
    if (code !== SHA2_256) return undefined
    for (const dag of this.#dags.values()) {
      const bytes = dag.find(cid) === undefined ? undefined : await this.#readFrom(dag, cid)
      if (bytes !== undefined) return bytes
    }
    const dag = (await this.#byRoot(cid.toString())) ?? (await this.#among(cid))
    return dag === undefined ? undefined : await this.#readFrom(dag, cid)
  }

  /** A content may have gone since its blocks became known. */
  async #readFrom(dag: ContentDag, cid: CID): Promise<Uint8Array | undefined> {
    const active = await this.#content(dag.root)
    const block = active === undefined ? undefined : dag.find(cid)
    if (active === undefined || block === undefined) return undefined
    this.#dags.get(dag.root)
    return 'node' in block ? block.node : await active.readPiece(block.piece)
  }

  async #byRoot(root: string): Promise<ContentDag | undefined> {
    const active = await this.#content(root)
    return active === undefined ? undefined : await this.#learn(active)
  }

  async #content(root: string): Promise<ActiveTask | undefined> {
    const open = await this.#registry.byContent(root)
    if (open !== undefined || !isRoot(root)) return open
    const { id } = makeTask({ url: sharedUrl({ root, name: undefined, isTree: false }) })
    const shared = await this.#registry.shared(id)
    return shared !== undefined && isPublicContent(shared) ? shared : undefined
  }

  /** Who goes on after a restart asks for pieces, and not for the root again. What is shared needs its CID. */
  async #among(cid: CID): Promise<ContentDag | undefined> {
    for (const { active } of this.#registry.all()) {
      if (this.#seen.has(active) || !isPublicContent(active) || active.task.root !== undefined) continue
      const dag = await this.#learn(active)
      if (dag?.find(cid) !== undefined) return dag
    }
    return undefined
  }

  async #learn(active: ActiveTask): Promise<ContentDag | undefined> {
    const learning = this.#learning.get(active) ?? this.#look(active).finally(() => this.#learning.delete(active))
    this.#learning.set(active, learning)
    return await learning
  }

  async #look(active: ActiveTask): Promise<ContentDag | undefined> {
    const { manifest } = active
    const { seal } = manifest ?? {}
    if (manifest === undefined || seal === undefined || manifest.count > MAX_PIECES) return undefined
    const known = this.#dags.get(seal.root)
    const digests = () => Array.from({ length: manifest.count }, (_, piece) => manifest.digest(piece) as Uint8Array)
    const { pieceLength } = manifest.info
    const dag = known ?? (await ContentDag.of(digests(), { length: seal.length, pieceLength }, setImmediate))
    this.#dags.set(dag.root, dag, active.task.root === undefined ? {} : { ttl: SHARED_MS })
    this.#seen.add(active)
    return dag
  }
}

/** Undefined: malformed, or nothing that a content here can have. */
function readableCid(text: string): CID | undefined {
  try {
    const cid = CID.parse(text).toV1()
    return unreadable(cid) === undefined ? cid : undefined
  } catch {
    return undefined
  }
}
