// What a seed says of its origin: measured by waiting, told seldom.
import { expect } from 'chai'
import { RateNews } from '../../src/node/seeding/rate-news.ts'
import { OriginGauge } from '../../src/node/session/origin-gauge.ts'

describe('the gauge of an origin', () => {
  /** Chunks of 1000 bytes. */
  function read(gauge: OriginGauge, chunks: number, waited: number, busy: number): void {
    for (let i = 0; i < chunks; i++) gauge.came(1000, waited, busy)
  }

  it('knows nothing before half a second of reading', () => {
    const gauge = new OriginGauge()
    read(gauge, 49, 10, 0)
    expect(gauge.rate).to.equal(undefined)
    read(gauge, 1, 10, 0)
    expect(gauge.rate).to.equal(100_000)
  })

  it('does not count the time in which the origin waited for us', () => {
    const gauge = new OriginGauge()
    read(gauge, 100, 10, 8)
    expect(gauge.rate).to.equal(100_000)
  })

  it('takes what was ready in buffers for the least that the origin gives, not for a rate of memory', () => {
    const gauge = new OriginGauge()
    read(gauge, 100, 0.001, 10)
    expect(gauge.rate).to.be.within(99_900, 100_000)
    const silent = new OriginGauge()
    read(silent, 100, 0, 10)
    expect(silent.rate).to.equal(100_000)
  })

  it('is not pulled down by a pause of ours', () => {
    const gauge = new OriginGauge()
    read(gauge, 100, 10, 0)
    gauge.came(1000, 10, 60_000)
    read(gauge, 100, 10, 0)
    expect(gauge.rate).to.equal(100_000)
  })

  it('follows the last four seconds, and says the mean of all when the read is done', () => {
    const gauge = new OriginGauge()
    read(gauge, 1000, 10, 0)
    read(gauge, 100, 40, 0)
    expect(gauge.rate).to.be.closeTo(25_000, 1)
    gauge.ended()
    expect(gauge.rate).to.be.closeTo(1_100_000 / 14, 1)
    gauge.ended()
    expect(gauge.rate).to.be.closeTo(1_100_000 / 14, 1)
  })

  it('knows the mean of a short read, too, and nothing of none', () => {
    const [short, none] = [new OriginGauge(), new OriginGauge()]
    read(short, 5, 10, 0)
    for (const gauge of [short, none]) gauge.ended()
    expect(short.rate).to.equal(100_000)
    expect(none.rate).to.equal(undefined)
  })
})

describe('news of the rate of an origin', () => {
  it('are told at once, and then when either number changed by more than a quarter', () => {
    const news = new RateNews()
    expect(news.next(undefined, 1, 0)).to.equal(undefined)
    expect(news.next(1000, 1, 0)).to.deep.equal({ rate: 1000, peers: 1 })
    expect(news.next(1250, 1, 9000)).to.equal(undefined)
    expect(news.next(800, 1, 9000)).to.equal(undefined)
    expect(news.next(1251, 1, 9000)).to.deep.equal({ rate: 1251, peers: 1 })
    expect(news.next(1000, 1, 19_000), 'downwards').to.deep.equal({ rate: 1000, peers: 1 })
    expect(news.next(1000, 2, 29_000), 'more peers').to.deep.equal({ rate: 1000, peers: 2 })
  })

  it('are told every two seconds at most, and nothing is lost by that', () => {
    const news = new RateNews()
    news.next(1000, 1, 0)
    expect(news.next(5000, 1, 1999)).to.equal(undefined)
    expect(news.next(5000, 1, 2000)).to.deep.equal({ rate: 5000, peers: 1 })
  })
})
