// The interface of a node, spoken to a daemon over its socket. Output files are opened and written here, with the caller's rights.
import { constants } from 'node:fs'
import { copyFile, open } from 'node:fs/promises'
import { join } from 'node:path'
import { DragonflyError } from '../core/errors.ts'
import { cleanFileName, NAMELESS } from '../core/file-name.ts'
import { randomName } from '../core/random-name.ts'
import type { ContentHead, HeadOptions, StreamHead } from '../node/api/content-head.ts'
import type { ContentStream, DragonflyNode } from '../node/api/dragonfly-node.ts'
import type { FleetReport } from '../node/api/fleet-report.ts'
import type { GetOptions, Progress } from '../node/api/get-options.ts'
import type { Limits, LimitsNow } from '../node/api/limits.ts'
import type { DaemonLive } from '../node/api/live.ts'
import type { Metric } from '../node/api/metrics.ts'
import type { Preheated } from '../node/api/preheat-options.ts'
import type { Receipt } from '../node/api/receipt.ts'
import type { RegistryRead } from '../node/api/registry-read.ts'
import type { DaemonStatus } from '../node/api/status.ts'
import type { StoreAdmin } from '../node/api/store-admin.ts'
import type { StoredContent } from '../node/api/stored-content.ts'
import { linkFile } from '../store/link-output.ts'
import { checkOutput, placeBytes, placeFile } from '../store/output.ts'
import { locate, type OutputWish, placeAt, setTime, targetOf } from '../store/output-place.ts'
import { type Connection, errorOf } from './connection.ts'
import { findTreeBy } from './find-tree.ts'
import type { Hello, Places } from './hello.ts'
import { RemoteStore } from './remote-store.ts'

/** Lines of a job; see the local API. */
type JobLine =
  | { type: 'accepted'; id: string }
  | ({ type: 'progress' } & Progress)
  | { type: 'head'; head: StreamHead }
  | { type: 'stored'; receipt: Receipt; fileName: string; file?: string }
  | { type: 'done'; receipt: Receipt }
  | ({ type: 'error' } & Parameters<typeof errorOf>[0])

/** A node that runs in another process of this host. `stop` only hangs up. */
export class DaemonClient implements DragonflyNode {
  readonly hello: Hello
  readonly administration: StoreAdmin
  readonly #connection: Connection
  /** Whether the daemon runs as this user: only then its files are looked at. */
  readonly #isOwn: boolean

  constructor(connection: Connection, hello: Hello, isOwn: boolean) {
    this.#connection = connection
    this.hello = hello
    this.#isOwn = isOwn
    this.administration = new RemoteStore(connection)
  }

  get peerId(): string {
    return this.hello.peerId
  }

  get addresses(): readonly string[] {
    return this.hello.addresses
  }

