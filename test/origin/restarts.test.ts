import { expect } from 'chai'
import { AnotherVersionError, changed, lies, truncated, UnjoinableError } from '../../src/origin/failures.ts'
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

  it('is for breaks that nothing strong joins and for other validators, not for bytes that differ, lies, or a patience that has ended', () => {
    const after = (error: Parameters<Restarts['after']>[0]) => new Restarts().after(error, 0)
    expect(after(new AnotherVersionError(URL))).to.equal(250)
    expect(after(changed(URL))).to.equal(undefined)
    expect(after(lies(URL, 'lied'))).to.equal(undefined)
    expect(after(truncated(URL, 1, 2))).to.equal(undefined)
  })
})
