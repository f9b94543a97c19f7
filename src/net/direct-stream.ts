// A secured connection whose bytes a muxer takes and gives without libp2p's events and lists.
import { AbstractMessageStream } from '@libp2p/utils'

export abstract class DirectStream extends AbstractMessageStream {
  /**
   * From here on what comes goes to `reader`, which does not throw; what came before is told by `message` events, first. A chunk
   * is overwritten when `reader` has returned.
   */
  abstract readDirectly(reader: (bytes: Uint8Array) => void): void

  /** Gives on all parts at once; none is changed afterwards. `writableNeedsDrain` says whether it is full. */
  abstract writeDirectly(parts: Iterable<Uint8Array>): void
}
