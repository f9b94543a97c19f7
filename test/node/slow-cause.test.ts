import { expect } from 'chai'
import { type DownloadSeen, type HostSeen, slowCause } from '../../src/node/account/slow-cause.ts'
import { LineMeter } from '../../src/node/context/line-meter.ts'
import { WriteMeter } from '../../src/store/write-meter.ts'

const HOST: HostSeen = {
  rates: { down: 10, up: 0 },
  limits: {},
  best: 100,
  usual: 10,
  busy: 0.2,
  writing: 0.1,
  isDiskFull: false,
}
const DOWNLOAD: DownloadSeen = {
  ...{ rate: 10, limit: undefined, isHeldBack: false, isReading: false, fromOrigin: 0 },
  ...{ links: 2, shown: 100, have: 10, isSealed: true },
}

describe('why a download is slow', () => {
  for (const [cause, what, download, host] of [
    ['limit', 'a limit of the host is reached', {}, { limits: { down: 11 } }],
    ['limit', 'a limit of both directions is reached', {}, { limits: { total: 30 }, rates: { down: 10, up: 20 } }],
    ['limit', 'its own limit is reached', { limit: 11 }, {}],
    ['limit', 'bytes are held back', { isHeldBack: true }, { busy: 1 }],
    ['peers', 'a limit is far', { limit: 100 }, { limits: { down: 100 } }],
    ['processor', 'the program computes all the time', {}, { busy: 0.9, writing: 1 }],
    ['disk', 'the disk writes all the time', {}, { writing: 0.95 }],
    ['disk', 'the disk is full', {}, { isDiskFull: true }],
    ['origin', 'only the origin gives', { isReading: true, links: 0 }, {}],
    ['origin', 'mostly the origin gives', { isReading: true, fromOrigin: 0.9 }, {}],
    ['peers', 'the origin gives a small part', { isReading: true, fromOrigin: 0.3 }, {}],
    ['origin', 'all that its reader has is here', { isSealed: false, have: 95 }, {}],
    ['sources', 'there is nobody', { links: 0, shown: 0, have: 0, isSealed: false }, {}],
    ['line', 'several give as much as ever came', {}, { usual: 90 }],
    ['peers', 'several give as much as ever came, for a moment', {}, { rates: { down: 90, up: 0 } }],
    ['peers', 'others give as much as ever came, for something else', { rate: 0 }, { usual: 90 }],
    ['peers', 'the only one that gives may be the slow one', { links: 1 }, { usual: 90 }],
    ['peers', 'more has come before', {}, {}],
  ] as const) {
    it(`${cause}: ${what}`, () => {
      expect(slowCause({ ...DOWNLOAD, ...download }, { ...HOST, ...host })).to.equal(cause)
    })
  }

  it('what a line carries is the middle one of its last five seconds', () => {
    const line = new LineMeter()
    for (const [second, bytes] of [9, 8, 90, 7, 10, 11].entries()) line.add(bytes, 1000 * second + 500)
    expect([line.best, line.usual(5900), line.usual(6000)]).to.deep.equal([90, 9, 10])
    expect([line.usual(8000), line.usual(9000), line.usual(1e9), line.best]).to.deep.equal([7, 0, 0, 90])
  })

  it('the time of writes that overlap counts once', async () => {
    let at = 0
    const meter = new WriteMeter(() => at)
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const both = [meter.during(first.promise), meter.during(second.promise)]
    at = 10
    expect(meter.total).to.equal(10)
    first.resolve()
    await both[0]
    at = 15
    second.reject(new Error('no'))
    await both[1]?.catch(() => {})
    at = 100
    expect(meter.total).to.equal(15)
  })
})
