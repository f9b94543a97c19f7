// Tiny contents that a seed's first answer carries: taken without an active task, once a seed has given some in a row in this way. A folder of
// ten thousand files is as many downloads, and what an active task is for (neighbours, pieces, other sources) is of no use to them.
import { CID } from 'multiformats/cid'
import { hex } from '../core/digest.ts'
import { abortError } from '../core/errors.ts'
import { Manifest, type ManifestHead, type Seal } from '../core/manifest.ts'
import { sameBytes, sha256 } from '../core/piece.ts'
import { rendezvousOrder } from '../core/rendezvous.ts'
import type { Task } from '../core/task.ts'
import { validatorsOf } from '../core/version.ts'
import { resolve } from '../net/resolve.ts'
import { placeAt, setTime, targetOf } from '../store/output-place.ts'
import { placeWhole } from '../store/small-output.ts'
import type { InlineContent, Resolved } from '../wire/codec-resolve.ts'
import { openHead } from '../wire/envelope.ts'
import { LIMITS } from '../wire/limits.ts'
import type { Receipt } from './api/receipt.ts'
import { type Network, type NodeContext, now } from './context/node-context.ts'
import { type Job, shown, wishOf } from './download-job.ts'
import { ManifestTrust } from './session/manifest-trust.ts'
import { resolveRequest } from './session/resolve-request.ts'

/** After so many tiny downloads in a row from seeds the next one is expected to be tiny, too. */
const IN_A_ROW = 4
/** A seed that has it answers in one round trip; what takes longer has a usual download. Milliseconds. */
const ANSWER_MS = 1000

/** A whole content that a seed vouches for. */
export interface TinyContent {
  manifest: Manifest
  seal: Seal
  payload: Uint8Array
}

type Context = Pick<
  NodeContext,
  'network' | 'seedsAbove' | 'store' | 'pacing' | 'counters' | 'isTrusted' | 'isBanned' | 'fleet' | 'isInFleet' | 'silentSeeds'
>

export class TinyDownloads {
  readonly #ctx: Context
  readonly #isActive: (task: string) => boolean
  #inARow = 0

  /** `isActive`: whether something is going on with a task here. */
  constructor(ctx: Context, isActive: (task: string) => boolean) {
    this.#ctx = ctx
    this.#isActive = isActive
  }

  /** A download has ended in the usual way. */
  ended({ bytes, fromSeeds }: Pick<Receipt, 'bytes' | 'fromSeeds'>): void {
    const isTiny = bytes > 0 && bytes <= LIMITS.inline && fromSeeds === bytes
    this.#inARow = isTiny ? this.#inARow + 1 : 0
  }

  /** Resolves to undefined where the usual way has to be gone: this one changes nothing then. Rejects only when the download is aborted. */
  async take(job: Job): Promise<TinyContent | undefined> {
    const { network } = this.#ctx
    const seed = this.#expects(job) && network !== undefined ? this.#seedOf(network, job.task) : undefined
    if (network === undefined || seed === undefined || (await this.#isHere(job.task))) return undefined
    const content = await this.#ask(network, seed, job).catch(() => undefined)
    const { signal } = job.options
    if (signal?.aborted) throw abortError(signal)
    if (content === undefined) {
      this.#inARow = 0
      return undefined
    }
    const bytes = content.payload.byteLength
    network.exchange.totals.bytesReceived += bytes
    this.#ctx.counters.countAt('dragonfly_verified_bytes_total', { source: 'seed' }, bytes)
    return content
  }

  #expects({ task, options }: Job): boolean {
    const { keep, explain, trace, revalidate, originAfter, limit } = options
    if (this.#inARow < IN_A_ROW || keep !== false || task.isPrivate || task.root !== undefined) return false
    if (explain === true || trace !== undefined || revalidate === true || originAfter !== undefined || limit !== undefined)
      return false
    const { down, total } = this.#ctx.pacing.limits
    return down === undefined && total === undefined
  }

  /** The one that would be asked first, if it is connected and answers. */
  #seedOf({ host }: Network, { subject }: Task): string | undefined {
    const seeds = this.#ctx.seedsAbove(subject).filter(({ peer }) => peer !== host.id)
    const [first] = rendezvousOrder(subject, seeds)
    return first !== undefined && host.isConnected(first.peer) ? first.peer : undefined
  }

  async #isHere({ id }: Task): Promise<boolean> {
    return this.#isActive(id) || (await this.#ctx.store.keysOf(id)).length > 0
  }

  async #ask({ host }: Network, seed: string, { task, wanted, options }: Job): Promise<TinyContent | undefined> {
    const over = new AbortController()
    const timer = setTimeout(() => over.abort(), ANSWER_MS)
    const signal = options.signal === undefined ? over.signal : AbortSignal.any([options.signal, over.signal])
    try {
      for await (const reply of resolve(host, seed, resolveRequest(task, { digest: wanted, takesInline: true }), signal)) {
        if (reply.type !== 'resolved') return undefined
        this.#ctx.silentSeeds.heard(seed)
        return await this.#opened(seed, task, wanted, reply)
      }
      return undefined
    } finally {
      clearTimeout(timer)
    }
  }

  async #opened(seed: string, task: Task, wanted: Uint8Array | undefined, answer: Resolved): Promise<TinyContent | undefined> {
    const { inline, grant, topic } = answer
    if (inline === undefined || grant !== undefined || !sameBytes(topic, CID.parse(task.id).bytes)) return undefined
    const trust = new ManifestTrust(this.#ctx, task, wanted)
    const opened = await openHead(inline.head, ({ head, signer }) => trust.trustIn(head, signer, seed) === 'seed')
    if (opened === undefined || opened.head.version !== answer.version) return undefined
    return contentOf(opened.head, inline)
  }
}

/** Undefined, or throws `protocol`, where the bytes are not what the head seals. */
function contentOf(head: ManifestHead, { payload }: InlineContent): TinyContent | undefined {
  const { seal, count } = head
  const digest = sha256(payload)
  // of one piece: its digest is that of the whole
  if (count !== 1 || seal?.length !== payload.byteLength || !sameBytes(seal.sha256, digest)) return undefined
  const manifest = new Manifest(head)
  manifest.extend([digest], head)
  return { manifest, seal, payload }
}

/** Writes its file as every download does. `place`: where that goes. */
export async function placeTiny(
  job: Job,
  { manifest: { info }, seal, payload }: TinyContent,
  place: { folder: string; name: string | undefined },
): Promise<Receipt> {
  const { options } = job
  const target = await targetOf(wishOf(job, place, info.fileName))
  const output = await placeAt(target, path => placeWhole(path, payload, options.signal), options.signal)
  const at = Date.parse(validatorsOf(info.version).lastModified ?? '')
  const lastModified = Number.isNaN(at) ? undefined : new Date(at).toUTCString()
  if (options.remoteTime === true && !target.isStream) await setTime(output, lastModified)
  const bytes = payload.byteLength
  const counts = { fromOrigin: 0, fromPeers: 0, fromSeeds: bytes, resumed: 0 }
  options.onProgress?.({ bytes, length: bytes, ...counts, received: bytes, peers: 0, rate: 0 })
  return {
    url: shown(job.url, options.filter),
    output,
    bytes,
    sha256: hex(seal.sha256),
    cid: seal.root,
    ...counts,
    seconds: Math.round(now() - job.begun) / 1000,
    peers: 1,
    ...(lastModified !== undefined && { lastModified }),
    trust: job.wanted === undefined ? 'seed' : 'digest',
  }
}
