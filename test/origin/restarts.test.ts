import { expect } from 'chai'
import { AnotherVersionError, changed, lies, OtherCodingError, truncated, UnjoinableError } from '../../src/origin/failures.ts'
import { MAX_RESTARTS, Restarts } from '../../src/origin/restarts.ts'

const URL = 'http://a.example/f'
const cut = new UnjoinableError(truncated(URL, 1000, 5000))

describe('origin: restarts', () => {
  it('waits twice as long each time, and gives up after five that came no further', () => {
    const restarts = new Restarts()
    const waits = Array.from({ length: 6 }, () => restarts.after(cut, 1000))
    expect(waits).to.deep.equal([250, 500, 1000, 2000, 4000, undefined])
  })

  it('goes on while it comes further, but not for ever', () => {
    const restarts = new Restarts()
    const waits = Array.from({ length: MAX_RESTARTS + 1 }, (_, i) => restarts.after(cut, 1000 * (i + 1)))
    expect(waits).to.deep.equal([...Array(MAX_RESTARTS).fill(250), undefined])
  })

  it('counts no answer in another coding as a try, but for ever neither', () => {
    const restarts = new Restarts()
    const coded = new OtherCodingError(URL)
    const errors = [cut, coded, cut, coded, cut, cut, cut, coded, cut]
    expect(errors.map(error => restarts.after(error, 1000))).to.deep.equal([250, 250, 500, 250, 1000, 2000, 4000, 250, undefined])
    const others = new Restarts()
    const waits = Array.from({ length: 10 }, () => others.after(coded, 1000))
    expect(waits).to.deep.equal([250, 250, 250, 250, 500, 1000, 2000, 4000, undefined, undefined])
  })

  it('is for breaks that nothing strong joins and for other validators, not for bytes that differ, lies, or a patience that has ended', () => {
    const after = (error: Parameters<Restarts['after']>[0]) => new Restarts().after(error, 0)
    expect(after(new AnotherVersionError(URL))).to.equal(250)
    expect(after(changed(URL))).to.equal(undefined)
    expect(after(lies(URL, 'lied'))).to.equal(undefined)
    expect(after(truncated(URL, 1, 2))).to.equal(undefined)
  })
})
