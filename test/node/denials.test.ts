import { expect } from 'chai'
import { DragonflyError } from '../../src/core/errors.ts'
import { makeTask } from '../../src/core/task.ts'
import { FEW_TRIES_MS } from '../../src/node/context/origin-troubles.ts'
import {
  DENIED_MS,
  FULL_MS,
  MAX_DENIALS,
  MAX_DENIED_MS,
  MIN_DENIED_MS,
  NegativeCache,
  TROUBLE_MS,
} from '../../src/node/seeding/negative-cache.ts'
import { statusError } from '../../src/origin/failures.ts'

const URL_A = 'http://origin.example/a?token=1'
const A = makeTask({ url: URL_A, filter: ['token'] })
const B = makeTask({ url: 'http://origin.example/b' })

function denial(status = 404, headers: Record<string, string> = {}): DragonflyError {
  return statusError(status, headers, URL_A)
}

describe('denials of origins', () => {
  for (const status of [400, 401, 403, 404, 410, 451]) {
    it(`${status} holds for ten seconds`, () => {
      const negativeCache = new NegativeCache()
      const error = denial(status)
      negativeCache.add(A, error, 0)
      expect(negativeCache.find(A, DENIED_MS - 1)).to.equal(error)
      expect(negativeCache.find(A, DENIED_MS)).to.equal(undefined)
      expect(negativeCache.size).to.equal(0)
    })
  }

  const lives: [headers: Record<string, string>, ms: number][] = [
    [{ 'cache-control': 'max-age=30' }, 30_000],
    [{ 'cache-control': 'private, max-age=30' }, 30_000],
    [{ 'cache-control': 'max-age=30', age: '10' }, 20_000],
    [{ 'cache-control': 'max-age=3600' }, MAX_DENIED_MS],
    [{ 'cache-control': 'no-store' }, MIN_DENIED_MS],
    [{ 'cache-control': 'no-cache' }, MIN_DENIED_MS],
    [{ 'cache-control': 'max-age=0' }, MIN_DENIED_MS],
    [{ 'cache-control': 'max-age=nonsense' }, MIN_DENIED_MS],
  ]
  for (const [headers, ms] of lives) {
    it(`hold for ${ms} ms when the origin says ${JSON.stringify(headers)}`, () => {
      const negativeCache = new NegativeCache()
      negativeCache.add(A, denial(404, headers), 0)
      expect(negativeCache.find(A, ms - 1)).to.include({ status: 404 })
      expect(negativeCache.find(A, ms)).to.equal(undefined)
    })
  }

  it('are none when the origin says "not now", or nothing', () => {
    const negativeCache = new NegativeCache()
    for (const status of [408, 429, 500, 503]) negativeCache.add(A, denial(status), 0)
    negativeCache.add(A, new DragonflyError('origin-unreachable', 'x', { retryable: true }), 0)
    negativeCache.add(A, new DragonflyError('origin-unknown-host', 'x'), 0)
    negativeCache.add(A, new DragonflyError('store-error', 'x'), 0)
    negativeCache.add(A, new Error('x'), 0)
    expect(negativeCache.size).to.equal(0)
  })

  it('are not for who shows other credentials, nor for another task', () => {
    const negativeCache = new NegativeCache()
    negativeCache.add(A, denial(403), 0)
    for (const other of [
      { url: URL_A, filter: ['token'], headers: [['authorization', 'x']] as const },
      { url: URL_A, filter: ['token'], headers: [['referer', 'x']] as const },
      { url: URL_A.replace('=1', '=2'), filter: ['token'] },
      { url: URL_A, filter: ['token'], tag: 't' },
      { url: 'http://origin.example/b', filter: ['token'] },
    ]) {
      expect(negativeCache.find(makeTask(other), 0)).to.equal(undefined)
    }
    expect(negativeCache.find(makeTask({ url: URL_A, filter: ['token'] }), 0)).to.include({ status: 403 })
  })

  it('of a full disk are the same for a while: the origin is not read for each asker', () => {
    const negativeCache = new NegativeCache()
    const full = new DragonflyError('no-space', 'full')
    negativeCache.addTrouble(A, full, { isInFleet: false, now: 0 })
    expect(negativeCache.find(A, FULL_MS - 1)).to.equal(full)
    expect(negativeCache.find(A, FULL_MS)).to.equal(undefined)
  })

  it('in a fleet, of an origin that cannot be reached are as short as its tries; what may be tried again is not kept', () => {
    const negativeCache = new NegativeCache()
    const unreachable = new DragonflyError('origin-unreachable', 'refused', { retryable: true })
    negativeCache.addTrouble(A, unreachable, { isInFleet: false, now: 0 })
    expect(negativeCache.find(A, 0)).to.equal(undefined)
    negativeCache.addTrouble(A, unreachable, { isInFleet: true, now: 0 })
    expect(negativeCache.find(A, TROUBLE_MS - 1)).to.equal(unreachable)
    expect(negativeCache.find(A, TROUBLE_MS)).to.equal(undefined)
    for (const details of [{ status: 503, retryable: true }, { retryable: true }]) {
      negativeCache.addTrouble(B, new DragonflyError('origin-error', 'later', details), { isInFleet: true, now: 0 })
      expect(negativeCache.find(B, 0)).to.equal(undefined)
    }
  })

  it('of an origin that cannot be reached are said again to other seeds, in a fleet or not, while it has few tries', () => {
    for (const isInFleet of [false, true]) {
      const negativeCache = new NegativeCache()
      const unreachable = new DragonflyError('origin-unreachable', 'refused', { retryable: true })
      negativeCache.addTrouble(A, unreachable, { isInFleet, now: 0 })
      expect(negativeCache.find(A, FEW_TRIES_MS - 1)).to.equal(undefined)
      expect(negativeCache.find(A, FEW_TRIES_MS - 1, true)).to.equal(unreachable)
      expect(negativeCache.find(A, FEW_TRIES_MS, true)).to.equal(undefined)
      expect(negativeCache.size).to.equal(0)
    }
  })

  it('are so many at most: the oldest is forgotten', () => {
    const negativeCache = new NegativeCache()
    for (let i = 0; i <= MAX_DENIALS; i++) negativeCache.add({ ...A, subject: String(i) }, denial(), 0)
    expect(negativeCache.size).to.equal(MAX_DENIALS)
    expect(negativeCache.find({ ...A, subject: '0' }, 0)).to.equal(undefined)
    expect(negativeCache.find({ ...A, subject: '1' }, 0)).to.include({ status: 404 })
  })
})
