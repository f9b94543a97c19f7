// Blobs that are named by sha256: out of the swarm while they come, and from the registry whenever that fails.
import { setTimeout as sleep } from 'node:timers/promises'
import { parseRange, type RangeSpec } from '../../core/range.ts'
import type { ContentStream, DragonflyNode } from '../../node/api/dragonfly-node.ts'
import { endToEnd } from '../front/relay.ts'
import { type BlobAsked, headersFor } from './asked.ts'
import { blobOptions } from './blob-options.ts'
import { BlobWriter } from './blob-writer.ts'
import { refuse } from './refusals.ts'
import type { RegistryAccess, RegistryAnswer, RegistryRequest } from './registry-access.ts'
import { discard, headerOf, readRegistry } from './registry-read.ts'
import type { Sizes } from './sizes.ts'
import { Stop } from './stop.ts'
import type { Upstreams } from './upstreams.ts'

/** Without a byte of the swarm after so long, the registry is asked directly, ms. */
const SILENCE_MS = 30_000
/** Reads of the registry in a row that bring nothing, before an answer that has begun is broken off. */
const MAX_FAILURES = 5
const PAUSE_MS = 200

export class Blobs {
  readonly #node: DragonflyNode
  readonly #upstreams: Upstreams
  readonly #access: RegistryAccess
  readonly #sizes: Sizes

  constructor(node: DragonflyNode, { upstreams, access, sizes }: { upstreams: Upstreams; access: RegistryAccess; sizes: Sizes }) {
    this.#node = node
    this.#upstreams = upstreams
    this.#access = access
    this.#sizes = sizes
  }

  async get(asked: BlobAsked): Promise<void> {
    const range = rangeOf(asked)
    const writer = writerOf(asked, range)
    await this.#fromSwarm(asked, range, writer)
    if (writer.isOver) return
    if (!writer.hasBegun) return await this.#relayed(asked)
    await this.#goOn(asked, writer)
  }

  /** What a GET would tell. From what its manifest says, else from the registry, else from the swarm. */
  async head(asked: BlobAsked): Promise<void> {
    const known = this.#sizes.get(asked)
    const { response } = asked.guest
    if (known !== undefined) {
      writerOf(asked, undefined).head(known)
      return void response.end()
    }
    const answer = await this.#ask(asked, 'HEAD', {}).catch(() => undefined)
    if (answer !== undefined && answer.status < 500) {
      const total = totalOf(answer)
      discard(answer)
      if (answer.status >= 300 || total === undefined)
        return void response.writeHead(answer.status, endToEnd(answer.headers)).end()
      writerOf(asked, undefined).head(total)
      return void response.end()
    }
    const length = await this.#lengthInSwarm(asked)
    if (length !== undefined) {
      writerOf(asked, undefined).head(length)
      return void response.end()
    }
    if (answer === undefined) return refuse(asked.guest, 'unreachable')
    discard(answer)
    response.writeHead(answer.status, endToEnd(answer.headers)).end()
  }

