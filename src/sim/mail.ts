// Small messages between hosts: they take the latency, use no bandwidth, and wait during partitions.
import type { SimHost } from './host.ts'
import type { World } from './world.ts'

type Arrive = (to: SimHost) => void

interface Letter {
  from: SimHost
  to: SimHost | readonly SimHost[]
  arrive: Arrive
}

export class Mail {
  /** Messages so far; one to many counts as many. */
  sent = 0
  readonly #world: World
  readonly #latency: number
  #held: Letter[] = []
  #partitions = 0
  #cutAt = -Infinity
  readonly #post: (letter: Letter) => void

  /** `latency` in milliseconds. */
  constructor(world: World, latency: number) {
    this.#world = world
    this.#latency = latency
    this.#post = world.lane<Letter>(latency, letter => this.#arrive(letter))
  }

  /** Arrives one latency later where the connection is still open; nobody may change the list of receivers afterwards. */
  send(from: SimHost, to: SimHost | readonly SimHost[], arrive: Arrive): void {
    this.sent += isMany(to) ? to.length : 1
    this.#post({ from, to, arrive })
  }

  /** The same for what is no message of its own: the first or last bytes of a piece, a connection's end. */
  carry(from: SimHost, to: SimHost, arrive: Arrive): void {
    this.#post({ from, to, arrive })
  }

  /** A connection has ended on one side. */
  cut(): void {
    this.#cutAt = this.#world.now
  }

  /** Some hosts have changed sides: what waited and can pass now arrives, in the order in which it was sent. */
  parted(isBegin: boolean): void {
    this.#partitions += isBegin ? 1 : -1
    const held = this.#held
    this.#held = []
    for (const { from, to, arrive } of held) this.#deliver(from, to as SimHost, arrive)
  }

  #arrive({ from, to, arrive }: Letter): void {
    const isCalm = this.#isCalm
    for (const one of isMany(to) ? to : [to]) {
      if (isCalm) arrive(one)
      else this.#deliver(from, one, arrive)
    }
  }

  /** Nobody has been cut off lately: all who were connected when a letter was sent still are, and nobody has to look. */
  get #isCalm(): boolean {
    return this.#partitions === 0 && this.#held.length === 0 && this.#cutAt < this.#world.now - 3 * this.#latency
  }

  #deliver(from: SimHost, to: SimHost, arrive: Arrive): void {
    if (from.side !== to.side) this.#held.push({ from, to, arrive })
    else if (to.hears(from)) arrive(to)
  }
}

function isMany(to: SimHost | readonly SimHost[]): to is readonly SimHost[] {
  return Array.isArray(to)
}
