// Asks the seeds for the tree below a URL. Whatever goes wrong, the caller can still list it for itself.
import { abortError, DragonflyError } from '../core/errors.ts'
import type { DialablePeer } from '../core/peer.ts'
import { rendezvousOrder } from '../core/rendezvous.ts'
import { isRoot } from '../core/shared-url.ts'
import { makeTask } from '../core/task.ts'
import { MAX_URL_TREE_BYTES } from '../core/url-tree.ts'
import { askTree } from '../net/tree-stream.ts'
import { errorOf } from '../wire/codec-failure.ts'
import { openTree } from '../wire/envelope.ts'
import type { FindTreeOptions, FoundTree } from './api/found-tree.ts'
import type { Network, NodeContext } from './context/node-context.ts'
import { connectTimeout } from './context/waiting.ts'

/** A seed that waits for an origin says so every 5 s. Milliseconds. */
const SILENCE_MS = 20_000
/** A seed gives up after 30 minutes; it may have begun for somebody else. Milliseconds. */
const WHOLE_MS = 65 * 60_000
/** Seeds that are asked: what one cannot list, others hardly can. */
const MAX_ASKED = 2

type Context = Pick<NodeContext, 'networkUp' | 'seedsAbove' | 'isTrusted'>

/** Resolves to undefined when no trusted seed knows it. Rejects with `bad-…` for a malformed URL, or the abort. */
export async function findTree(ctx: Context, url: string, { signal }: FindTreeOptions = {}): Promise<FoundTree | undefined> {
  const { isPrivate, root, subject } = makeTask({ url })
  if (isPrivate || root !== undefined) return undefined
  const network = await ctx.networkUp()
  if (network === undefined) return undefined
  const whole = AbortSignal.any([AbortSignal.timeout(WHOLE_MS), ...(signal ? [signal] : [])])
  for (const seed of rendezvousOrder(subject, ctx.seedsAbove(subject)).slice(0, MAX_ASKED)) {
    try {
      return await ask(ctx, network, seed, url, whole)
    } catch {
      if (signal?.aborted) throw abortError(signal)
    }
  }
  return undefined
}

async function ask(
  ctx: Context,
  { host }: Network,
  { peer, address, others = [] }: DialablePeer,
  url: string,
  whole: AbortSignal,
): Promise<FoundTree> {
  await host.connect([address, ...others], connectTimeout(whole))
  const silent = new AbortController()
  const silence = setTimeout(() => silent.abort(new DragonflyError('timeout', 'the seed says nothing')), SILENCE_MS)
  try {
    for await (const reply of askTree(host, peer, { url }, AbortSignal.any([whole, silent.signal]))) {
      if (reply.type === 'failed') throw errorOf(reply)
      if (reply.type === 'tree') return await opened(ctx, url, reply.envelope)
      silence.refresh()
    }
  } finally {
    clearTimeout(silence)
  }
  throw new DragonflyError('peer-refused', 'it stopped answering')
}

/** Rejects with `protocol` unless somebody who is trusted says it of this URL. */
async function opened(ctx: Context, asked: string, envelope: Uint8Array): Promise<FoundTree> {
  const head = await openTree(envelope, signer => ctx.isTrusted(signer))
  if (head === undefined) throw new DragonflyError('protocol', 'the tree is signed by a stranger')
  const { url, root, length, listedAt } = head
  if (url !== asked || !isRoot(root) || length > MAX_URL_TREE_BYTES)
    throw new DragonflyError('protocol', 'the tree is another one')
  return { root, length, listedAt }
}
