// Objects of a store: out of the swarm while they come, and from the store whenever that fails.
import { setTimeout as sleep } from 'node:timers/promises'
import type { ByteRange } from '../../core/range.ts'
import type { DragonflyNode } from '../../node/api/dragonfly-node.ts'
import type { GetOptions } from '../../node/api/get-options.ts'
import { heard } from '../../node/heard-version.ts'
import type { S3Reply, S3Store } from '../../origin/sources/s3-store.ts'
import type { Guest } from '../front/guest.ts'
import { BlobWriter } from '../registry/blob-writer.ts'
import { discard, headerOf } from '../registry/registry-read.ts'
import { Stop } from '../registry/stop.ts'
import { objectAnswerTo } from './conditions.ts'
import type { ObjectFacts, ObjectName } from './object-facts.ts'
import type { OpenAnswers } from './open-answers.ts'
import { refuse } from './refusals.ts'
import { type Patience, Silence } from './silence.ts'
import { isPartOfTransfer } from './transfers.ts'

/** After so long without a byte of the swarm, this host reads the store itself, ms. */
const ORIGIN_AFTER_MS = 1000
/** And after so long in which nothing of the content arrives, the store is asked past the swarm, ms: clients for S3 wait for 60 s. */
const PATIENCE = { silence: 20_000, turn: 20_000 }
/** A single read waits no longer for its turn in a read of the whole, ms. */
const SINGLE_TURN_MS = 3000
/** Reads of the store in a row that bring nothing, before an answer that has begun is broken off. */
const MAX_FAILURES = 5
const PAUSE_MS = 200
/** Precondition Failed: it is another object now. */
const CHANGED = 412

/** As it is asked for, with the `Via` of the request to the store. */
type Named = ObjectName & { via: string }

/** A GET of an object. */
interface Giving {
  guest: Guest
  name: Named
  facts: ObjectFacts
  /** Undefined: the whole. */
  range: ByteRange | undefined
  writer: BlobWriter
}

export class S3Objects {
  readonly #node: Pick<DragonflyNode, 'get'>
  readonly #store: S3Store
  readonly #open: OpenAnswers
  readonly #patience: Patience

  /** `patience`: with the swarm; then the store is asked past it. */
  constructor(node: Pick<DragonflyNode, 'get'>, store: S3Store, open: OpenAnswers, patience: Patience = PATIENCE) {
    this.#node = node
    this.#store = store
    this.#open = open
    this.#patience = patience
  }

