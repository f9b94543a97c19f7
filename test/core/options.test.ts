import { expect } from 'chai'
import { DragonflyError } from '../../src/core/errors.ts'
import { refuseFault } from '../../src/core/options.ts'
import { getFault, nodeFault, preheatFault } from '../../src/node/api/generated/options.js'

const UNKNOWN = /^known are seeds, bootstrap, lan, fleet, trust, listen, /

describe('options', () => {
  it('takes those that are known, and none', () => {
    for (const options of [{}, { seeds: [] }, { network: false, seeds: undefined }, { quota: { share: 0.5 } }, { quota: 1 }]) {
      expect(nodeFault(options)).to.equal(undefined)
    }
    const get = { headers: [['a', 'b']], signal: AbortSignal.abort(), onProgress: () => {} }
    expect(getFault(get)).to.equal(undefined)
    expect(preheatFault({ ...get, at: 'x' })).to.equal(undefined)
  })

  it('refuses one that is not known, whatever its value, and names those that are', () => {
    for (const options of [{ seed: [] }, { seeds: [], seed: undefined }]) {
      expect(nodeFault(options)).to.have.property('message', 'unknown option "seed"')
      expect(nodeFault(options)).to.have.property('hint').that.matches(UNKNOWN)
    }
  })

  it('is not fooled by names that every object has', () => {
    for (const name of ['toString', 'constructor', '__proto__']) {
      const options: unknown = JSON.parse(`{"${name}": 1}`)
      expect(nodeFault(options)).to.have.property('message', `unknown option "${name}"`)
    }
  })

  it('refuses what is not an object', () => {
    for (const options of [null, 'seeds', 7, ['seeds'], () => {}]) {
      expect(nodeFault(options)).to.deep.equal({ message: 'not an object' })
    }
  })

  it('shows no more of a long name, and of an odd one, than fits one line', () => {
    expect(nodeFault({ ['x'.repeat(1000)]: 1 })).to.have.property('message', `unknown option "${'x'.repeat(50)}"`)
    expect(nodeFault({ 'a\nb': 1 })).to.have.property('message', 'unknown option "a\\nb"')
  })

  const wrong: Array<[options: object, message: string]> = [
    [{ seeds: '/ip4/127.0.0.1/tcp/1' }, 'seeds must be a list of texts'],
    [{ seeds: [7] }, 'seeds must be a list of texts'],
    [{ network: 'no' }, 'network must be true or false'],
    [{ originLimit: 0 }, 'originLimit must be a number above 0, not 0'],
    [{ originLimit: NaN }, 'originLimit must be a number above 0, not NaN'],
    [{ originConnections: 1001 }, 'originConnections must be a whole number from 1 to 1000, not 1001'],
    [{ originConnections: 1.5 }, 'originConnections must be a whole number from 1 to 1000, not 1.5'],
    [{ linkWorkers: 65 }, 'linkWorkers must be a whole number from 0 to 64, not 65'],
    [{ expire: -1 }, `expire must be a number from 0 to ${Number.MAX_SAFE_INTEGER}, not -1`],
    [{ quota: 0 }, 'quota must be a number above 0, or an object (share: a number above 0, up to 1), not 0'],
    [{ quota: { share: 2 } }, 'quota must be a number above 0, or an object (share: a number above 0, up to 1)'],
    [{ onEvent: 'log' }, 'onEvent must be a function'],
  ]
  for (const [options, message] of wrong) it(message, () => expect(nodeFault(options)).to.deep.equal({ message }))

  it('never repeats a text, which may be secret', () => {
    expect(getFault({ headers: 'Authorization: Bearer s3cret' })?.message).to.match(
      /^headers must be a list of items, each a list/,
    )
    expect(getFault({ signal: {} })).to.deep.equal({ message: 'signal must be an AbortSignal' })
  })

  it('throws bad-option with the name of the call', () => {
    expect(() => refuseFault({ message: 'not an object' }, 'get'))
      .to.throw(DragonflyError, 'get: not an object')
      .with.property('code', 'bad-option')
    expect(refuseFault(undefined, 'get')).to.equal(undefined)
  })
})
