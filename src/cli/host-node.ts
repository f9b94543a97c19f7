// The node that a command downloads with: the daemon of this host, or one in this process, also after a daemon has gone.
import { createHash, type Hash } from 'node:crypto'
import type {
  ContentHead,
  ContentStream,
  DragonflyNode,
  EventFacts,
  GetOptions,
  HeadOptions,
  ListedFile,
  NodeEvent,
  Receipt,
  SourceReach,
  SourceRequest,
  StreamHead,
} from '../index.ts'
import { chooseDaemon } from './daemon-choice.ts'
import type { GetFlags } from './get-flags.ts'
import { type Around, nodeOptions, reachOf, settingsOf } from './get-options.ts'
import { withSource } from './setting-source.ts'
import { DAEMON_SIGNATURE_MS, type Found, findSource, withSource as foundBy } from './source-urls.ts'

/** What a list of a store says of a file: its `request`. */
export type Known = ListedFile['request']

/** What a download needs of a node. */
export interface Downloader extends Pick<DragonflyNode, 'get' | 'findTree'> {
  /** With `known` no store is asked which content a URL names. */
  head(url: string, options?: HeadOptions, known?: Known): Promise<ContentHead>
  download(url: string, file?: string, options?: GetOptions, known?: Known): Promise<Receipt>
  /** See `indexOfSource`. */
  indexOf(url: string, signal?: AbortSignal): Promise<string | undefined>
  /** See `listSource`. */
  list(url: string, signal?: AbortSignal): AsyncIterable<ListedFile>
}

export class HostNode implements Downloader {
  readonly #flags: GetFlags
  readonly #around: Around
  #node: Promise<DragonflyNode>
  #isDaemon: boolean

  private constructor(flags: GetFlags, around: Around, daemon: DragonflyNode | undefined) {
    this.#flags = flags
    this.#around = around
    this.#isDaemon = daemon !== undefined
    this.#node = daemon === undefined ? ownNode(flags, around) : Promise.resolve(daemon)
  }

  /** Rejects as `createNode` does, and with a UsageError for a malformed environment or config file. */
  static async open(flags: GetFlags, around: Around): Promise<HostNode> {
    const daemon = await chooseDaemon(flags).catch(async error => {
      if (!isLoss(error)) throw error
      await tell(around.onEvent, { code: 'daemon-lost', reason: (error as Error).message })
      return undefined
    })
    const node = new HostNode(flags, around, daemon)
    await node.#node
    return node
  }

  /** As of now: of the daemon or of this process. */
  async identity(): Promise<Pick<DragonflyNode, 'peerId' | 'addresses'>> {
    return await this.#node
  }

