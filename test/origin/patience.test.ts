import { expect } from 'chai'
import { DragonflyError } from '../../src/core/errors.ts'
import { parseRetryAfter } from '../../src/origin/failures.ts'
import { Patience } from '../../src/origin/patience.ts'
import { cleanUp, failure, impatient, readAll } from './fixtures.ts'
import { hostileOrigin } from './hostile-origin.ts'

const ERROR = new DragonflyError('origin-error', 'x', { retryable: true })

describe('origin: retries', () => {
  afterEach(cleanUp)

  it('double the wait up to ten seconds, and begin again after a new byte', async () => {
    const waits = await waitsOf(0.5, 8)
    expect(waits).to.deep.equal([250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000, 250])
  })

  it('vary the wait by half', async () => {
    expect((await waitsOf(0, 1))[0]).to.equal(125)
    expect(Math.round((await waitsOf(0.999_999, 1))[0] ?? 0)).to.equal(375)
  })

  it('honour Retry-After, in seconds', async () => {
    const { url, requests } = await hostileOrigin((_, nth) =>
      nth < 3 ? { status: nth === 1 ? 503 : 429, headers: { 'retry-after': '0' } } : { body: 'x' },
    )
    const waits: number[] = []
    // A back-off of an hour: only Retry-After can be what was waited for.
    const origin = impatient({ backoffMs: 3_600_000, onRetry: (_, ms) => waits.push(ms) })
    expect(String(await readAll(await origin.open({ url, headers: [] })))).to.equal('x')
    expect(waits).to.deep.equal([0, 0])
    expect(requests).to.have.lengthOf(3)
  })

  it('honour Retry-After as a date', async () => {
    const date = new Date(Date.now() - 5000).toUTCString()
    const { url } = await hostileOrigin((_, nth) =>
      nth === 1 ? { status: 503, headers: { 'retry-after': date } } : { body: 'x' },
    )
    const origin = impatient({ backoffMs: 3_600_000 })
    expect(String(await readAll(await origin.open({ url, headers: [] })))).to.equal('x')
  })

  it('do not wait longer than allowed, and say how long it would be', async () => {
    const { url, requests } = await hostileOrigin(() => ({ status: 503, headers: { 'retry-after': '61' } }))
    const error = await failure(impatient().open({ url, headers: [] }), 'origin-error')
    expect(error).to.include({ retryAfter: 61_000, status: 503, retryable: true })
    expect(requests).to.have.lengthOf(1)
    await failure(impatient({ maxRetryAfterMs: 60_999 }).open({ url, headers: [] }), 'origin-error')
  })

  it('understand Retry-After strictly', () => {
    const now = Date.parse('2025-01-01T00:00:00Z')
    expect(parseRetryAfter('120', now)).to.equal(120_000)
    expect(parseRetryAfter('Wed, 01 Jan 2025 00:01:00 GMT', now)).to.equal(60_000)
    expect(parseRetryAfter('Wed, 01 Jan 2020 00:00:00 GMT', now)).to.equal(0)
    expect(parseRetryAfter('9'.repeat(400), now)).to.equal(Number.MAX_SAFE_INTEGER)
    for (const text of [undefined, '', '-1', '1.5', 'soon', '2025']) {
      expect(parseRetryAfter(text, now), text).to.equal(text === '2025' ? 2_025_000 : undefined)
    }
  })
})

/** The waits after `count` failures in a row and one more after a new byte; none of them is waited for. */
async function waitsOf(random: number, count: number): Promise<number[]> {
  const waits: number[] = []
  const onRetry = (_: DragonflyError, wait: number) => void waits.push(wait)
  const patience = new Patience({ attempts: 99, backoffMs: 250, maxRetryAfterMs: 0, onRetry, random: () => random }, true)
  for (let i = 0; i <= count; i++) {
    if (i === count) patience.progress(1)
    const stop = new AbortController()
    const waiting = failure(patience.afterFailure(ERROR, stop.signal), 'aborted')
    stop.abort()
    await waiting
  }
  return waits
}
