// What a download fails with when no source is left.
import { DragonflyError } from '../../core/errors.ts'
import { isSharedUrl } from '../../core/shared-url.ts'
import { changed, isChanged } from '../../origin/failures.ts'
import type { SourceAction } from '../../swarm/source-events.ts'

const SHARED_HINT =
  'the host that shares it has to be running; outside of its local network name a way to it with --bootstrap ADDRESS'

/** `seeds`: the trouble that they had; `origin`: how it failed last, undefined where it may not be read. */
export function errorOf(
  why: Extract<SourceAction, { type: 'fail' }>['why'],
  url: string,
  seeds: unknown,
  origin: { failure: unknown } | undefined,
): unknown {
  const failure = origin?.failure
  if (why === 'seed') return seeds
  if (why === 'origin-changed' && !isChanged(failure)) return changed(url)
  if (why !== 'no-source' && failure !== undefined) return failure
  if (seeds instanceof DragonflyError && /^(origin-|digest-mismatch$)/.test(seeds.code)) return seeds
  return new DragonflyError('no-source', 'no reachable peer has this content', {
    hint: isSharedUrl(url)
      ? SHARED_HINT
      : origin !== undefined
        ? 'check the network'
        : 'leave out --no-origin, or give a --seed or --bootstrap that is running',
    cause: seeds,
  })
}
