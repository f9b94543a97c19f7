// The error of ours that something must reject with.
import { DragonflyError } from '../../../src/core/errors.ts'

export async function failureOf(promise: Promise<unknown>): Promise<DragonflyError> {
  const outcome = await promise.then(
    () => undefined,
    error => error,
  )
  if (outcome === undefined) throw new Error('it was expected to fail')
  if (outcome instanceof DragonflyError) return outcome
  throw outcome
}
