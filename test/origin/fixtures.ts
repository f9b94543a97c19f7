// What the tests of this room share: an impatient client, and what a failed call threw.
import { expect } from 'chai'
import { DragonflyError } from '../../src/core/errors.ts'
import type { OriginOptions } from '../../src/origin/options.ts'
import { Origin } from '../../src/origin/origin.ts'
import { stopHostileOrigins } from './hostile-origin.ts'

const clients = new Set<Origin>()

/** Waits a millisecond where a real one waits a quarter of a second. */
export function impatient(options: OriginOptions = {}): Origin {
  const origin = new Origin({ backoffMs: 1, connectTimeoutMs: 2000, headersTimeoutMs: 2000, idleTimeoutMs: 2000, ...options })
  clients.add(origin)
  return origin
}

/** For `afterEach`. */
export async function cleanUp(): Promise<void> {
  await Promise.all([...clients].map(client => client.stop()))
  clients.clear()
  await stopHostileOrigins()
}

export async function readAll(read: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of read) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** The error of a call that must fail, with this code. */
export async function failure(call: Promise<unknown>, code: string): Promise<DragonflyError> {
  try {
    await call
  } catch (error) {
    expect(error).to.be.instanceOf(DragonflyError)
    const ours = error as DragonflyError
    expect(ours.code, ours.message).to.equal(code)
    expect(ours.message).to.not.include('\n')
    return ours
  }
  throw new Error(`succeeded, where ${code} was expected`)
}

export function expectBytes(actual: Uint8Array, expected: Uint8Array): void {
  expect(actual.length, 'length').to.equal(expected.length)
  expect(Buffer.compare(actual, expected), 'bytes').to.equal(0)
}
