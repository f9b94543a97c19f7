// Peers that turned out to be no members, lest they are asked again at once.
import { LRUCache } from 'lru-cache'
import { DragonflyError } from '../../core/errors.ts'

/** They may have got the fleet file meanwhile, ms. */
const FORGOTTEN_MS = 10_000
const MAX_STRANGERS = 1000

export function stranger(): DragonflyError {
  return new DragonflyError('peer-refused', 'it is not a member of our fleet')
}

export class Strangers {
  readonly #known = new LRUCache<string, true>({ max: MAX_STRANGERS, ttl: FORGOTTEN_MS })

  add(peer: string): void {
    this.#known.set(peer, true)
  }

  has(peer: string): boolean {
    return this.#known.has(peer)
  }

  /** It is a member after all. */
  delete(peer: string): void {
    this.#known.delete(peer)
  }
}
