// Tells a node's events to whoever listens, and counts them.
import { EVENTS, type EventFacts, eventOf, type NodeEvent } from '../api/events.ts'
import type { Counters } from './counters.ts'

export class EventEmitter {
  readonly #counters: Counters
  readonly #listeners: readonly ((event: NodeEvent) => void)[]

  constructor(counters: Counters, listeners: readonly ((event: NodeEvent) => void)[]) {
    this.#counters = counters
    this.#listeners = listeners
  }

  emit(facts: EventFacts): void {
    this.#counters.countAt('dragonfly_events_total', { level: EVENTS[facts.code].level })
    if (this.#listeners.length === 0) return
    const event = eventOf(facts)
    for (const listener of this.#listeners) listener(event)
  }
}
