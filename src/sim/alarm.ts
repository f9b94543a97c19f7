// An event at a virtual time that can still be moved.

/** In at most one world. */
export abstract class Alarm {
  /** Virtual milliseconds; Infinity: not planned. */
  at = Infinity
  /** Of two at the same instant the one that was planned first happens first. */
  sequence = 0
  /** Where the queue has it; -1: nowhere. */
  place = -1

  abstract ring(): void
}

/** An alarm that calls a function. */
export class Call extends Alarm {
  readonly #run: () => void

  constructor(run: () => void) {
    super()
    this.#run = run
  }

  ring(): void {
    this.#run()
  }
}
