// Keeping a grant alive: asks the seeds for a new one when half of the old one is over.
import { setTimeout as sleep } from 'node:timers/promises'
import { DragonflyError } from '../core/errors.ts'
import type { Task } from '../core/task.ts'
import type { Host } from '../net/host.ts'
import { resolve } from '../net/resolve.ts'
import { errorOf } from '../wire/codec-resolve.ts'
import type { Network, NodeContext } from './context.ts'
import type { Guard } from './guard.ts'
import type { Session } from './session.ts'

const ANSWER_TIMEOUT_MS = 40_000
/** Pause before the seeds are asked again, none of which could help. */
const AGAIN_MS = 5000

/**
 * Goes on until `signal`, or until the origin refuses these credentials: then an unfinished session fails with the origin's
 * answer, and a finished one ends when its neighbours close. Never rejects.
 *
 * @param seeds - in the order in which they are to be asked
 */
export async function keepGranted(
  ctx: NodeContext,
  session: Session,
  seeds: ReadonlyArray<{ peer: string; address: string }>,
  signal: AbortSignal,
): Promise<void> {
  const network = await ctx.networkUp()
  while (network !== undefined && !signal.aborted && !session.isOver) {
    const { guard } = session
    const left = (guard?.expires ?? Date.now()) - Date.now()
    await sleep(Math.max(AGAIN_MS / 100, left / 2), undefined, { signal }).catch(() => {})
    if (signal.aborted || session.isOver || guard === undefined || guard !== session.guard) continue
    const outcome = await renewed(ctx, network, session, guard, seeds, signal)
    if (outcome === 'refused') return
    if (outcome === 'nobody') await sleep(Math.min(AGAIN_MS, Math.max(1, left)), undefined, { signal }).catch(() => {})
  }
}

async function renewed(
  ctx: NodeContext,
  network: Network,
  session: Session,
  guard: Guard,
  seeds: ReadonlyArray<{ peer: string; address: string }>,
  signal: AbortSignal,
): Promise<'renewed' | 'refused' | 'nobody'> {
  for (const { peer, address } of seeds) {
    try {
      const brief = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)])
      await network.host.connect([address], brief)
      await guard.take(await askGrant(network.host, peer, session.task, guard.topic, brief))
      session.links.sayHelloToAll()
      return 'renewed'
    } catch (error) {
      if (signal.aborted) return 'nobody'
      if (error instanceof DragonflyError && error.code === 'origin-forbidden') {
        if (!session.isComplete) session.fail(error)
        return 'refused'
      }
      ctx.info(`seed ${peer} renews no grant: ${(error as Error).message}`)
    }
  }
  return 'nobody'
}

/** A new grant for a private content. Rejects with what the seed says of the origin, or when it cannot be asked. */
export async function askGrant(
  host: Host,
  peer: string,
  task: Task,
  topic: Uint8Array,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { url, headers, filter, tag } = task
  const asked = { url, headers, filter: [...filter], tag, digest: undefined, revalidate: false, renews: topic }
  for await (const reply of resolve(host, peer, asked, signal)) {
    if (reply.type === 'failed') throw errorOf(reply)
    if (reply.type === 'granted') return reply.grant
  }
  throw new DragonflyError('peer-refused', 'it has gone away')
}