  async #lengthInSwarm(asked: BlobAsked): Promise<number | undefined> {
    using stop = new Stop(asked.guest.gone)
    const stream = await this.#stream(asked, undefined, stop)
    const bytes = stream[Symbol.asyncIterator]()
    try {
      stop.within(SILENCE_MS)
      const [length] = await Promise.all([stream.length, bytes.next()])
      return length
    } catch {
      return undefined
    } finally {
      stop.now()
      await bytes.return?.()?.catch(() => {})
    }
  }

  async #stream(asked: BlobAsked, range: RangeSpec | undefined, { signal }: Stop): Promise<ContentStream> {
    const { url, digest, name } = asked
    const shown = await this.#access.shown({ ...asked, repository: name }, url, signal)
    const stream = this.#node.get(url.href, blobOptions({ digest, shown, range, signal }))
    settle(stream)
    return stream
  }

  /** Writes what the node gives, as far as it gives. Never rejects. */
  async #fromSwarm(asked: BlobAsked, range: RangeSpec | undefined, writer: BlobWriter): Promise<void> {
    using stop = new Stop(asked.guest.gone)
    try {
      stop.within(SILENCE_MS)
      const stream = await this.#stream(asked, range, stop)
      for await (const bytes of stream) {
        stop.hold()
        if (!writer.hasBegun) writer.begin((await stream.length) ?? this.#sizes.get(asked))
        if (!writer.hasBegun) break
        asked.reading?.firstByte()
        await writer.write(bytes)
        stop.within(SILENCE_MS)
      }
      writer.ended()
      await tellGivers(asked, stream)
    } catch {
      // the registry is asked, and says what is wrong
    }
  }

  /** The registry's own answer, whatever it is; only redirects are followed. */
  async #relayed(asked: BlobAsked): Promise<void> {
    const { range, 'if-range': ifRange } = asked.guest.request.headers
    const answer = await this.#ask(asked, 'GET', { range, 'if-range': ifRange as string | undefined }).catch(() => undefined)
    if (answer === undefined) return refuse(asked.guest, 'unreachable')
    if (answer.status >= 500 || headerOf(answer.headers, 'content-length') === undefined)
      return await this.#access.passBack(asked, answer)
    // docker-registry announces the whole length here, and sends none of it
    if (answer.status === 416) return unsatisfied(asked, answer)
    const rest = writerOf(asked, rangeOf(asked))
    if (!rest.adopt(answer)) return await this.#access.passBack(asked, answer)
    await rest.drain(answer.body).catch(() => {})
    if (!rest.isOver) await this.#goOn(asked, rest)
  }

  /** The rest of an answer that has begun, from the registry. An answer is never ended early: it is complete, or broken off. */
  async #goOn(asked: BlobAsked, writer: BlobWriter): Promise<void> {
    for (let failures = 0; failures < MAX_FAILURES && !writer.isOver && !asked.guest.gone.aborted; failures++) {
      const before = writer.position
      try {
        const answer = await this.#ask(asked, 'GET', { range: `bytes=${writer.position}-${writer.end - 1}` })
        if (writer.fits(answer)) await writer.drain(answer.body, answer.status === 200 ? writer.position : 0)
        else discard(answer)
      } catch {
        // tried again
      }
      if (writer.position > before) failures = 0
      else await sleep(PAUSE_MS * 2 ** failures, undefined, { signal: asked.guest.gone }).catch(() => {})
    }
    if (!writer.isOver) asked.guest.response.destroy()
  }

  async #ask(asked: BlobAsked, method: 'GET' | 'HEAD', more: Record<string, string | undefined>): Promise<RegistryAnswer> {
    const headers = headersFor(asked, {
      range: undefined,
      'if-range': undefined,
      'accept-encoding': 'identity',
      ...more,
      host: undefined,
    })
    const { url, guest, name } = asked
    const first = { send: (request: RegistryRequest) => this.#access.send({ ...asked, repository: name }, request) }
    return await readRegistry(this.#upstreams, first, { method, url, headers: endToEnd(headers), signal: guest.gone })
  }
}

async function tellGivers({ reading }: BlobAsked, stream: ContentStream): Promise<void> {
  if (reading === undefined) return
  const { fromOrigin, fromPeers, fromSeeds, resumed } = await stream.receipt
  reading.record.from = { origin: fromOrigin, peers: fromPeers, seeds: fromSeeds, store: resumed }
}

function unsatisfied({ guest }: BlobAsked, answer: RegistryAnswer): void {
  const range = headerOf(answer.headers, 'content-range')
  discard(answer)
  guest.response.writeHead(416, { 'content-length': 0, ...(range !== undefined && { 'content-range': range }) }).end()
}

function writerOf({ guest, digest }: BlobAsked, range: RangeSpec | undefined): BlobWriter {
  const headers = {
    'content-type': 'application/octet-stream',
    'docker-content-digest': digest,
    'docker-distribution-api-version': 'registry/2.0',
    'accept-ranges': 'bytes',
    etag: `"${digest}"`,
  }
  return new BlobWriter(guest.response, headers, range)
}

/** Its failure is told by the iteration. */
function settle(stream: ContentStream): void {
  stream.receipt.catch(() => {})
  stream.length.catch(() => {})
}

/** A header that is no single range counts as none, and so does one for another state of the content (RFC 9110 §14.2, §13.1.5). */
function rangeOf({ guest, digest }: BlobAsked): RangeSpec | undefined {
  const { range, 'if-range': ifRange } = guest.request.headers
  if (ifRange !== undefined && ifRange !== `"${digest}"`) return undefined
  const [, text] = /^bytes=([^,]*)$/.exec(range ?? '') ?? []
  if (text === undefined) return undefined
  try {
    return parseRange(text.trim())
  } catch {
    return undefined
  }
}

/** Bytes of the whole: of a HEAD, or of a GET that stood in for one. */
function totalOf({ status, headers }: RegistryAnswer): number | undefined {
  const length = headerOf(headers, 'content-length')
  return status === 200 && length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined
}
