// Parts to write on their way to another thread: what lies in shared memory stays there, small parts are copied together.
import type { Gathered } from './messages.ts'

export function gather(parts: Iterable<Uint8Array>): Gathered & { length: number } {
  const small: Uint8Array[] = []
  const layout: (number | SharedArrayBuffer)[] = []
  let length = 0
  let waiting = 0
  for (const part of parts) {
    const { buffer, byteOffset, byteLength } = part
    length += byteLength
    if (buffer instanceof SharedArrayBuffer) {
      if (waiting > 0) layout.push(waiting)
      waiting = 0
      layout.push(buffer, byteOffset, byteLength)
    } else {
      small.push(part)
      waiting += byteLength
    }
  }
  if (waiting > 0) layout.push(waiting)
  return { small: joined(small), layout, length }
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
