// Tells a node's events to whoever listens, and counts them.
import { EVENTS, type EventFacts, type EventLevel, eventOf, type NodeEvent } from '../api/events.ts'
import type { Counters } from './counters.ts'
import { EventRation, RATION, RATION_MS } from './event-ration.ts'

export class EventEmitter {
  readonly #counters: Counters
  readonly #ration = new EventRation()
  readonly #listeners: readonly ((event: NodeEvent) => void)[]

  constructor(counters: Counters, listeners: readonly ((event: NodeEvent) => void)[]) {
    this.#counters = counters
    this.#listeners = listeners
  }

  emit(facts: EventFacts): void {
    const { level, isRationed }: { level: EventLevel; isRationed?: true } = EVENTS[facts.code]
    this.#counters.countAt('dragonfly_events_total', { level })
    if (facts.code === 'seeds-contradict') this.#counters.count('dragonfly_seed_contradictions_total')
    if (this.#listeners.length === 0) return
    const due = isRationed === true ? this.#ration.take(facts.code, performance.now()) : 'tell'
    if (due === 'say-withheld') this.emit({ code: 'events-withheld', of: facts.code, limit: RATION, seconds: RATION_MS / 1000 })
    if (due !== 'tell') return
    const event = eventOf(facts)
    for (const listener of this.#listeners) listener(event)
  }
}
