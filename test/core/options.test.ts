import { expect } from 'chai'
import { DragonflyError } from '../../src/core/errors.ts'
import { type OptionNames, refuseUnknown } from '../../src/core/options.ts'

interface Some {
  seeds?: string[]
  isSeed: boolean
}

const KNOWN: OptionNames<Some> = { seeds: true, isSeed: true }

function refused(options: unknown): DragonflyError {
  try {
    refuseUnknown(options, KNOWN, 'createNode')
  } catch (error) {
    if (error instanceof DragonflyError) return error
    throw error
  }
  throw new Error('it was not refused')
}

describe('core: options', () => {
  it('takes those that are known, and none', () => {
    for (const options of [undefined, {}, { seeds: [] }, { isSeed: true, seeds: undefined }]) {
      expect(refuseUnknown(options, KNOWN, 'createNode')).to.equal(undefined)
    }
  })

  it('refuses one that is not known, whatever its value, and names those that are', () => {
    for (const options of [{ seed: [] }, { seeds: [], seed: undefined }]) {
      expect(refused(options)).to.include({
        code: 'bad-option',
        message: 'createNode: unknown option "seed"',
        hint: 'known are seeds, isSeed',
      })
    }
  })

  it('is not fooled by names that every object has', () => {
    for (const name of ['toString', 'constructor', '__proto__']) {
      const options: unknown = JSON.parse(`{"${name}": 1}`)
      expect(refused(options).message).to.equal(`createNode: unknown option "${name}"`)
    }
  })

  it('refuses what is not an object', () => {
    for (const options of [null, 'seeds', 7, ['seeds'], () => {}]) {
      expect(refused(options)).to.include({ code: 'bad-option', message: 'createNode: the options are not an object' })
    }
  })

  it('shows no more of a long name, and of an odd one, than fits one line', () => {
    expect(refused({ ['x'.repeat(1000)]: 1 }).message).to.equal(`createNode: unknown option "${'x'.repeat(50)}"`)
    expect(refused({ 'a\nb': 1 }).message).to.equal('createNode: unknown option "a\\nb"')
  })
})
