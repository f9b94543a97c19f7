// The interface of an observer of a swarm: every event and the actions that answered it.
import type { SwarmAction, SwarmEvent } from '../../swarm/events.ts'
import type { SwarmSetup } from '../../swarm/setup.ts'

export interface SwarmObserver {
  /** A decider begins. Not told to who comes later. */
  begun?(setup: SwarmSetup): void
  /** What it was told at `at` (milliseconds, see `now`), and its answer, which is performed next. */
  told(event: SwarmEvent, at: number, actions: readonly SwarmAction[]): void
  /** Bytes came from the origin in a read of our own, at `at`; the decider learns of whole pieces only. */
  read?(bytes: number, at: number): void
  /** Bytes of a range came from the origin at `at`, of which no decider hears. They are counted already. */
  readRange?(bytes: number, at: number): void
  /** Nothing more comes from this decider. Never rejects. */
  ended?(): Promise<void>
}
