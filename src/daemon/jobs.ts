// Downloads that the programs of this host asked for: each lives as long as somebody listens to it.
import { randomUUID } from 'node:crypto'
import { DragonflyError } from '../core/errors.ts'
import { withoutSecrets } from '../core/task.ts'
import type { StreamHead } from '../node/api/content-head.ts'
import type { ContentStream, DragonflyNode } from '../node/api/dragonfly-node.ts'
import type { GetOptions, Progress } from '../node/api/get-options.ts'
import type { Receipt } from '../node/api/receipt.ts'

/** Jobs at the same time. */
const MAX_JOBS = 1000

/** Options of a job: those of a download that go through a socket. */
export type JobOptions = Omit<
  GetOptions,
  | 'signal'
  | 'onProgress'
  | 'trace'
  | 'keep'
  | 'remoteTime'
  | 'nameFile'
  | 'replace'
  | 'hardLink'
  | 'byDigest'
  | 'anonymous'
  | 'originAfter'
  | 'renew'
>

export interface JobRequest {
  url: string
  /** `store`: whole in the store, then lent; `stream`: bytes in order as they come. */
  into: 'store' | 'stream'
  options: JobOptions
}

/**
 * What the asker hears, in this order: `accepted`, `progress` any number of times, `head` (of a stream only, with its first byte), `stored` (into the store only),
 * and `done` at the end.
 */
export type JobLine =
  | { type: 'accepted'; id: string }
  | ({ type: 'progress' } & Progress)
  | { type: 'head'; head: StreamHead }
  | { type: 'stored'; receipt: Receipt; fileName: string; file: string | undefined }
  | { type: 'done'; receipt: Receipt }

/** One download for one asker. */
export class Job {
  readonly id = randomUUID()
  readonly #node: DragonflyNode
  readonly #request: JobRequest
  readonly #controller = new AbortController()
  readonly #returned = Promise.withResolvers<void>()
  #bytes: ((offset?: number) => AsyncIterable<Uint8Array>) | undefined
  #stream: ContentStream | undefined

  constructor(node: DragonflyNode, request: JobRequest) {
    this.#node = node
    this.#request = request
  }

  /** As a person may see it: without user, password and query. */
  get url(): string {
    return withoutSecrets(this.#request.url)
  }

  /** Whether the asker has gone, or has what it wanted. */
  get isOver(): boolean {
    return this.#controller.signal.aborted
  }

  /** Resolves when the asker has given the content back, or has read all of the stream. Rejects with the download's error. */
  async run(say: (line: JobLine) => void): Promise<void> {
    const { url, into, options } = this.#request
    const { signal } = this.#controller
    const all: GetOptions = { ...options, signal, onProgress: progress => say({ type: 'progress', ...progress }) }
    if (into === 'stream') {
      this.#stream = this.#node.get(url, all)
      say({ type: 'accepted', id: this.id })
      this.#stream.head.then(
        head => say({ type: 'head', head }),
        () => {},
      )
      return say({ type: 'done', receipt: await this.#stream.receipt })
    }
    say({ type: 'accepted', id: this.id })
    const receipt = await this.#node.fetch(url, all, async ({ receipt, fileName, file, bytes }) => {
      this.#bytes = bytes
      say({ type: 'stored', receipt, fileName, file })
      await this.#returned.promise
      this.#bytes = undefined
    })
    say({ type: 'done', receipt })
  }

  /** The content; a stream only once. Rejects with `not-found` when there is nothing to read (yet). */
  bytes(offset = 0): AsyncIterable<Uint8Array> {
    const stream = offset === 0 ? this.#stream : undefined
    this.#stream = undefined
    const bytes = stream ?? this.#bytes?.(offset)
    if (bytes === undefined) throw new DragonflyError('not-found', 'there is nothing to read in this job')
    return bytes
  }

  /** The asker needs the content no longer, or has gone. Safe to call twice. */
  giveBack(): void {
    this.#returned.resolve()
    this.#controller.abort()
  }
}

export class Jobs {
  readonly #node: DragonflyNode
  readonly #jobs = new Map<string, Job>()
  /** Called when a job begins or ends. */
  onChange: () => void = () => {}

  constructor(node: DragonflyNode) {
    this.#node = node
  }

  get size(): number {
    return this.#jobs.size
  }

  /** Throws `peer-refused` when there are too many. */
  begin(request: JobRequest): Job {
    if (this.#jobs.size >= MAX_JOBS) {
      throw new DragonflyError('peer-refused', `the daemon has ${MAX_JOBS} downloads already`, { retryable: true })
    }
    const job = new Job(this.#node, request)
    this.#jobs.set(job.id, job)
    this.onChange()
    return job
  }

  /** Throws `not-found`. */
  find(id: string): Job {
    const job = this.#jobs.get(id)
    if (job === undefined) throw new DragonflyError('not-found', 'there is no such job')
    return job
  }

  end(job: Job): void {
    job.giveBack()
    this.#jobs.delete(job.id)
    this.onChange()
  }
}
