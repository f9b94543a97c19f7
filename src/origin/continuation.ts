// An answer that holds the wanted bytes of a content.
import type { Answer } from './answer.ts'
import type { Rest } from './rest.ts'

/** An answer that was found to hold what was wanted. */
export interface Continuation {
  answer: Answer
  rest: Rest
  /** What it gives, from byte `rest.start` on. */
  bytes: AsyncGenerator<Uint8Array, void, undefined>
}
