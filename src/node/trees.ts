// Asks the seeds for the tree below a URL, which the caller can list for itself whatever goes wrong; and for folders that they share by name.
import { abortError, DragonflyError } from '../core/errors.ts'
import { isNamedShare, namedShareUrl, parseNamedShare } from '../core/named-share.ts'
import type { DialablePeer } from '../core/peer.ts'
import { rendezvousOrder } from '../core/rendezvous.ts'
import { isRoot } from '../core/shared-url.ts'
import { makeTask } from '../core/task.ts'
import { MAX_TREE_BYTES } from '../core/tree.ts'
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
/** Seeds that are asked for what only one of them may have. */
const MAX_ASKED_BY_NAME = 16

type Context = Pick<NodeContext, 'networkUp' | 'seedsAbove' | 'otherSeeds' | 'bootstrap' | 'isTrusted'>

/**
 * Resolves to undefined when no trusted seed knows it. Rejects with `bad-…` for a malformed URL, or the abort; of what is shared by name with
 * `not-found` or `no-source`, too.
 */
export async function findTree(ctx: Context, url: string, { signal }: FindTreeOptions = {}): Promise<FoundTree | undefined> {
  if (isNamedShare(url)) return await findNamed(ctx, parseNamedShare(url).name, signal)
  const { isPrivate, root, subject } = makeTask({ url })
  if (isPrivate || root !== undefined) return undefined
  const network = await ctx.networkUp()
  if (network === undefined) return undefined
  const whole = AbortSignal.any([AbortSignal.timeout(WHOLE_MS), ...(signal ? [signal] : [])])
  for (const seed of rendezvousOrder(subject, ctx.seedsAbove(subject)).slice(0, MAX_ASKED)) {
    try {
      return await ask(network, seed, { url, limit: MAX_URL_TREE_BYTES, isTrusted: ctx.isTrusted }, whole)
    } catch {
      if (signal?.aborted) throw abortError(signal)
    }
  }
  return undefined
}

/** Whoever answers first; it is his own word, and nobody else's. */
async function findNamed(ctx: Context, name: string, signal: AbortSignal | undefined): Promise<FoundTree> {
  const url = namedShareUrl(name)
  const network = await ctx.networkUp()
  const seeds = network === undefined ? [] : rendezvousOrder(url, believed(ctx)).slice(0, MAX_ASKED_BY_NAME)
  const whole = AbortSignal.any([AbortSignal.timeout(WHOLE_MS), ...(signal ? [signal] : [])])
  const failures: unknown[] = []
  for (const seed of seeds) {
    try {
      const isTrusted = (signer: string) => signer === seed.peer
      return await ask(network as Network, seed, { url, limit: MAX_TREE_BYTES, isTrusted }, whole)
    } catch (error) {
      if (signal?.aborted) throw abortError(signal)
      failures.push(error)
    }
  }
  throw unfound(name, failures)
}

/** Seeds; and other hosts that were named by their addresses, and as trusted: a daemon that shares by name is no seed. */
function believed({ otherSeeds, bootstrap, isTrusted }: Context): DialablePeer[] {
  const named = bootstrap.flatMap(address => {
    const peer = /\/p2p\/([^/]+)$/.exec(address)?.[1]
    return peer !== undefined && isTrusted(peer) ? [{ peer, address }] : []
  })
  return [...new Map([...named, ...otherSeeds].map(one => [one.peer, one])).values()]
}

function unfound(name: string, failures: readonly unknown[]): DragonflyError {
  if (failures.length === 0)
    return new DragonflyError('no-source', `no seed is known that could share ${name}`, {
      hint: 'name the one that does: --seed ADDRESS',
    })
  // one that knew nothing of names calls it a malformed URL
  const isUnknown = failures.every(
    error => error instanceof DragonflyError && /^(not-found|bad-url|bad-scheme)$/.test(error.code),
  )
  const who = failures.length === 1 ? 'the seed' : `none of ${failures.length} seeds`
  if (isUnknown)
    return new DragonflyError(
      'not-found',
      `${who} shares ${failures.length === 1 ? 'nothing' : 'anything'} by the name ${name}`,
      {
        hint: 'df seed start --share NAME=DIR shares a folder by a name',
      },
    )
  const cause = failures.find(error => !(error instanceof DragonflyError) || error.code !== 'not-found')
  return new DragonflyError('no-source', `${name}: ${cause instanceof Error ? cause.message : String(cause)}`, {
    cause,
    retryable: true,
  })
}

/** What is asked for, and what is believed of the answer. */
interface Asked {
  url: string
  /** Bytes of a list at most. */
  limit: number
  isTrusted: (signer: string) => boolean
}

async function ask(
  { host }: Network,
  { peer, address, others = [] }: DialablePeer,
  asked: Asked,
  whole: AbortSignal,
): Promise<FoundTree> {
  await host.connect([address, ...others], connectTimeout(whole))
  const silent = new AbortController()
  const silence = setTimeout(() => silent.abort(new DragonflyError('timeout', 'the seed says nothing')), SILENCE_MS)
  try {
    for await (const reply of askTree(host, peer, { url: asked.url }, AbortSignal.any([whole, silent.signal]))) {
      if (reply.type === 'failed') throw errorOf(reply)
      if (reply.type === 'tree') return await opened(asked, reply.envelope)
      silence.refresh()
    }
  } finally {
    clearTimeout(silence)
  }
  throw new DragonflyError('peer-refused', 'it stopped answering')
}

/** Rejects with `protocol` unless somebody who is trusted says it of this URL. */
async function opened(asked: Asked, envelope: Uint8Array): Promise<FoundTree> {
  const head = await openTree(envelope, asked.isTrusted)
  if (head === undefined) throw new DragonflyError('protocol', 'the tree is signed by a stranger')
  const { url, root, length, listedAt } = head
  if (url !== asked.url || !isRoot(root) || length > asked.limit) throw new DragonflyError('protocol', 'the tree is another one')
  return { root, length, listedAt }
}
