// Counts the copies of each piece that a seed sends, so that it sends each once before any twice.
import type { SwarmPolicy } from './events.ts'

interface Copy {
  /** How often the piece was sent or is being sent. */
  sent: number
  active: number
  lastDone: number
}

const NEVER_SENT: Readonly<Copy> = { sent: 0, active: 0, lastDone: -Infinity }

export class Copies {
  readonly #policy: SwarmPolicy
  readonly #byPiece = new Map<number, Copy>()

  constructor(policy: SwarmPolicy) {
    this.#policy = policy
  }

  sent(piece: number): number {
    return this.#byPiece.get(piece)?.sent ?? 0
  }

  /**
   * A seed waits with a second copy until the first receiver could pass it on; Infinity while one is on its way. `reliefAt`: when whoever
   * asks is served whatever others could do, once the first receiver had its chance.
   */
  dueAt(piece: number, others: number, reliefAt: number): number {
    const { sent, active, lastDone } = this.#byPiece.get(piece) ?? NEVER_SENT
    if (active > 0) return Infinity
    const { secondCopyMs, firstHaveMs } = this.#policy
    const heardAt = lastDone + firstHaveMs
    if (others === 0) return heardAt
    return Math.min(sent > 1 ? reliefAt : Math.max(reliefAt, heardAt), lastDone + secondCopyMs)
  }

  began(piece: number): void {
    const copy = this.#byPiece.get(piece) ?? { ...NEVER_SENT }
    this.#byPiece.set(piece, copy)
    copy.sent++
    copy.active++
  }

  /** The copy is there, or will not come: in time. */
  ended(piece: number, now: number): void {
    this.setAside(piece)
    const copy = this.#byPiece.get(piece)
    if (copy !== undefined) copy.lastDone = now
  }

  /** Nobody waits for this copy any more. */
  setAside(piece: number): void {
    const copy = this.#byPiece.get(piece)
    if (copy !== undefined) copy.active--
  }

  /** Those under way, all together; for tests. */
  get active(): number {
    let active = 0
    for (const copy of this.#byPiece.values()) active += copy.active
    return active
  }
}
