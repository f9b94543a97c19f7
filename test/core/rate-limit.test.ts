// Rate limits as people write them: rates, shares of the line, times of the day.
import { expect } from 'chai'
import fc from 'fast-check'
import { isVariable, parseRateLimit, rateAt } from '../../src/core/rate-limit.ts'
import { rateOf } from '../../src/core/units.ts'

/** What holds at a time of the day, on a line whose best rate is 1,000,000. */
function at(limit: string | number, time: string, best: number | undefined = 1_000_000): number | undefined {
  const [hours, minutes] = time.split(':').map(Number) as [number, number]
  return rateAt(parseRateLimit(limit), hours * 60 + minutes, best)
}

describe('core: rate limits', () => {
  it('are a number, or a rate with a unit', () => {
    for (const [text, rate] of [
      [5000, 5000],
      ['5000', 5000],
      ['20M', 20e6],
      [' 20MB/s ', 20e6],
      ['20MiB', 20 * 2 ** 20],
      ['100mbit', 12.5e6],
      ['0.5k', 500],
    ] as const) {
      expect(at(text, '12:00'), String(text)).to.equal(rate)
      expect(isVariable(parseRateLimit(text))).to.equal(false)
    }
  })

  it('are a share of the best rate of the line, and no limit before that is known', () => {
    expect(at('50%', '12:00')).to.equal(500_000)
    expect(at('0.5 %', '12:00')).to.equal(5000)
    expect(rateAt(parseRateLimit('50%'), 0, undefined)).to.equal(undefined)
    expect(at('1%', '12:00', 3)).to.equal(1)
    expect(isVariable(parseRateLimit('50%'))).to.equal(true)
  })

  it('hold at a time of the day: from the first minute on, no more in the last', () => {
    for (const [time, rate] of [
      ['08:59', undefined],
      ['09:00', 20e6],
      ['17:59', 20e6],
      ['18:00', undefined],
    ] as const)
      expect(at('09:00-18:00=20M', time), time).to.equal(rate)
    expect(isVariable(parseRateLimit('09:00-18:00=20M'))).to.equal(true)
  })

  it('go across midnight, and to its end', () => {
    for (const time of ['22:00', '23:59', '00:00', '5:59']) expect(at('22:00-6:00=1M', time), time).to.equal(1e6)
    for (const time of ['21:59', '06:00', '12:00']) expect(at('22:00-6:00=1M', time), time).to.equal(undefined)
    expect(at('18:00-24:00=1M', '23:59')).to.equal(1e6)
    expect(at('18:00-24:00=1M', '00:00')).to.equal(undefined)
    for (const time of ['00:00', '12:00']) expect(at('00:00-24:00=1M', time), time).to.equal(1e6)
  })

  it('have a plain value for all other times, and the first window that fits counts', () => {
    const limit = '50M, 09:00-18:00=20M, 12:00-13:00=90%, 23:00-01:00=10%'
    expect(at(limit, '08:00')).to.equal(50e6)
    expect(at(limit, '12:30')).to.equal(20e6)
    expect(at(limit, '00:30')).to.equal(100_000)
    // before the line is measured, a share in a window is no limit; the plain value is for other times
    expect(rateAt(parseRateLimit(limit), 30, undefined)).to.equal(undefined)
    expect(at('09:00-18:00=20M,50M', '08:00')).to.equal(50e6)
  })

  for (const text of [
    '',
    ' ',
    'fast',
    '0',
    '-1',
    '0.5',
    '20Mb',
    '0%',
    '101%',
    '1M,2M',
    '1M,',
    '09:00-18:00',
    '09:00-18:00=',
    '09:00-18:00=fast',
    '09:60-18:00=1M',
    '24:01-25:00=1M',
    '9-18=1M',
    '1e9',
    '9'.repeat(30),
    Array.from({ length: 49 }, () => '09:00-18:00=20M').join(),
    'x'.repeat(3000),
  ]) {
    it(`refuses ${text.slice(0, 30)} and says what to write`, () => {
      expect(() => parseRateLimit(text))
        .to.throw('not a rate limit')
        .that.includes({ code: 'bad-option' })
        .and.has.property('hint')
        .that.includes('09:00-18:00=20M')
    })
  }

  it('whatever the text: either refused, or a rate from 1 on at every minute', () => {
    const piece = fc.constantFrom('09', ':', '00', '-', '18', '=', '20M', '%', ',', ' ', '5', 'mbit', '24:00')
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map(parts => parts.join('')),
        ),
        fc.nat(1439),
        (text, minute) => {
          let limit: ReturnType<typeof parseRateLimit>
          try {
            limit = parseRateLimit(text)
          } catch (error) {
            expect(error).to.include({ code: 'bad-option' })
            return
          }
          expect(rateAt(limit, minute, 1000) ?? 1).to.be.at.least(1)
        },
      ),
    )
  })

  it('rates are read as the command line reads them', () => {
    expect(rateOf('1gbit')).to.equal(125e6)
    expect(rateOf('')).to.equal(undefined)
    expect(rateOf('9PB')).to.equal(undefined)
  })
})
