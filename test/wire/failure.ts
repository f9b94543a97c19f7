// What a decoder throws, caught.
import { DragonflyError } from '../../src/core/errors.ts'

/** The error of ours that `work` throws; anything else that it throws, or no error, fails the test. */
export function failureOf(work: () => unknown): DragonflyError {
  try {
    work()
  } catch (error) {
    if (error instanceof DragonflyError) return error
    throw error
  }
  throw new Error('it should have thrown')
}
