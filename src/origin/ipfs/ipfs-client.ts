// Answers requests for ipfs: URLs as an HTTP client would, out of blocks that were verified.
import { abortError, DragonflyError } from '../../core/errors.ts'
import { ipfsUrl, parseIpfsUrl } from '../../core/ipfs-url.ts'
import type { Answer } from '../answer.ts'
import { HttpClient } from '../http-client.ts'
import type { BodyPace, OriginRequest, OriginSettings } from '../options.ts'
import type { Condition } from '../validators.ts'
import { Blocks } from './blocks.ts'
import { fileBytes } from './file-bytes.ts'
import { Gateways } from './gateways.ts'
import { IpfsAnswer } from './ipfs-answer.ts'

/** Other gateways may do better than one that is silent. Milliseconds. */
const SILENCE_MS = 30_000

export class IpfsClient {
  readonly #client: HttpClient
  /** Not only of files: of folders, too. */
  readonly blocks: Blocks

  /** Throws `bad-option` for gateways that are none. */
  constructor(settings: OriginSettings) {
    const { urls, guard } = settings.ipfs()
    this.#client = new HttpClient({
      ...settings,
      guard,
      // what goes to gateways is ours alone, and the rate of requests that others may cause is about files
      forOthers: false,
      headersTimeoutMs: Math.min(settings.headersTimeoutMs, SILENCE_MS),
      idleTimeoutMs: Math.min(settings.idleTimeoutMs, SILENCE_MS),
    })
    this.blocks = new Blocks(new Gateways({ urls, client: this.#client, forOthers: settings.forOthers }))
  }

  /** As `HttpClient.get`. Rejects with `origin-…`, `bad-url` for what is no file, or the abort. */
  async get({ url, pace }: OriginRequest, conditions: readonly Condition[], signal: AbortSignal): Promise<Answer> {
    const { cid } = parseIpfsUrl(url)
    const root = await this.blocks.read(cid, signal)
    if (root.type === 'folder') {
      throw new DragonflyError('bad-url', `${ipfsUrl(cid)} is a folder`, { hint: 'download it with -P DIR' })
    }
    if (root.type === 'link') throw new DragonflyError('bad-url', `${ipfsUrl(cid)} is a symbolic link, not a file`)
    const over = new AbortController()
    const either = AbortSignal.any([signal, over.signal])
    const bytes = (from: number, to: number) => paced(fileBytes(root, [from, to], this.blocks, either), pace, signal)
    return new IpfsAnswer(ipfsUrl(cid), cid, root.size, conditions, { bytes, stop: () => over.abort() })
  }

  async stop(): Promise<void> {
    await this.#client.stop()
  }
}

async function* paced(
  chunks: AsyncIterable<Uint8Array>,
  pace: BodyPace | undefined,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* pace === undefined ? chunks : pace(chunks, signal)
  } catch (error) {
    throw signal.aborted ? abortError(signal) : error
  }
}
