import { expect } from 'chai'
import { RateWindow } from '../../src/core/rate-window.ts'

/** Rates that are told, five times a second. */
function rates(seconds: number, bytesAt: (s: number) => number): number[] {
  const window = new RateWindow(0, bytesAt(0))
  return Array.from({ length: seconds * 5 }, (_, i) => window.add((i + 1) * 200, bytesAt((i + 1) / 5)))
}

describe('rate window', () => {
  it('is true on a steady line from the first moment, slow and fast', () => {
    for (const rate of [20_000, 125_000_000]) {
      for (const told of rates(20, s => s * rate)) expect(told).to.be.closeTo(rate, rate / 1e6)
    }
  })

  it('is near the truth on a line that gives its bytes once a second', () => {
    for (const told of rates(30, s => Math.floor(s) * 20_000).slice(15)) expect(told).to.be.within(13_000, 27_000)
  })

  it('is above zero on a line that gives a little every five seconds', () => {
    for (const told of rates(60, s => Math.floor(s / 5) * 1000).slice(25)) expect(told).to.be.within(90, 350)
  })

  it('follows a change within three seconds, and a stop within ten', () => {
    const told = rates(30, s => (s < 10 ? s * 1e6 : s < 15 ? 10e6 + (s - 10) * 5e6 : 35e6))
    expect(told[13 * 5]).to.be.closeTo(5e6, 1e4)
    expect(told[26 * 5]).to.equal(0)
  })

  it('is zero before a moment has passed', () => expect(new RateWindow(5, 7).add(5, 9)).to.equal(0))
})
