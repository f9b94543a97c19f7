// The rate limit of a simulated host: a piece that came waits until the shipped `Rates` let it pass.
import { Rates, windowPieces } from '../swarm/rates.ts'
import type { Priority } from '../swarm/weights.ts'
import { Call } from './alarm.ts'
import type { World } from './world.ts'

/** Whoever waits is told of it so often, milliseconds; as in a real node. */
const TELL_MS = 250

interface Waiting {
  told: number
  held: (ms: number) => void
  pass: () => void
}

export class SimPacing<K> {
  readonly #world: World
  readonly #limit: number
  readonly #rates: Rates<K>
  /** In the order in which they came. */
  readonly #waiting = new Map<K, Waiting[]>()
  readonly #wake = new Call(() => this.#turn())

  /** `limit`: bytes per millisecond that may come. */
  constructor(world: World, limit: number) {
    this.#world = world
    this.#limit = limit
    this.#rates = new Rates<K>({ down: 1000 * limit }, world.now)
  }

  enter(content: K, priority: Priority): void {
    this.#rates.enter(content, { priority }, this.#world.now)
    this.#waiting.set(content, [])
  }

  /** What it waits for never passes. */
  leave(content: K): void {
    this.#rates.leave(content)
    this.#waiting.delete(content)
  }

  /** Pieces that are of any use to ask for. */
  window(pieceLength: number): number {
    return windowPieces(1000 * this.#limit, pieceLength)
  }

  /** Calls `pass` when so many bytes may come; before that `held`, with the milliseconds that they waited. */
  hold(content: K, bytes: number, held: (ms: number) => void, pass: () => void): void {
    const waiting = this.#waiting.get(content)
    if (waiting === undefined) return
    waiting.push({ told: this.#world.now, held, pass })
    this.#rates.ask(content, 'down', bytes, this.#world.now)
    this.#turn()
  }

  #turn(): void {
    const { now } = this.#world
    for (const { content } of this.#rates.take(now)) {
      const first = this.#waiting.get(content)?.shift()
      if (first === undefined) continue
      tell(first, now)
      // after this turn: it leads to others
      this.#world.after(0, first.pass)
    }
    for (const waiting of this.#waiting.values()) for (const one of waiting) if (now - one.told >= TELL_MS) tell(one, now)
    const next = this.#rates.nextAt(now)
    if (next === Infinity) return this.#world.clear(this.#wake)
    this.#world.set(this.#wake, Math.min(next, now + TELL_MS))
  }
}

function tell(one: Waiting, now: number): void {
  if (now > one.told) one.held(now - one.told)
  one.told = now
}
