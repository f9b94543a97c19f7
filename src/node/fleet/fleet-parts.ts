// What a host's part in its fleet is made of.
import type { FleetSecret, MemberRole } from '../../core/fleet.ts'
import type { EventFacts } from '../api/events.ts'

export interface FleetParts {
  secrets: readonly FleetSecret[]
  /** Undefined: this host leaves soon; it is in nobody's list, and reads for nobody. */
  role: MemberRole | undefined
  /** Tells of other secrets that count from now on, until the returned function is called. */
  watch(use: (secrets: readonly FleetSecret[]) => void): () => void
  /** Whether there is anybody to find the others by. */
  hasWays: boolean
  /** Peers that need not be members: the user has named them. */
  isNamed(peer: string): boolean
  emit(facts: EventFacts): void
}
