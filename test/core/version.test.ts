// Names of versions: which validators count, in which order, and what they allow.
import { expect } from 'chai'
import { isResumable, isVersion, type Validators, validatorsOf, versionName } from '../../src/core/version.ts'

const DATE = 'Wed, 21 Oct 2015 07:28:00 GMT'
const v = (etag?: string, lastModified?: string, length?: number): Validators => ({ etag, lastModified, length })

describe('core: version', () => {
  for (const [validators, name, resumable] of [
    [v('"a"', DATE, 5), 'etag "a"', true],
    [v('"a"'), 'etag "a"', true],
    [v('""', DATE, 5), 'etag ""', true],
    [v('W/"a"', DATE, 5), `modified ${DATE} 5`, true],
    [v(undefined, DATE, 5), `modified ${DATE} 5`, true],
    [v('W/"a"', undefined, 5), 'weak W/"a" 5', false],
    [v('W/"a"', DATE), 'once x', false],
    [v(undefined, DATE), 'once x', false],
    [v(undefined, undefined, 5), 'once x', false],
    [v(), 'once x', false],
  ] as const) {
    it(`${JSON.stringify(validators)} is ${name}`, () => {
      expect(versionName(validators, 'x')).to.equal(name)
      expect(isResumable(name)).to.equal(resumable)
      expect(isVersion(name, validators)).to.equal(!name.startsWith('once'))
    })
  }

  it('a date too near to the answer, or an ETag without quotes, is weak: its bytes are never joined', () => {
    const weak = { ...v(undefined, DATE, 5), isDateWeak: true }
    expect(versionName(weak, 'x')).to.equal(`weak ${DATE} 5`)
    expect(versionName({ ...v('W/"a"', DATE, 5), isDateWeak: true }, 'x')).to.equal('weak W/"a" 5')
    expect(versionName(v('a', undefined, 5), 'x')).to.equal('weak a 5')
    expect(isResumable(versionName(weak, 'x'))).to.equal(false)
    // a minute later the same date is strong: still the same state, as far as a weak name can tell
    expect(isVersion(`weak ${DATE} 5`, v(undefined, DATE, 5))).to.equal(true)
    expect(isVersion(`modified ${DATE} 5`, weak)).to.equal(false)
    expect(validatorsOf(`weak ${DATE} 5`)).to.deep.equal(v(undefined, DATE, 5))
  })

  it('one ETag in two codings is two versions', () => {
    const gzip = { ...v('"a"', DATE, 5), coding: 'gzip' }
    expect(versionName(gzip, '')).to.equal('etag "a" +gzip')
    expect(isVersion('etag "a"', gzip)).to.equal(false)
    expect(isVersion('etag "a" +gzip', v('"a"', DATE, 5))).to.equal(false)
    expect(validatorsOf('etag "a" +gzip').etag).to.equal('"a"')
    const dated = { ...v(undefined, DATE, 5), coding: 'gzip' }
    expect(validatorsOf(versionName(dated, ''))).to.deep.equal(dated)
  })

  it('tells states apart', () => {
    expect(isVersion('etag "a"', v('"b"'))).to.equal(false)
    expect(isVersion(`modified ${DATE} 5`, v(undefined, DATE, 6))).to.equal(false)
    expect(isVersion('once x', v('"a"'))).to.equal(false)
  })

  it('bounds the name, and equal validators have equal names', () => {
    const long = `"${'x'.repeat(5000)}"`
    const name = versionName(v(long), '')
    expect(name.length).to.be.below(100)
    expect(isVersion(name, v(long))).to.equal(true)
    expect(isVersion(name, v(`"${'y'.repeat(5000)}"`))).to.equal(false)
    expect(isResumable(name)).to.equal(true)
  })

  it('gives back the validators that the name holds', () => {
    expect(validatorsOf('etag "a"')).to.deep.equal(v('"a"'))
    expect(validatorsOf(`modified ${DATE} 5`)).to.deep.equal(v(undefined, DATE, 5))
    expect(validatorsOf('weak W/"a" 5').etag).to.equal('W/"a"')
    expect(validatorsOf('once x')).to.deep.equal(v())
    expect(validatorsOf(versionName(v(`"${'x'.repeat(5000)}"`), ''))).to.deep.equal(v())
  })
})
