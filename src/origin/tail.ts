// Compares the beginning of an answer with bytes that are here already: what differs is another content under the same name.
import { DragonflyError } from '../core/errors.ts'
import { sameBytes } from '../core/piece.ts'
import type { Continuation } from './continuation.ts'
import { bodyFailure } from './failures.ts'

/** So many bytes before the place where a read goes on are asked for again: what differs is another content under the same name. */
export const TAIL_BYTES = 16 * 1024

/** Whether an answer begins with these bytes, which lie before byte `at + tail.length` of the content. Takes them off it. */
export async function follows(first: Continuation, tail: Uint8Array, at: number): Promise<boolean> {
  try {
    for (let got = 0; got < tail.length; ) {
      const { done, value } = await first.bytes.next()
      if (done) return false
      const part = value.subarray(0, tail.length - got)
      if (!sameBytes(part, tail.subarray(got, got + part.length))) return false
      got += part.length
      if (part.length < value.length) first.bytes = after(value.subarray(part.length), first.bytes)
    }
    first.rest.start += tail.length
    return true
  } catch (error) {
    throw error instanceof DragonflyError ? error : bodyFailure(error, first.answer.url, at, first.rest.validators.length)
  }
}

async function* after(
  chunk: Uint8Array,
  rest: AsyncGenerator<Uint8Array, void, undefined>,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield chunk
  yield* rest
}
