import { expect } from 'chai'
import { parseDuration } from '../../src/cli/durations.ts'
import { UsageError } from '../../src/cli/errors.ts'

describe('cli durations', () => {
  const good: Array<[string, number]> = [
    ['30s', 30_000],
    ['5m', 300_000],
    ['5 min', 300_000],
    ['1h30m', 5_400_000],
    ['250ms', 250],
    ['0.5s', 500],
    ['1d', 86_400_000],
    ['24d', 24 * 86_400_000],
    ['90', 90_000],
    ['1.5', 1500],
    ['0', 0],
    [' 10s ', 10_000],
  ]
  for (const [text, ms] of good) it(`${JSON.stringify(text)} is ${ms} ms`, () => expect(parseDuration(text)).to.equal(ms))

  for (const text of [
    '',
    'abc',
    '-5m',
    '-1',
    '5x',
    's',
    'abc 5m',
    '5m abc',
    '1e3',
    '0x10',
    'Infinity',
    'NaN',
    '5,5m',
    '25d',
    '1e400y',
  ]) {
    it(`${JSON.stringify(text)} is a usage error`, () => expect(() => parseDuration(text)).to.throw(UsageError, /duration/))
  }
})
