// An expectation of failure: which code, and that no secret is told.
import { expect } from 'chai'
import { DragonflyError, type ErrorCode } from '../../src/core/errors.ts'

/** The error of ours that `run` must throw; none of `secrets` may stand in its message or hint. */
export function failure(run: () => unknown, code: ErrorCode, ...secrets: string[]): DragonflyError {
  try {
    run()
  } catch (error) {
    if (!(error instanceof DragonflyError)) throw error
    expect(error.code, error.message).to.equal(code)
    for (const secret of secrets) expect(`${error.message} ${error.hint}`).to.not.include(secret)
    return error
  }
  throw new Error(`expected ${code}, but it succeeded`)
}
