// What a content is, before its bytes: asked of the origin by one small request, else of the seeds in their order.
import { abortError, DragonflyError } from '../core/errors.ts'
import { rendezvousOrder } from '../core/rendezvous.ts'
import type { Task } from '../core/task.ts'
import { validatorsOf } from '../core/version.ts'
import { resolve } from '../net/resolve.ts'
import type { Origin } from '../origin/origin.ts'
import { isTrouble } from '../origin/trouble.ts'
import { errorOf } from '../wire/codec-failure.ts'
import type { Resolved } from '../wire/codec-resolve.ts'
import type { ContentHead, HeadOptions } from './api/content-head.ts'
import type { Network, NodeContext } from './context/node-context.ts'
import { connectTimeout } from './context/waiting.ts'
import { nameOf, shown, taskOf } from './download-job.ts'
import { readerOf } from './for-others.ts'
import { resolveRequest } from './session/resolve-request.ts'

/** For one seed, which may have to wait for the origin itself. */
const ANSWER_TIMEOUT_MS = 40_000

type Context = Pick<NodeContext, 'origin' | 'networkUp' | 'seedsAbove'>

/** Rejects with `bad-…`, `origin-…`, `no-source` when neither origin nor seed can be asked, or the abort. */
export async function headOf(ctx: Context, url: string, options: HeadOptions): Promise<ContentHead> {
  const task = taskOf(url, options)
  const reader = task.root === undefined ? readerOf(options) : undefined
  if (reader === undefined) return await fromSeeds(ctx, url, task, options.signal)
  try {
    return await fromOrigin(await ctx.origin(reader), url, task, options.signal)
  } catch (error) {
    // a seed may get through where we do not, or have the content from before
    if (!isTrouble(error)) throw error
    return await fromSeeds(ctx, url, task, options.signal, error)
  }
}

const SHARED_HINT = 'only a seed can say it without a download: give a --seed that is running'

async function fromOrigin(origin: Origin, url: string, task: Task, signal: AbortSignal | undefined): Promise<ContentHead> {
  const { validators, version, length, type, fileName, ranges } = await origin.look(
    { url: task.url, headers: task.headers },
    signal,
  )
  return { ...named(url, task, { validators, version, length, fileName }), type, ranges, from: 'origin' }
}

type Known = Pick<Resolved, 'version' | 'length' | 'fileName'> & { validators: ReturnType<typeof validatorsOf> }

/** What origins and seeds say alike. */
function named(url: string, task: Task, { validators, version, length, fileName }: Known) {
  const { etag, lastModified } = validators
  return { url: shown(url, task.filter), length, version, etag, lastModified, fileName: nameOf(fileName, url) }
}

/** `trouble`: why the origin cannot say it. */
async function fromSeeds(
  ctx: Context,
  url: string,
  task: Task,
  signal: AbortSignal | undefined,
  trouble?: unknown,
): Promise<ContentHead> {
  const network = await ctx.networkUp()
  let why = trouble
  for (const seed of network === undefined ? [] : rendezvousOrder(task.subject, ctx.seedsAbove(task.subject))) {
    try {
      const { version, length, fileName } = await askSeed(network as Network, seed, task, signal)
      const known = { validators: validatorsOf(version), version, length, fileName }
      return { ...named(url, task, known), type: undefined, ranges: true, from: 'seed' }
    } catch (error) {
      if (signal?.aborted === true) throw abortError(signal)
      why ??= error
    }
  }
  if (why instanceof DragonflyError && why.code.startsWith('origin-')) throw why
  throw new DragonflyError('no-source', 'no reachable peer knows this content', {
    hint: task.root === undefined ? 'leave out --no-origin, or give a --seed that is running' : SHARED_HINT,
    cause: why,
  })
}

/** Stays no longer than for the answer. */
async function askSeed(
  { host }: Network,
  { peer, address }: { peer: string; address: string },
  task: Task,
  stop: AbortSignal | undefined,
): Promise<Resolved> {
  const patience = AbortSignal.timeout(ANSWER_TIMEOUT_MS)
  const signal = stop === undefined ? patience : AbortSignal.any([stop, patience])
  await host.connect([address], connectTimeout(signal))
  for await (const reply of resolve(host, peer, resolveRequest(task), signal)) {
    if (reply.type === 'failed') throw errorOf(reply)
    if (reply.type === 'resolved') return reply
  }
  throw new DragonflyError('peer-refused', 'it stopped answering')
}
