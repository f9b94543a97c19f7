// An expectation of failure: which code, and what a person is told.
import { expect } from 'chai'
import { DragonflyError, type ErrorCode } from '../../src/core/errors.ts'

/** Resolves to the error of ours that `promise` must reject with. */
export async function failure(promise: Promise<unknown>, code: ErrorCode): Promise<DragonflyError> {
  const error = await promise.then(
    value => {
      throw new Error(`expected ${code}, but it succeeded with ${String(value)}`)
    },
    reason => reason as unknown,
  )
  if (!(error instanceof DragonflyError)) throw error
  expect(error.code, error.message).to.equal(code)
  return error
}