  /** Answers a HEAD or GET of an object that the store has shown. Never rejects. */
  async give(guest: Guest, name: Named, facts: ObjectFacts): Promise<void> {
    const { request, response } = guest
    const { length, headers, checksums } = facts
    const answer = objectAnswerTo(request.headers, facts)
    if (answer.type === 'changed') return refuse(guest, 'changed')
    if (answer.type === 'not-modified') return void response.writeHead(304, headers).end()
    if (answer.type === 'unsatisfiable') return refuse(guest, 'range', { 'content-range': `bytes */${length}` })
    const range = answer.type === 'part' ? { start: answer.start, end: answer.end } : undefined
    // a client would take them for those of the part
    const isTold = range === undefined && /^enabled$/i.test(String(request.headers['x-amz-checksum-mode'] ?? ''))
    const writer = new BlobWriter(response, { ...headers, ...(isTold && checksums) }, range)
    if (request.method === 'HEAD' || length === 0) {
      writer.begin(length)
      return void response.end()
    }
    const giving = { guest, name, facts, range, writer }
    // what is here may be of another version: then whoever reads the store for this node has to ask it
    if ((await this.#fromSwarm(giving, false)) === 'other-version') await this.#fromSwarm(giving, true)
    if (!writer.isOver) await this.#fromStore(giving)
  }

  /**
   * Writes what the node gives, as far as it gives. The last bytes of a whole are held back until its digest is known to be right. Never rejects.
   * `other-version`: nothing was written.
   */
  async #fromSwarm({ guest, facts, range, writer }: Giving, revalidate: boolean): Promise<'other-version' | undefined> {
    using stop = new Stop(guest.gone)
    const { request, length, etag } = facts
    const isSingle = range !== undefined && !isPartOfTransfer(range, length)
    const { silence: ms, turn } = this.#patience
    const silence = new Silence(stop, { silence: ms, turn: isSingle ? Math.min(turn, SINGLE_TURN_MS) : turn })
    const options = optionsOf(facts, range, { signal: stop.signal, revalidate, onProgress: silence.hear })
    const stream = this.#node.get(request.url, options)
    const bytes = stream[Symbol.asyncIterator]()
    const leave = () => void bytes.return?.()?.catch(() => {})
    let held: Uint8Array | undefined
    try {
      silence.waits()
      for (let next = await bytes.next(); next.done !== true; next = await bytes.next()) {
        silence.waitsNoMore()
        if (!writer.hasBegun) {
          const head = await stream.head
          if (head.etag !== etag || (head.length ?? length) !== length) {
            leave()
            return 'other-version'
          }
          writer.begin(length)
        }
        if (held !== undefined) await writer.write(held)
        if (range === undefined) held = next.value
        else await writer.write(next.value)
        if (writer.isOver) break
        silence.waits()
      }
      if (!writer.isOver) await stream.receipt
      if (held !== undefined && !writer.isOver) await writer.write(held)
    } catch {
      // the store is asked, and says what is wrong
    }
    silence.waitsNoMore()
    leave()
    return undefined
  }

  /** The rest, from the store. An answer is never ended early: it is complete, or broken off. Never rejects. */
  async #fromStore(giving: Giving): Promise<void> {
    const { guest, facts, writer, range } = giving
    if (!writer.hasBegun) {
      writer.position = range?.start ?? 0
      writer.end = range?.end ?? facts.length
    }
    for (let failures = 0; failures < MAX_FAILURES && !writer.isOver && !guest.gone.aborted; failures++) {
      const before = writer.position
      const status = await this.#drain(giving).catch(() => undefined)
      // it is another object now, or none
      if (status !== undefined && status >= 400 && status < 500 && status !== 429) break
      if (writer.position > before) failures = -1
      else if (!writer.isOver) await sleep(PAUSE_MS * 2 ** failures, undefined, { signal: guest.gone }).catch(() => {})
    }
    if (!writer.isOver && !guest.gone.aborted) refuse(guest, 'busy')
  }

  /** Resolves to the status of the store's answer. */
  async #drain({ guest, name, facts, writer }: Giving): Promise<number> {
    const range = ['range', `bytes=${writer.position}-${writer.end - 1}`]
    const headers = [...range, 'if-match', facts.etag, 'accept-encoding', 'identity', 'via', name.via]
    this.#open.add(guest.response)
    const reply = await this.#store.ask({ ...name, method: 'GET', headers }, guest.gone)
    // not every store looks at If-Match
    if (reply.status < 300 && !isOfObject(reply, facts)) {
      discard(reply)
      return CHANGED
    }
    if (reply.status >= 300 || !writer.fits(reply)) {
      discard(reply)
      return reply.status
    }
    const skip = reply.status === 200 ? writer.position : 0
    if (!writer.hasBegun) writer.begin(facts.length)
    await writer.drain(reply.body, skip)
    return reply.status
  }
}

/** The bytes of a coding, or of another version, must not follow those that were given. */
function isOfObject({ headers }: Pick<S3Reply, 'headers'>, { etag, length }: ObjectFacts): boolean {
  const coding = headerOf(headers, 'content-encoding')
  const total = headerOf(headers, 'content-range')?.split('/')[1] ?? '*'
  const isPlain = coding === undefined || /^(?:identity|aws-chunked)?$/i.test(coding)
  return isPlain && headerOf(headers, 'etag') === etag && (total === '*' || total === String(length))
}

function optionsOf(
  { request: { url: _, ...request }, length, etag }: ObjectFacts,
  range: ByteRange | undefined,
  how: Required<Pick<GetOptions, 'signal' | 'revalidate' | 'onProgress'>>,
): GetOptions {
  const options = { ...request, ...how, originAfter: ORIGIN_AFTER_MS, ...(range !== undefined && { range }) }
  return heard(options, { etag, isTransfer: range !== undefined && isPartOfTransfer(range, length) })
}
