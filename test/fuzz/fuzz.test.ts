// A small run of the fuzzer, always with the same inputs: `npm run fuzz` has more.
import { expect } from 'chai'
import { fuzz } from './fuzzing.ts'
import { attackSeed } from './sequences.ts'
import { TARGETS } from './targets.ts'

describe('what reads bytes of strangers refuses anything else with an error of its own', () => {
  for (const target of TARGETS) {
    it(target.name, async () => {
      const { inputs, finding } = await fuzz(target, { seed: 7, inputs: 2000, ms: 0 })
      expect(finding?.why).to.equal(undefined)
      expect(inputs).to.be.at.least(2000)
    })
  }

  it('finds faults', async () => {
    const careless = { name: '', examples: [Buffer.from('{"a":1}')], feed: (bytes: Uint8Array) => JSON.parse(String(bytes)) }
    expect((await fuzz(careless, { seed: 1, inputs: 2000, ms: 0 })).finding?.why).to.match(/^SyntaxError/)
  })

  it('a seed serves honest peers during and after sequences of messages by strangers', async () => {
    const { messages, finding } = await attackSeed({ seed: 7, links: 40 })
    expect(finding).to.equal(undefined)
    expect(messages).to.be.greaterThan(20)
  })
})
