// Virtual time: a queue of events ordered by time and sequence.
import { type Alarm, Call } from './alarm.ts'
import { Lane } from './lane.ts'
import { Queue } from './queue.ts'

export class World {
  #now = 0
  #sequence = 0
  #handled = 0
  readonly #queue = new Queue()
  readonly #lanes: Lane<unknown>[] = []

  /** Virtual milliseconds since the start. */
  get now(): number {
    return this.#now
  }

  /** Happenings so far. */
  get handled(): number {
    return this.#handled
  }

  after(ms: number, run: () => void): void {
    this.at(this.#now + Math.max(0, ms), run)
  }

  /** Plans a happening; one in the past happens now. */
  at(time: number, run: () => void): void {
    this.set(new Call(run), time)
  }

  /** Plans the alarm, or moves it; one in the past rings now. Infinity: never. */
  set(alarm: Alarm, time: number): void {
    if (time === Infinity) return this.clear(alarm)
    alarm.sequence = this.#sequence++
    this.#queue.put(alarm, Math.max(time, this.#now))
  }

  clear(alarm: Alarm): void {
    if (alarm.place !== -1) this.#queue.remove(alarm)
  }

  /** A lane for many happenings that all come the same time after they were planned: cheaper than the queue. */
  lane<T>(ms: number, arrive: (item: T) => void): (item: T) => void {
    const lane = new Lane<T>(arrive)
    this.#lanes.push(lane as Lane<unknown>)
    return item => lane.push(item, this.#now + ms, this.#sequence++)
  }

  /** Lets things happen until `isOver`, until nothing is planned any more, or until the clock passes `limitMs`. */
  run(isOver: () => boolean, limitMs: number): void {
    while (!isOver()) {
      const alarm = this.#queue.first
      const lane = this.#nextLane(alarm)
      const at = lane?.at ?? alarm?.at ?? Infinity
      if (at === Infinity || at > limitMs) return
      this.#now = at
      this.#handled++
      if (lane !== undefined) {
        lane.shift()
        continue
      }
      this.#queue.remove(alarm as Alarm)
      alarm?.ring()
    }
  }

  /** The lane whose next item comes before the alarm and before the items of all other lanes. */
  #nextLane(alarm: Alarm | undefined): Lane<unknown> | undefined {
    let best: Lane<unknown> | undefined
    let at = alarm?.at ?? Infinity
    let sequence = alarm?.sequence ?? Infinity
    for (const lane of this.#lanes) {
      if (lane.at > at || (lane.at === at && lane.sequence > sequence)) continue
      if (lane.at === Infinity) continue
      best = lane
      at = lane.at
      sequence = lane.sequence
    }
    return best
  }
}
