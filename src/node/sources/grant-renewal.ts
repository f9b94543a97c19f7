// Renews a grant at the seeds when half of its life is over.

import { setTimeout as sleep } from 'node:timers/promises'
import { DragonflyError } from '../../core/errors.ts'
import type { DialablePeer } from '../../core/peer.ts'
import type { Task } from '../../core/task.ts'
import type { Host } from '../../net/host.ts'
import { resolve } from '../../net/resolve.ts'
import { errorOf } from '../../wire/codec-failure.ts'
import { causeOf } from '../api/events.ts'
import type { Network, NodeContext } from '../context/node-context.ts'
import type { GrantBook } from '../peers/grant-book.ts'
import type { ActiveTask } from '../session/active-task.ts'
import { resolveRequest } from '../session/resolve-request.ts'

const ANSWER_TIMEOUT_MS = 40_000
/** Pause before the seeds are asked again, none of which could help. */
const AGAIN_MS = 5000

/**
 * Goes on until `signal`, or until the origin refuses these credentials: then an unfinished active task fails with the origin's
 * answer, and a finished one ends when its neighbours close. Never rejects.
 *
 * @param seeds - in the order in which they are to be asked
 */
export async function keepGranted(
  ctx: NodeContext,
  active: ActiveTask,
  seeds: () => readonly DialablePeer[],
  signal: AbortSignal,
): Promise<void> {
  const network = await ctx.networkUp()
  while (network !== undefined && !signal.aborted && !active.isOver) {
    const { grants } = active
    const left = (grants?.expires ?? Date.now()) - Date.now()
    await sleep(Math.max(AGAIN_MS / 100, left / 2), undefined, { signal }).catch(() => {})
    if (signal.aborted || active.isOver || grants === undefined || grants !== active.grants) continue
    const outcome = await renewed(ctx, network, active, grants, seeds(), signal)
    if (outcome === 'refused') return
    if (outcome === 'nobody') await sleep(Math.min(AGAIN_MS, Math.max(1, left)), undefined, { signal }).catch(() => {})
  }
}

async function renewed(
  ctx: NodeContext,
  network: Network,
  active: ActiveTask,
  grants: GrantBook,
  seeds: readonly DialablePeer[],
  signal: AbortSignal,
): Promise<'renewed' | 'refused' | 'nobody'> {
  for (const { peer, address, others = [] } of seeds) {
    try {
      const brief = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)])
      await network.host.connect([address, ...others], brief)
      await grants.take(await askGrant(network.host, peer, active.task, grants.topic, brief))
      active.links.sayHelloToAll()
      return 'renewed'
    } catch (error) {
      if (signal.aborted) return 'nobody'
      if (error instanceof DragonflyError && error.code === 'origin-forbidden') {
        if (!active.isComplete) active.fail(error)
        return 'refused'
      }
      ctx.emit({ code: 'grant-not-renewed', peer, ...causeOf(error) })
    }
  }
  return 'nobody'
}

/** A new grant for a private content. Rejects with what the seed says of the origin, or when it cannot be asked. */
async function askGrant(host: Host, peer: string, task: Task, topic: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
  for await (const reply of resolve(host, peer, { ...resolveRequest(task), renews: topic }, signal)) {
    if (reply.type === 'failed') throw errorOf(reply)
    if (reply.type === 'granted') return reply.grant
  }
  throw new DragonflyError('peer-refused', 'it stopped answering')
}
