// What a link counts of its own use.
import { expect } from 'chai'
import { LinkUsage } from '../../src/net/link-usage.ts'

describe('net/link-usage', () => {
  it('is busy while a request runs, in either direction', () => {
    const usage = new LinkUsage()
    expect(usage.isBusy).to.equal(false)
    usage.asked(1)
    usage.came(100)
    expect(usage.isBusy).to.equal(true)
    usage.done(1)
    expect(usage.isBusy).to.equal(false)
    usage.wanted(7)
    expect(usage.isBusy).to.equal(true)
    usage.answered(7, 250)
    expect(usage.isBusy).to.equal(false)
    expect(usage).to.include({ bytesReceived: 100, bytesSent: 250 })
  })

  it('counts requests that came to nothing until a byte comes', () => {
    const usage = new LinkUsage()
    for (const piece of [1, 2, 3]) {
      usage.asked(piece)
      usage.failed(piece)
    }
    expect(usage).to.include({ fruitless: 3, isBusy: false })
    usage.asked(4)
    usage.came(1)
    expect(usage.fruitless).to.equal(0)
  })

  it('adds to the totals of all links, which outlive it', () => {
    const totals = { bytesReceived: 0, bytesSent: 0 }
    for (const piece of [1, 2]) {
      const usage = new LinkUsage(totals)
      usage.came(10)
      usage.answered(piece, 100)
    }
    expect(totals).to.deep.equal({ bytesReceived: 20, bytesSent: 200 })
  })

  it('does not count what was never asked', () => {
    const usage = new LinkUsage()
    usage.failed(9)
    expect(usage.fruitless).to.equal(0)
  })
})
