// Decides what those get who are slow: few pieces at a time, apart from the others' slots, the one that stands still longest last.
import type { SwarmPolicy } from './events.ts'
import type { Upload } from './laggards.ts'

/** Late uploads, whatever size their pieces have: at least, and at most. */
const MIN_UPLOADS = 4
const MAX_UPLOADS = 32

type Active = ReadonlyMap<string, ReadonlyMap<number, Upload>>

export class LateLane {
  readonly #policy: SwarmPolicy
  /** Late uploads that are kept; of more, those go that stand still. */
  readonly #most: number
  #dropped: string[] = []
  /** Whose links are being ended. */
  readonly #leaving = new Set<string>()
  /** When the next one has stood still for so long that its place may be taken. */
  #nextDrop = Infinity

  constructor(policy: SwarmPolicy, pieceLength: number) {
    this.#policy = policy
    this.#most = Math.min(MAX_UPLOADS, Math.max(MIN_UPLOADS, Math.floor(policy.maxUploadBytes / pieceLength)))
  }

  get nextWake(): number {
    return this.#nextDrop
  }

  takeDropped(): readonly string[] {
    const dropped = this.#dropped
    this.#dropped = []
    return dropped
  }

  left(peer: string): void {
    this.#leaving.delete(peer)
  }

  /**
   * What to send to those who are late: a piece to each, while half of the places are free. The other half is for those who
   * fall behind with what they are being sent.
   */
  next(
    now: number,
    waiting: ReadonlyMap<string, ReadonlyMap<number, unknown>>,
    active: Active,
    isLate: (peer: string) => boolean,
  ): { peer: string; piece: number }[] {
    this.#nextDrop = Infinity
    const chosen: { peer: string; piece: number }[] = []
    const able = [...waiting.keys()].filter(peer => isLate(peer) && !active.has(peer))
    const late = lateOf(active, this.#leaving)
    this.#makeRoom(late, able.length > 0, now)
    for (const peer of able) {
      if (late.length + chosen.length >= this.#most / 2) break
      for (const piece of waiting.get(peer)?.keys() ?? []) {
        chosen.push({ peer, piece })
        break
      }
    }
    return chosen
  }

  /** Those that have stood still longest go: all that are too many, and one for which others wait. */
  #makeRoom(late: Standing[], isWanted: boolean, now: number): void {
    const wanted = isWanted && late.length >= this.#most / 2 ? late.length - Math.ceil(this.#most / 2) + 1 : 0
    const tooMany = late.length - this.#most
    if (wanted <= 0 && tooMany <= 0) return
    late.sort((a, b) => a.movedAt - b.movedAt)
    for (let i = 0; i < Math.max(wanted, tooMany); i++) {
      const { peer, movedAt } = late[0] as Standing
      const goesAt = movedAt + this.#policy.giveUpMs
      if (i >= tooMany && goesAt > now) {
        this.#nextDrop = goesAt
        return
      }
      late.shift()
      if (!this.#leaving.has(peer)) this.#dropped.push(peer)
      this.#leaving.add(peer)
    }
  }
}

interface Standing {
  peer: string
  movedAt: number
}

function lateOf(active: Active, leaving: ReadonlySet<string>): Standing[] {
  const late: Standing[] = []
  for (const [peer, uploads] of active) {
    if (leaving.has(peer)) continue
    for (const { isLate, movedAt } of uploads.values()) if (isLate) late.push({ peer, movedAt })
  }
  return late
}
