// Files of a hub: out of the swarm while they come, and from the hub whenever that fails.
import { setTimeout as sleep } from 'node:timers/promises'
import type { ByteRange } from '../../core/range.ts'
import type { DragonflyNode } from '../../node/api/dragonfly-node.ts'
import type { GetOptions } from '../../node/api/get-options.ts'
import { answerTo } from '../proxy/conditions.ts'
import { BlobWriter } from '../registry/blob-writer.ts'
import { discard, readRegistry } from '../registry/registry-read.ts'
import { Stop } from '../registry/stop.ts'
import type { FileAsked } from './asked.ts'
import { CheckedWriter } from './checked-writer.ts'
import type { FileFacts } from './file-facts.ts'

/** After so long without a byte of the swarm, this host reads the hub itself, ms. */
const ORIGIN_AFTER_MS = 1000
/** And after so long, the hub is asked past the swarm, ms. */
const SILENCE_MS = 30_000
/** Reads of the hub in a row that bring nothing, before an answer that has begun is broken off. */
const MAX_FAILURES = 5
const PAUSE_MS = 200

/** Answers a HEAD or GET of a file that the hub has shown to this client. Rejects before anything was sent. */
export async function giveFile(node: Pick<DragonflyNode, 'get'>, asked: FileAsked, facts: FileFacts): Promise<void> {
  const { request, response } = asked.guest
  const { length, headers } = facts
  if (request.method === 'HEAD') return void response.writeHead(200, { ...headers, 'content-length': length }).end()
  const answer = answerTo(request.headers, { etag: facts.etag, lastModified: undefined, length })
  if (answer.type === 'not-modified') return void response.writeHead(304, headers).end()
  if (answer.type === 'unsatisfiable')
    return void response.writeHead(416, { 'content-range': `bytes */${length}`, 'content-length': 0 }).end()
  const range = answer.type === 'part' ? { start: answer.start, end: answer.end } : undefined
  const isChecked = range === undefined && facts.sha256 !== undefined && length > 0
  const writer = isChecked ? new CheckedWriter(response, headers, facts.sha256 ?? '') : new BlobWriter(response, headers, range)
  await fromSwarm(node, { asked, facts, range, writer })
  if (!writer.isOver) await fromHub({ asked, facts, range, writer })
}

interface Giving {
  asked: FileAsked
  facts: FileFacts
  /** Undefined: the whole. */
  range: ByteRange | undefined
  writer: BlobWriter
}

/**
 * Writes what the node gives, as far as it gives. The last bytes are held back until the whole is known to have its digest. Never
 * rejects.
 */
async function fromSwarm(node: Pick<DragonflyNode, 'get'>, { asked, facts, range, writer }: Giving): Promise<void> {
  using stop = new Stop(asked.guest.gone)
  try {
    stop.within(SILENCE_MS)
    const stream = node.get(facts.url, optionsOf(facts, range, stop.signal))
    stream.receipt.catch(() => {})
    stream.length.catch(() => {})
    let held: Uint8Array | undefined
    for await (const bytes of stream) {
      stop.hold()
      // a content of another length is not what the hub has described
      if (!writer.hasBegun && ((await stream.length) ?? facts.length) !== facts.length) return
      if (!writer.hasBegun) writer.begin(facts.length)
      if (held !== undefined) await writer.write(held)
      held = bytes
      stop.within(SILENCE_MS)
    }
    await stream.receipt
    if (!writer.hasBegun) writer.begin(facts.length)
    if (held !== undefined) await writer.write(held)
    writer.ended()
  } catch {
    // the hub is asked, and says what is wrong
  }
}

function optionsOf({ sha256, authorization }: FileFacts, range: ByteRange | undefined, signal: AbortSignal): GetOptions {
  return {
    originAfter: ORIGIN_AFTER_MS,
    ...(authorization !== undefined && { headers: [['authorization', authorization] as const] }),
    // a part cannot be checked against the digest of the whole; its pieces are checked by themselves
    ...(sha256 !== undefined && range === undefined && { digest: `sha256:${sha256}` }),
    ...(range !== undefined && { range }),
    signal,
  }
}

/** The rest, from the hub. An answer is never ended early: it is complete, or broken off. Rejects before anything was sent. */
async function fromHub({ asked, facts, writer, range }: Giving): Promise<void> {
  const { guest } = asked
  if (!writer.hasBegun) {
    writer.position = range?.start ?? 0
    writer.end = range?.end ?? facts.length
  }
  for (let failures = 0; failures < MAX_FAILURES && mayGoOn(writer) && !guest.gone.aborted; failures++) {
    const before = writer.position
    try {
      await drainPart({ asked, facts, range, writer })
    } catch {
      // asked again
    }
    if (writer.position > before) failures = -1
    else if (mayGoOn(writer)) await sleep(PAUSE_MS * 2 ** failures, undefined, { signal: guest.gone }).catch(() => {})
  }
  if (writer.isOver || guest.gone.aborted) return
  if (!writer.hasBegun) throw new Error('the hub does not give the file')
  guest.response.destroy()
}

function mayGoOn(writer: BlobWriter): boolean {
  return !writer.isOver && !(writer instanceof CheckedWriter && writer.isWrong)
}

async function drainPart({ asked, facts, writer }: Giving): Promise<void> {
  const { guest, upstream, via } = asked
  const { authorization, url, length } = facts
  const isWhole = writer.position === 0 && writer.end === length
  const headers = [
    ...(authorization === undefined ? [] : ['authorization', authorization]),
    ...(isWhole ? [] : ['range', `bytes=${writer.position}-${writer.end - 1}`]),
    'accept-encoding',
    'identity',
    'via',
    via,
  ]
  const request = { method: 'GET', url: new URL(url), headers, signal: guest.gone } as const
  const answer = await readRegistry({ usual: upstream }, upstream, request)
  if (answer.status >= 300 || !writer.fits(answer)) return discard(answer)
  const skip = answer.status === 200 ? writer.position : 0
  if (!writer.hasBegun) writer.begin(length)
  await writer.drain(answer.body, skip)
}
