// Small messages from host to host: they take the latency, cost no line, and wait while the hosts are cut off.
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
  #held: Letter[] = []
  readonly #post: (letter: Letter) => void

  /** `latency` in milliseconds. */
  constructor(world: World, latency: number) {
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

  /** Sides have changed: what waited and can pass now arrives, in the order in which it was sent. */
  release(): void {
    const held = this.#held
    this.#held = []
    for (const letter of held) this.#arrive(letter)
  }

  #arrive({ from, to, arrive }: Letter): void {
    if (isMany(to)) for (const one of to) this.#deliver(from, one, arrive)
    else this.#deliver(from, to, arrive)
  }

  #deliver(from: SimHost, to: SimHost, arrive: Arrive): void {
    if (from.side !== to.side) this.#held.push({ from, to, arrive })
    else if (to.hears(from)) arrive(to)
  }
}

function isMany(to: SimHost | readonly SimHost[]): to is readonly SimHost[] {
  return Array.isArray(to)
}