  async head(url: string, options?: HeadOptions, known?: Known): Promise<ContentHead> {
    return await this.#orByItself(async node => {
      const source = await this.#find(url, options ?? {}, known)
      const { digest: _digest, ...asked } = source.options
      const { scope, renew, nameFile } = source.own
      const head = await node.head(source.url, {
        ...asked,
        ...(scope !== undefined && { scope }),
        ...(renew !== undefined && { renew }),
      })
      const fileName = nameFile?.() ?? head.fileName
      return source.shown === undefined ? head : { ...head, url: source.shown, fileName }
    })
  }

  async download(url: string, file?: string, options?: GetOptions, known?: Known): Promise<Receipt> {
    const attempt = (request: Known) =>
      this.#orByItself(async node => {
        const source = await this.#find(url, options ?? {}, request)
        return asAsked(await node.download(source.url, file, this.#optionsOf(source)), source.shown)
      })
    try {
      return await attempt(known)
    } catch (error) {
      // a list that is open to everybody may have files that are not
      if (known === undefined || !isOpen(known()) || (error as { code?: unknown }).code !== 'origin-forbidden') throw error
      return await attempt(undefined)
    }
  }

  async indexOf(url: string, signal?: AbortSignal): Promise<string | undefined> {
    const { indexOfSource } = await import('../index.ts')
    return await indexOfSource(url, { ...(await this.#reach()), ...(signal && { signal }) })
  }

  async *list(url: string, signal?: AbortSignal): AsyncGenerator<ListedFile> {
    const { listSource } = await import('../index.ts')
    yield* listSource(url, { ...(await this.#reach()), ...(signal && { signal }) })
  }

  readonly findTree: DragonflyNode['findTree'] = async (...asked) => await this.#orByItself(node => node.findTree(...asked))

  get(url: string, options?: GetOptions): ContentStream {
    const { promise, resolve, reject } = Promise.withResolvers<Receipt>()
    promise.catch(() => {})
    const length = promise.then(receipt => receipt.length ?? receipt.bytes)
    length.catch(() => {})
    const head = Promise.withResolvers<StreamHead>()
    head.promise.catch(() => {})
    promise.catch(head.reject)
    const bytes = () => this.#bytes(url, options, { head: head.resolve, done: resolve, failed: reject })
    return { receipt: promise, length, head: head.promise, [Symbol.asyncIterator]: bytes }
  }

  async stop(): Promise<void> {
    await (await this.#node.catch(() => undefined))?.stop()
  }

  /** Asked for anew for each node: a daemon cannot make a signature of its own. */
  async #find<O extends HeadOptions>(url: string, options: O, known?: Known): Promise<Found<O>> {
    return known === undefined ? await findSource(url, options, () => this.#reach()) : foundBy(known(), options)
  }

  async #reach(): Promise<SourceReach> {
    return { ...(await reachOf(this.#flags)), ...(this.#isDaemon && { signatureMs: DAEMON_SIGNATURE_MS }) }
  }

  /** What is named by its digest goes by its URL through a daemon, which takes no such names. */
  #optionsOf({ options, own: { byDigest, anonymous, nameFile, ...own } }: Found<GetOptions>): GetOptions {
    const { nameFile: chosen } = options
    const name = nameFile === undefined || chosen === undefined ? nameFile : () => chosen(nameFile())
    return {
      ...options,
      ...own,
      ...(!this.#isDaemon && byDigest !== undefined && { byDigest }),
      ...(!this.#isDaemon && anonymous !== undefined && { anonymous }),
      ...(name !== undefined && { nameFile: name }),
    }
  }

  async *#bytes(url: string, options: GetOptions | undefined, { head, done, failed }: StreamTold): AsyncGenerator<Uint8Array> {
    const shown = { bytes: 0, hash: createHash('sha256') }
    try {
      for (;;) {
        const source = await this.#find(url, options ?? {})
        const stream = (await this.#node).get(source.url, this.#optionsOf(source))
        // that of a daemon which goes away afterwards holds: what comes then has to be the same
        stream.head.then(head, () => {})
        try {
          // only the daemon may go away and leave a beginning behind
          yield* this.#isDaemon || shown.bytes > 0 ? unseen(stream, shown) : stream
          return done(stream.receipt.then(receipt => asAsked(receipt, source.shown)))
        } catch (error) {
          if (!(await this.#goesOn(error))) throw error
        }
      }
    } catch (error) {
      failed(error)
      throw error
    }
  }

  async #orByItself<T>(work: (node: DragonflyNode) => Promise<T>): Promise<T> {
    try {
      return await work(await this.#node)
    } catch (error) {
      if (!(await this.#goesOn(error))) throw error
      return await work(await this.#node)
    }
  }

  /** Whether the error was the loss of the daemon; then this process has a node of its own from now on. */
  async #goesOn(error: unknown): Promise<boolean> {
    if (!this.#isDaemon || !isLoss(error)) return false
    const daemon = await this.#node
    this.#isDaemon = false
    this.#node = ownNode(this.#flags, this.#around)
    await tell(this.#around.onEvent, { code: 'daemon-lost', reason: (error as Error).message })
    await daemon.stop()
    return true
  }
}

/** Whether it is asked for without credentials. */
function isOpen({ headers = [], filter = [] }: SourceRequest): boolean {
  return headers.length === 0 && filter.length === 0
}

function asAsked(receipt: Receipt, shown: string | undefined): Receipt {
  return shown === undefined ? receipt : { ...receipt, url: shown }
}

/** What becomes known of a stream besides its bytes. */
interface StreamTold {
  head(head: StreamHead): void
  done(receipt: Promise<Receipt>): void
  failed(error: unknown): void
}

interface Shown {
  bytes: number
  hash: Hash
}

/** What comes after the bytes that were shown; those have to be the same as then. */
async function* unseen(stream: AsyncIterable<Uint8Array>, shown: Shown): AsyncGenerator<Uint8Array> {
  const expected = shown.hash.copy().digest()
  const again = createHash('sha256')
  let left = shown.bytes
  for await (const chunk of stream) {
    const old = chunk.subarray(0, left)
    if (left > 0) {
      left -= old.byteLength
      again.update(old)
      if (left === 0 && !again.digest().equals(expected)) throw await changed()
    }
    const fresh = chunk.subarray(old.byteLength)
    if (fresh.byteLength === 0) continue
    shown.hash.update(fresh)
    shown.bytes += fresh.byteLength
    yield fresh
  }
  if (left > 0) throw await changed()
}

async function changed(): Promise<Error> {
  const { DragonflyError } = await import('../client/index.ts')
  return new DragonflyError('origin-changed', 'the content changed at the origin after its beginning was written', {
    hint: 'run it again',
    retryable: true,
  })
}

async function ownNode(flags: GetFlags, around: Around): Promise<DragonflyNode> {
  const { createNode, homeIfAny } = await import('../index.ts')
  const home = homeIfAny()
  const settings = await nodeOptions(flags, home, around)
  return await withSource(settingsOf(flags), home, () => createNode(settings))
}

async function tell(onEvent: (event: NodeEvent) => void, facts: EventFacts): Promise<void> {
  const { eventOf } = await import('../client/index.ts')
  onEvent(eventOf(facts))
}

function isLoss(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'no-daemon'
}
