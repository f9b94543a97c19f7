// Parts to write on their way to another thread: what lies in shared memory stays there, small parts are copied together.
import type { Gathered } from './messages.ts'

export class Gathering {
  readonly #small: Uint8Array[] = []
  readonly #layout: (number | SharedArrayBuffer)[] = []
  /** Of small parts since the last shared one. */
  #waiting = 0

  /** How many bytes were added. */
  add(parts: Iterable<Uint8Array>): number {
    let length = 0
    for (const part of parts) {
      const { buffer, byteOffset, byteLength } = part
      length += byteLength
      if (buffer instanceof SharedArrayBuffer) {
        this.#layOut()
        this.#layout.push(buffer, byteOffset, byteLength)
      } else {
        this.#small.push(part)
        this.#waiting += byteLength
      }
    }
    return length
  }

  finish(): Gathered {
    this.#layOut()
    return { small: joined(this.#small), layout: this.#layout }
  }

  #layOut(): void {
    if (this.#waiting > 0) this.#layout.push(this.#waiting)
    this.#waiting = 0
  }
}

/** The parts again, in order. */
export function* scattered({ small, layout }: Gathered): Generator<Uint8Array> {
  let at = 0
  for (let i = 0; i < layout.length; i++) {
    const entry = layout[i]
    if (typeof entry === 'number') {
      yield small.subarray(at, at + entry)
      at += entry
    } else {
      yield new Uint8Array(entry as SharedArrayBuffer, layout[i + 1] as number, layout[i + 2] as number)
      i += 2
    }
  }
}

/** Memory of its own: of a pooled buffer all would be copied to the other thread. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.byteLength
  }
  return whole
}
