// Our own read of the origin: counts it, checks it against the manifest, and extends the manifest.
import { type NodeContext, now } from '../context/node-context.ts'
import type { ContentPace } from '../context/pacing.ts'
import type { OriginGauge } from './origin-gauge.ts'
import type { VersionParts } from './peer-handlers.ts'
import type { SwarmObserver } from './swarm-observer.ts'

/** What a read needs of its active task. */
export interface OwnReadOwner {
  readonly observers: ReadonlySet<SwarmObserver>
  readonly gauge: OriginGauge
  readonly pace: ContentPace
}

/**
 * Reads the origin from piece `first` on: every piece is checked against the manifest where it is known, else added to it.
 * Resolves to the length of the content. Rejects with the origin's error, `origin-changed` when bytes contradict the manifest,
 * or what the store says.
 */
export async function readOrigin(
  ctx: Pick<NodeContext, 'counters'>,
  { observers, gauge, pace }: OwnReadOwner,
  { content, driver, manifestSync }: VersionParts,
  { source, first }: { source: AsyncIterable<Uint8Array>; first: number },
): Promise<number> {
  ctx.counters.countAt('dragonfly_origin_reads_total', { kind: 'whole' })
  return await content.transfer.ingest(source, first, {
    onChunk: ({ bytes, waited, worked }) => {
      ctx.counters.countAt('dragonfly_received_bytes_total', { source: 'origin' }, bytes)
      for (const observer of observers) observer.read?.(bytes, now())
      // what we waited for ourselves is no fault of the origin's
      const held = Math.min(waited, pace.takeOriginHeld())
      gauge.came(bytes, waited - held, worked + held)
    },
    onHashed: piece => manifestSync.check(piece),
    onStored: (piece, isNew) => {
      // first here, then known: nobody needs to be asked for it
      driver.ingested(piece, isNew)
      manifestSync.add(piece)
    },
  })
}
