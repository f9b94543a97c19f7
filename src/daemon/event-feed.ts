// Passes a node's events on to everybody who listens at the moment.
import type { NodeEvent } from '../node/api/events.ts'

export class EventFeed {
  readonly #listeners = new Set<(event: NodeEvent) => void>()

  /** Made so that it can be handed to a node as it is. */
  readonly publish = (event: NodeEvent): void => {
    for (const listener of this.#listeners) listener(event)
  }

  /** Returns what ends it. */
  listen(listener: (event: NodeEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}