  async head(url: string, options: HeadOptions = {}): Promise<ContentHead> {
    const { signal, renew: _renew, ...rest } = options
    signal?.throwIfAborted()
    return (await this.#connection.ask('POST', '/v1/head', { url, options: rest })) as ContentHead
  }

  get(url: string, options: GetOptions = {}): ContentStream {
    const receipt = Promise.withResolvers<Receipt>()
    const length = Promise.withResolvers<number | undefined>()
    receipt.promise.then(done => length.resolve(done.length ?? done.bytes), length.reject)
    length.promise.catch(() => {})
    const head = Promise.withResolvers<StreamHead>()
    head.promise.catch(() => {})
    // one of before that line says nothing of it
    receipt.promise.then(() => head.reject(endedEarly()), head.reject)
    const { range, onProgress } = options
    const told: GetOptions = {
      ...options,
      onProgress: progress => {
        if (range === undefined && progress.length !== undefined) length.resolve(progress.length)
        onProgress?.(progress)
      },
    }
    const bytes = () => this.#stream(url, told, { head: head.resolve, done: receipt.resolve, failed: receipt.reject })
    return { receipt: receipt.promise, length: length.promise, head: head.promise, [Symbol.asyncIterator]: bytes }
  }

  async download(url: string, file = '.', options: GetOptions = {}): Promise<Receipt> {
    const { folder, name } = await locate(file)
    await checkOutput(join(folder, name ?? randomName()))
    if (options.range !== undefined) return await this.#downloadRange(url, folder, name, options)
    let output = ''
    const receipt = await this.fetch(url, options, async content => {
      const target = await targetOf(wishOf(url, { folder, name }, content.fileName, options))
      let isLink = false
      output = await placeAt(
        target,
        async path => {
          isLink = options.hardLink === true && content.file !== undefined && (await linkFile(content.file, path))
          if (!isLink) await place(content, path, options.signal)
        },
        options.signal,
      )
      if (options.remoteTime && !isLink && !target.isStream) await setTime(output, content.receipt.lastModified)
    })
    return { ...receipt, output }
  }

  async fetch(url: string, options: GetOptions, use: (content: StoredContent) => Promise<void>): Promise<Receipt> {
    let id = ''
    for await (const line of this.#job(url, 'store', options)) {
      if (line.type === 'accepted') id = line.id
      if (line.type !== 'stored') continue
      const { receipt, fileName, file } = line
      await use({
        receipt,
        fileName,
        file: this.#isOwn ? file : undefined,
        bytes: offset => this.#bytes(id, offset, options.signal),
      })
      // hanging up gives it back
      return receipt
    }
    throw endedEarly()
  }

  /** The daemon reads the file itself, so only one that runs as this user is asked. */
  readonly share: DragonflyNode['share'] = async (file, options = {}) =>
    await (await import('./share.ts')).shareBy(this.#connection, this.hello, { ...options, file, isOwn: this.#isOwn })
  readonly shares = async () => await (await import('./share.ts')).sharesOf(this.#connection, this.hello)
  readonly unshare = async (of: string) => await (await import('./share.ts')).unshareBy(this.#connection, this.hello, of)
  readonly readBlock = async (): Promise<never> => (await import('./share.ts')).refuseBlocks()
  readonly findTree: DragonflyNode['findTree'] = async (...asked) => await findTreeBy(this.#connection, ...asked)
  readonly preheat = async (): Promise<Preheated> => {
    throw new DragonflyError('bad-option', 'a daemon does not preheat for others', { hint: 'preheat with a node of your own' })
  }
  readonly seed = async (): Promise<void> => {
    throw new DragonflyError('bad-option', 'a running daemon cannot become a seed', { hint: 'df seed start' })
  }

  async status(limit?: number): Promise<DaemonStatus> {
    return (await this.#connection.ask('GET', `/v1/status${limit === undefined ? '' : `?limit=${limit}`}`)) as DaemonStatus
  }

  async metrics(): Promise<Metric[]> {
    return (await this.#connection.ask('GET', '/v1/metrics.json')) as Metric[]
  }

  async live(): Promise<DaemonLive> {
    return (await this.#known('/v1/live', 'has no live status')) as DaemonLive
  }

  /** What a daemon of an older version does not know. */
  async #known(path: string, lack: string): Promise<unknown> {
    try {
      return await this.#connection.ask('GET', path)
    } catch (error) {
      if (!(error instanceof DragonflyError) || error.code !== 'not-found') throw error
      throw new DragonflyError('no-daemon', `the daemon that runs here (version ${this.hello.version}) ${lack}`, {
        hint: 'restart it: df daemon stop, df daemon start',
      })
    }
  }

  /** URLs of what else it serves, once it does; none of a daemon of an older version, which does not say. */
  async places(): Promise<Places> {
    try {
      return (await this.#connection.ask('GET', '/v1/places')) as Places
    } catch (error) {
      if (error instanceof DragonflyError && error.code === 'not-found') return {}
      throw error
    }
  }

  readonly fleetStatus = async () => (await this.#known('/v1/fleet', 'cannot ask its fleet')) as FleetReport
  readonly registryReads = async () => (await this.#known('/v1/registry-reads', 'keeps no account of them')) as RegistryRead[]

  async setLimits(limits: Limits): Promise<void> {
    await this.#connection.ask('PUT', '/v1/limits', limits)
  }

  readonly limits = async () => (await this.#connection.ask('GET', '/v1/limits')) as LimitsNow

  /** Ends the daemon. Resolves when it has said that it will. */
  async stopDaemon(): Promise<void> {
    await this.#connection.ask('POST', '/v1/stop')
  }

  readonly stop = async (): Promise<void> => this.#connection.close()

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #downloadRange(url: string, folder: string, name: string | undefined, options: GetOptions): Promise<Receipt> {
    const { headers, filter, tag, scope, origin, signal } = options
    const asked = { headers, filter, tag, scope, origin, signal }
    const fileName = name ?? (await this.head(url, defined(asked))).fileName
    const target = await targetOf(wishOf(url, { folder, name }, fileName, options))
    const stream = this.get(url, options)
    const output = await placeAt(target, path => placeBytes(path, stream, options.signal), options.signal)
    return { ...(await stream.receipt), output }
  }

  async *#stream(url: string, options: GetOptions, { head, done, failed }: StreamTold): AsyncGenerator<Uint8Array> {
    const job = this.#job(url, 'stream', options)
    try {
      const accepted = await job.next()
      if (accepted.done === true || accepted.value.type !== 'accepted') throw endedEarly()
      const receipt = receiptOf(job, head)
      // the iteration below fails, too, and comes first
      receipt.catch(() => {})
      try {
        yield* this.#bytes(accepted.value.id, 0, options.signal)
      } catch (error) {
        // why it broke off is said in the lines of the job
        await receipt
        throw error
      }
      done(await receipt)
    } catch (error) {
      failed(error)
      throw error
    } finally {
      await job.return(undefined)
      failed(new DragonflyError('aborted', 'the reader stopped before the end'))
    }
  }

  #bytes(id: string, offset: number | undefined, signal: AbortSignal | undefined): AsyncIterable<Uint8Array> {
    return this.#connection.bytes(`/v1/jobs/${id}/bytes${offset ? `?offset=${offset}` : ''}`, signal)
  }

  /** Its lines; `progress` and `error` are dealt with. */
  async *#job(url: string, into: 'store' | 'stream', options: GetOptions): Lines {
    const { signal, onProgress, trace, keep: _keep, remoteTime: _time, nameFile: _name, hardLink: _link, ...others } = options
    const { replace: _replace, renew: _renew, ...rest } = others
    if (options.byDigest !== undefined || options.originAfter !== undefined)
      throw new DragonflyError('bad-option', 'a daemon takes neither byDigest nor originAfter', {
        hint: 'use a node of your own',
      })
    if (trace !== undefined)
      throw new DragonflyError('bad-option', 'a daemon writes no trace', { hint: 'trace with a node of your own' })
    for await (const line of this.#connection.lines('POST', '/v1/jobs', { body: { url, into, options: rest }, signal })) {
      const said = line as JobLine
      if (said.type === 'error') throw errorOf(said)
      if (said.type === 'progress') onProgress?.({ ...said, length: said.length })
      else yield said
    }
  }
}

/** What becomes known of a stream besides its bytes. */
interface StreamTold {
  head(head: StreamHead): void
  done(receipt: Receipt): void
  failed(error: unknown): void
}

type Lines = AsyncGenerator<Exclude<JobLine, { type: 'progress' | 'error' }>>

async function receiptOf(job: Lines, told: (head: StreamHead) => void): Promise<Receipt> {
  for await (const line of job) {
    if (line.type === 'head') told(line.head)
    if (line.type === 'done') return line.receipt
  }
  throw endedEarly()
}

function endedEarly(): DragonflyError {
  return new DragonflyError('no-daemon', 'the daemon has gone', { retryable: true })
}

/** Shares blocks with the store's file where the filesystem can, else copies; what cannot be read here comes through the socket. */
async function place(content: StoredContent, target: string, signal: AbortSignal | undefined): Promise<void> {
  const { file, receipt } = content
  const handle = file === undefined ? undefined : await open(file, 'r').catch(() => undefined)
  if (file === undefined || handle === undefined) return await placeBytes(target, content.bytes(), signal)
  try {
    const source = {
      copyTo: (path: string) => copyFile(file, path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE),
      read: async (offset: number, into: Uint8Array) => (await handle.read(into, 0, into.byteLength, offset)).bytesRead,
    }
    await placeFile(target, receipt.bytes, source, signal)
  } finally {
    await handle.close()
  }
}

/** A daemon may be another user's: the name that it tells is no better than an origin's. */
function wishOf(url: string, place: Pick<OutputWish, 'folder' | 'name'>, said: string, options: GetOptions): OutputWish {
  const { nameFile, replace } = options
  return { ...place, fileName: cleanFileName(said) || NAMELESS, nameFile, url, replace }
}

function defined<T extends object>(object: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
