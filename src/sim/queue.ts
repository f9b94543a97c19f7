// A heap of alarms that can be moved and removed, ordered by time and then by sequence.
import type { Alarm } from './alarm.ts'

/** Children of a node: four lie in one cache line of times. */
const ARITY = 4

export class Queue {
  #alarms: Alarm[] = []
  /** The alarms' times again, side by side: comparing them is most of the work. */
  #times = new Float64Array(64)

  get first(): Alarm | undefined {
    return this.#alarms[0]
  }

  /** Puts the alarm in at this time, or moves it there; its sequence is set already. */
  put(alarm: Alarm, at: number): void {
    const before = alarm.at
    alarm.at = at
    if (alarm.place === -1) {
      const end = this.#alarms.length
      this.#alarms.push(alarm)
      if (end === this.#times.length) this.#times = grown(this.#times)
      this.#rise(alarm, end)
    } else if (at < before) this.#rise(alarm, alarm.place)
    else this.#sink(alarm, alarm.place)
  }

  remove(alarm: Alarm): void {
    const { place } = alarm
    alarm.place = -1
    alarm.at = Infinity
    const last = this.#alarms.pop() as Alarm
    if (last === alarm) return
    this.#sink(last, place)
    if (last.place === place) this.#rise(last, place)
  }

  #rise(alarm: Alarm, from: number): void {
    let i = from
    while (i > 0) {
      const parent = ((i - 1) / ARITY) | 0
      if (!this.#isBefore(alarm, parent)) break
      this.#set(i, this.#alarms[parent] as Alarm)
      i = parent
    }
    this.#set(i, alarm)
  }

  #sink(alarm: Alarm, from: number): void {
    let i = from
    for (let child = this.#firstChild(i); child !== -1; child = this.#firstChild(i)) {
      if (this.#isBefore(alarm, child)) break
      this.#set(i, this.#alarms[child] as Alarm)
      i = child
    }
    this.#set(i, alarm)
  }

  /** The place of the earliest child; -1: none. */
  #firstChild(parent: number): number {
    const from = parent * ARITY + 1
    const size = this.#alarms.length
    if (from >= size) return -1
    let best = from
    let lowest = this.#times[from] as number
    for (let c = from + 1; c < from + ARITY && c < size; c++) {
      const at = this.#times[c] as number
      if (at > lowest || (at === lowest && !this.#isBefore(this.#alarms[c] as Alarm, best))) continue
      best = c
      lowest = at
    }
    return best
  }

  #isBefore(alarm: Alarm, place: number): boolean {
    const at = this.#times[place] as number
    return alarm.at < at || (alarm.at === at && alarm.sequence < (this.#alarms[place] as Alarm).sequence)
  }

  #set(place: number, alarm: Alarm): void {
    this.#alarms[place] = alarm
    this.#times[place] = alarm.at
    alarm.place = place
  }
}

function grown(times: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * times.length)
  larger.set(times)
  return larger
}
