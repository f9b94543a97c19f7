// One resource of a host, shared max-min fairly by weight; never idle while somebody wants it.

interface Member {
  /** The least that is of any use, in units of the resource: one piece. */
  readonly unit: number
  readonly weight: number
  /** What it holds now. */
  used: number
  /** What it may hold, as it was told the last time. */
  told: number
  /** Its place among those that wait for more; 0: it does not wait. */
  waiting: number
  /** It has been named by `next` and has not reported since. */
  isCalled: boolean
}

/** Whoever holds nothing of what others hold may hold so many units at least, however large its unit is. */
const LEAST_UNITS = 2
/** Of a number of units, so that one unit less fits and that number does not. */
const JUST_BELOW = 1 - 1e-12

/**
 * Nobody's hold is ever taken away. Whoever has more than its share gets nothing new while somebody with less waits, so
 * that shares become even as pieces arrive; of equals, the one that has waited longest goes first.
 */
export class Pool<K> {
  readonly #total: number
  readonly #members = new Map<K, Member>()
  /** In the order in which they began to wait. */
  readonly #waiting = new Map<K, Member>()
  #used = 0
  #places = 0

  constructor(total: number) {
    this.#total = total
  }

  get used(): number {
    return this.#used
  }

  enter(key: K, unit: number, weight: number): void {
    if (this.#members.has(key)) throw new Error('pool: entered twice')
    this.#members.set(key, { unit, weight, used: 0, told: 0, waiting: 0, isCalled: false })
  }

  leave(key: K): void {
    this.#used -= this.#members.get(key)?.used ?? 0
    this.#members.delete(key)
    this.#waiting.delete(key)
  }

  /** How many units it may hold now, what it holds included; fewer than it holds: it gets nothing new. */
  allow(key: K): number {
    const member = this.#of(key)
    member.told = this.#allowance(member)
    return Math.floor(member.told / member.unit)
  }

  /** Tells how many units it holds after it was told what it may, and whether it would take more. */
  report(key: K, units: number, wantsMore: boolean): void {
    const member = this.#of(key)
    const used = units * member.unit
    this.#used += used - member.used
    const tookSome = used > member.used
    member.used = used
    member.isCalled = false
    if (!wantsMore || member.told >= used + member.unit) return this.#stopWaiting(key, member)
    // whoever got something goes to the end of the line
    if (member.waiting !== 0 && !tookSome) return
    this.#waiting.delete(key)
    member.waiting = ++this.#places
    this.#waiting.set(key, member)
  }

  /** Who waits and may have a unit now. It is named once, until it reports. */
  next(): K | undefined {
    let first: K | undefined
    let best: Member | undefined
    for (const [key, member] of this.#waiting) {
      if (best !== undefined && level(member) >= level(best)) continue
      first = key
      best = member
    }
    if (best === undefined || best.isCalled || this.#allowance(best) < best.used + best.unit) return undefined
    best.isCalled = true
    return first
  }

  /** Throws when a derived number has drifted, or more is held than there is; for tests. */
  check(): void {
    let used = 0
    let most = this.#total
    for (const [key, member] of this.#members) {
      used += member.used
      if (member.used > 0) most = Math.max(most, LEAST_UNITS * member.unit)
      if ((member.waiting !== 0) !== this.#waiting.has(key)) throw new Error('pool: the line is not who waits')
    }
    if (used !== this.#used) throw new Error(`pool: ${used} held, counted ${this.#used}`)
    if (used > most) throw new Error(`pool: ${used} held of ${most}`)
    for (const key of this.#waiting.keys()) if (!this.#members.has(key)) throw new Error('pool: somebody waits who has left')
  }

  #of(key: K): Member {
    const member = this.#members.get(key)
    if (member === undefined) throw new Error('pool: not a member')
    return member
  }

  #stopWaiting(key: K, member: Member): void {
    if (member.waiting === 0) return
    member.waiting = 0
    this.#waiting.delete(key)
  }

  #allowance(member: Member): number {
    const total = Math.max(this.#total, LEAST_UNITS * member.unit)
    let most = Math.max(0, member.used + total - this.#used)
    for (const other of this.#waiting.values()) {
      if (other === member) continue
      // what it may reach before the other has had its next unit
      const reach = level(other) * member.weight
      const goesFirst = member.waiting !== 0 && member.waiting < other.waiting
      most = Math.min(most, goesFirst ? reach : reach * JUST_BELOW)
    }
    return most
  }
}

/** How much it would have with one unit more, by weight: the lowest is the neediest. */
function level({ used, unit, weight }: Member): number {
  return (used + unit) / weight
}
